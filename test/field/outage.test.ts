import { setTimeout as wait } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectTo } from '../../scripts/database';
import { startTcpProxy, type TcpProxy } from '../fakes/tcp-proxy';
import { freshInstance } from '../fresh';
import { accessLines, newOpenid, ok, send, TODAY } from '../harness';
import { DATABASE, deployFirst, type Field, openField, settingsFor } from './stage';

const WITHIN_MS = 8_000;
/** What a busy machine adds to an answer that needs no database. */
const AT_ONCE_MS = 300;
/** A probe each second, and the time of the call that follows it. */
const RECOVERY_MS = 1_500;

let field: Field;
let target: { host: string; port: number };
let line: TcpProxy;

beforeAll(async () => {
  field = await openField();
  await field.reset('full', 'utf8mb4');
  await deployFirst(field);
  const { host, port } = field.as('root');
  target = { host, port };
});
afterAll(() => field.stop());
beforeEach(async () => {
  line = await startTcpProxy(target);
});
afterEach(() => line.stop());

type Instance = Awaited<ReturnType<typeof freshInstance>>;

const onTheLine = () => freshInstance({ ...settingsFor(field), DB_HOST: '127.0.0.1', DB_PORT: String(line.port) });

async function timed(work: Promise<{ success: boolean; error?: { code: string } }>): Promise<{ code: string; ms: number }> {
  const started = performance.now();
  const answer = await work;
  return { code: answer.success ? 'OK' : String(answer.error?.code), ms: Math.round(performance.now() - started) };
}

/** A read, a write and a sign-in, as they arrive at one instance. */
const askThree = ({ user, diary, login }: Instance, openid: string) =>
  Promise.all([timed(send(user, openid, 'profile')), timed(send(diary, openid, 'stats')), timed(send(login, newOpenid(), 'login'))]);

/** Calls until one is answered; milliseconds since `started`. */
async function recoveryMs({ user }: Instance, openid: string, started: number): Promise<number> {
  for (;;) {
    const { success } = await send(user, openid, 'profile');
    if (success) return Math.round(performance.now() - started);
    if (performance.now() - started > 10_000) throw new Error('not used within 10 s');
    await wait(20);
  }
}

async function asRoot(statement: string): Promise<void> {
  const root = await connectTo({ ...field.as('root'), password: '', port: target.port });
  await root.query(statement);
  root.destroy();
}

interface Outage {
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

const idle: Connection[] = [];

const outages: Record<string, Outage> = {
  'the server is killed': {
    begin: () => field.cluster.members[0].signal('SIGKILL'),
    async end() {
      target.port = await field.cluster.members[0].restart();
    },
  },
  'the server hangs': {
    begin: () => field.cluster.members[0].signal('SIGSTOP'),
    end: () => field.cluster.members[0].signal('SIGCONT'),
  },
  'the line goes dead': {
    begin: () => {
      line.blackHole = true;
    },
    end: () => {
      line.blackHole = false;
      line.reset();
    },
  },
  'max_connections is full': {
    async begin() {
      await asRoot('SET GLOBAL max_connections = 40');
      line.reset();
      while (idle.length < 50) {
        try {
          idle.push(await connectTo({ ...field.as('gd_migrator'), port: target.port }, DATABASE));
        } catch {
          return;
        }
      }
    },
    end: () => {
      for (const connection of idle.splice(0)) connection.destroy();
    },
  },
};

/** `npm run test:field` and `npm run test:faults` play all of them. */
const played = Object.entries(outages).filter(([name]) => process.env.MODE === 'long' || /killed|full/.test(name));

test.each(played)(
  'while %s: calls answer UNAVAILABLE within 8 s, at once when that is known, and a recovered database is used within a second',
  async (name, { begin, end }) => {
    const openid = newOpenid();
    const instance = await onTheLine();
    await ok(instance.login, openid, 'login');
    await ok(instance.user, openid, 'profile');
    await begin();
    const first = await askThree(instance, openid);
    expect(first.map(({ code }) => code)).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE']);
    for (const { ms } of first) expect(ms).toBeLessThan(WITHIN_MS);

    const known = [];
    for (let n = 0; n < 6; n += 1) {
      known.push(...(await askThree(instance, openid)));
      await wait(250);
    }
    expect(new Set(known.map(({ code }) => code))).toEqual(new Set(['UNAVAILABLE']));
    // One call a second asks the database; all others do not wait for it.
    const waited = known.filter(({ ms }) => ms > AT_ONCE_MS);
    expect(waited.length).toBeLessThanOrEqual(Math.ceil(6 * 0.25) + 3);
    for (const { ms } of waited) expect(ms).toBeLessThan(1_500);

    await end();
    const recovered = await recoveryMs(instance, openid, performance.now());
    expect(recovered).toBeLessThan(RECOVERY_MS);
    const most = (heard: { ms: number }[]) => Math.max(...heard.map(({ ms }) => ms));
    console.log(
      `${name}: first answers ≤ ${most(first)} ms, then ${known.length - waited.length} of ${known.length} at once, used again after ${recovered} ms`,
    );
  },
);

test('a server at its limit of prepared statements still answers, and each unprepared statement is counted', async () => {
  const instance = await onTheLine();
  const openid = newOpenid();
  await asRoot('SET GLOBAL max_prepared_stmt_count = 0');
  try {
    const lines = await accessLines(async () => {
      await ok(instance.login, openid, 'login');
      await ok(instance.user, openid, 'update', { nickname: '引号\' 和 \\ 反斜杠 "😊' });
      const written = { content: "公园🌳 '; DROP TABLE users; -- \\", tags: ['𠮷'], mood: '😊' };
      expect(await ok(instance.diary, openid, 'create', { date: TODAY, ...written })).toMatchObject({ diary: written });
      expect((await ok(instance.user, openid, 'profile')).nickname).toBe('引号\' 和 \\ 反斜杠 "😊');
    });
    expect(lines.map(({ code }) => code)).toEqual(['OK', 'OK', 'OK', 'OK']);
    const db = instance.openDatabase(Date.now() + 5_000, 'unprepared');
    expect(await db.rows('one', 'SELECT ? AS one', [1])).toEqual([{ one: 1 }]);
    expect(db.usage).toMatchObject({ trips: 1, unprepared: 1 });
  } finally {
    await asRoot('SET GLOBAL max_prepared_stmt_count = DEFAULT');
  }
});
