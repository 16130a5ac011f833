import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, type Member, startCluster } from '../../dev/services/cluster';
import { findPrimary } from '../../shared/runtime/primary';
import { OWNED_TABLES } from '../../shared/upkeep/queries';
import { type Fault, type SoakReport, soak } from '../faults/soak';
import { ask, newChild, openStage, type Stage } from '../faults/stage';

let cluster: Cluster;
let stage: Stage;
let outDir: string;

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'scale-'));
  cluster = await startCluster({ mysqls: 3, redises: 3, report: console.log });
  const hosts = cluster.members.map(({ host, port }) => `${host}:${port}`).join();
  stage = await openStage({
    cluster,
    outDir,
    settings: { DB_HOST: hosts, REDIS_URL: cluster.redisUrl, DB_POOL: '8', REDIS_TIMEOUT_MS: '1000' },
  });
});

afterAll(async () => {
  await stage.stop();
  await rm(outDir, { recursive: true });
});

async function on<Row>({ host, port, user, password }: Member, sql: string): Promise<Row[]> {
  const connection = await mysql.createConnection({ host, port, user, password, database: 'growth_diary', dateStrings: true });
  try {
    return (await connection.query<RowDataPacket[]>(sql))[0] as Row[];
  } finally {
    connection.destroy();
  }
}

let dead: Member | undefined;
const living = () => cluster.members.filter((member) => member !== dead);

async function primary(): Promise<Member> {
  for (;;) {
    const found = await findPrimary(
      living().map(({ host, port }) => ({ host, port })),
      { user: 'root', password: '' },
    ).catch(() => null);
    const member = cluster.members.find(({ port }) => port === found?.port);
    if (member) return member;
    await wait(100);
  }
}

const underLoad = (faults: Record<string, Fault>, seconds: number) =>
  soak({ stage, cluster, seconds, users: 8, instances: 2, callSeconds: 15, faults });

function report(title: string, { calls, askedAgain, writesDone, longestSilenceMs, codes }: SoakReport): void {
  console.log(
    `${title}: ${calls} calls, ${writesDone} writes, ${askedAgain} asked again, ${longestSilenceMs} ms without a write, ${JSON.stringify(codes)}`,
  );
}

/** Every living member holds the same rows. */
async function expectSameEverywhere(): Promise<void> {
  const sums = async (member: Member) => {
    const found: Record<string, unknown> = {};
    for (const table of ['users', 'lottery_prizes', ...OWNED_TABLES]) {
      found[table] = (await on<{ Checksum: string }>(member, `CHECKSUM TABLE ${table}`))[0]?.Checksum;
    }
    return found;
  };
  await wait(1_000);
  const [first, ...others] = await Promise.all(living().map(sums));
  for (const other of others) expect(other).toEqual(first);
}

test('the keys are spread over all three Redis nodes, and limits hold across them', async () => {
  const instance = stage.newInstance({ RATE_LIMIT_FACTOR: '1' });
  const children = await Promise.all(Array.from({ length: 24 }, () => newChild(instance, 100)));
  const [child] = children;
  const codes: string[] = [];
  for (let call = 0; call < 30; call += 1)
    codes.push((await ask(instance.points, child?.openid ?? '', 'deduct', { amount: 1, source: 'x' })).code);
  // Half as many would say that each instance counts for itself, without Redis.
  expect(codes.indexOf('RATE_LIMITED')).toBe(20);
  for (const url of cluster.redisUrl.split(',')) {
    const node = new Redis(url);
    expect(await node.dbsize()).toBeGreaterThan(0);
    node.disconnect();
  }
});

test('when another member is made the primary under load, the functions follow, and nothing is lost or doubled', async () => {
  const before = await primary();
  const outcome = await underLoad(
    {
      switchover: async () => {
        const next = living().find((member) => member !== before);
        if (!next) throw new Error('nobody to follow');
        const [row] = await on<{ id: string }>(next, 'SELECT @@server_uuid AS id');
        await on(before, `SELECT group_replication_set_as_primary('${row?.id}')`);
        stage.lookAt(await primary());
      },
    },
    12,
  );
  report('switchover', outcome);
  expect(await primary()).not.toBe(before);
  expect(outcome.lost).toEqual([]);
  expect(outcome.mismatches).toEqual([]);
  await expectSameEverywhere();
});

test('when the primary is killed under load, another takes over, and nothing is lost or doubled', async () => {
  const outcome = await underLoad(
    {
      kill: async () => {
        dead = await primary();
        dead.signal('SIGKILL');
        stage.lookAt(await primary());
      },
    },
    30,
  );
  report('primary killed', outcome);
  expect(outcome.lost).toEqual([]);
  expect(outcome.mismatches).toEqual([]);
  expect(outcome.longestSilenceMs).toBeLessThan(60_000);
  await expectSameEverywhere();
});

test('a failed Redis node fails no call', async () => {
  const instance = stage.newInstance();
  const child = await newChild(instance, 10);
  const node = new Redis(cluster.redisUrl.split(',')[1] ?? '', { retryStrategy: () => null });
  node.on('error', () => {});
  // It goes without an answer.
  node.call('SHUTDOWN', 'NOSAVE').catch(() => {});
  await wait(1_000);
  node.disconnect();
  for (let call = 0; call < 20; call += 1) {
    const other = await newChild(instance, 10);
    for (const { openid } of [child, other]) {
      const { code, ms } = await ask(instance.user, openid, 'profile');
      expect(code).toBe('OK');
      expect(ms).toBeLessThan(2_000);
    }
  }
});
