import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { firstThatStarts, type Program } from './chain';
import { type Home, openTestHome } from './home';
import { mysqlChain } from './mysql';
import { runMysql } from './mysql-server';
import { freePort } from './process';
import { redisChain, runRedis } from './redis';
import { openSupervisor, type Supervisor } from './supervise';

/** One MySQL of a cluster, with an account of all rights. */
export interface Member {
  host: string;
  port: number;
  user: string;
  password: string;
  /** Its process: SIGKILL is a lost machine, SIGSTOP one that hangs. */
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Restarts a killed server on its data. Answers its new port. */
  restart(): Promise<number>;
}

export interface Cluster {
  /** Where there are three, the first is the primary of a group and the others follow it. */
  members: readonly [Member, ...Member[]];
  /** As REDIS_URL names it. */
  redisUrl: string;
  source: string;
  stop(): Promise<void>;
}

interface ClusterOptions {
  mysqls: 1 | 3;
  redises: 1 | 3;
  /** For the MySQL of `mysqls: 1`, after all other flags. */
  mysqlFlags?: readonly string[];
  report: (line: string) => void;
}

/** Separate servers, whatever the environment names: for tests that kill or pause a server. */
export async function startCluster({ mysqls, redises, mysqlFlags = [], report }: ClusterOptions): Promise<Cluster> {
  const home = await openTestHome();
  // A member that ends is expected: some tests kill it.
  const supervisor = openSupervisor(home, () => {});
  const reasons: string[] = [];
  const mysqlOf = (program: Program) =>
    mysqls === 1 ? startSingle(program, home, supervisor, mysqlFlags) : startGroup(program, home, supervisor);
  const redisOf = (program: Program) => startRedises(program, home, supervisor, redises);
  try {
    const [database, redisUrl] = await Promise.all([
      firstThatStarts(mysqlChain(report), reasons, async (program) => ({ members: await mysqlOf(program), source: program.source })),
      firstThatStarts(redisChain(report), reasons, redisOf),
    ]);
    if (!database || !redisUrl) throw new Error(`the servers could not be started:\n${reasons.join('\n')}`);
    return { ...database, redisUrl, stop: supervisor.stop };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

async function startMember(program: Program, home: Home, supervisor: Supervisor, name: string, flags: string[] = []): Promise<Member> {
  const folder = join(home.folder, name);
  mkdirSync(folder, { recursive: true });
  const restart = () => runMysql(program, { ...home, folder }, supervisor, { title: name, flags });
  const port = await restart();
  const signal = (sign: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT') => {
    process.kill(Number(readFileSync(join(folder, 'mysql.pid'), 'utf8')), sign);
  };
  return { host: '127.0.0.1', port, user: 'root', password: '', signal, restart };
}

const startSingle = async (program: Program, home: Home, supervisor: Supervisor, flags: readonly string[]): Promise<[Member]> => [
  await startMember(program, home, supervisor, 'mysql1', ['--performance-schema=ON', ...flags]),
];

/** Three members of one group; one takes writes and another takes over when it fails. */
async function startGroup(program: Program, home: Home, supervisor: Supervisor): Promise<[Member, ...Member[]]> {
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const seeds = ports.map((port) => `127.0.0.1:${port}`);
  const group = randomUUID();
  const flagsOf = (index: number) => [
    `--server-id=${index + 1}`,
    '--log-bin=binlog',
    '--sync-binlog=0',
    '--gtid-mode=ON',
    '--enforce-gtid-consistency=ON',
    '--performance-schema=ON',
    '--report-host=127.0.0.1',
    '--plugin-load-add=group_replication.so',
    `--loose-group-replication-group-name=${group}`,
    `--loose-group-replication-local-address=${seeds[index]}`,
    `--loose-group-replication-group-seeds=${seeds.join()}`,
    '--loose-group-replication-ip-allowlist=127.0.0.1',
    '--loose-group-replication-start-on-boot=OFF',
    '--loose-group-replication-recovery-get-public-key=ON',
    // A new primary applies the old one's transactions before it answers, so that a retry finds its own first attempt.
    '--loose-group-replication-consistency=BEFORE_ON_PRIMARY_FAILOVER',
  ];
  const [first, ...others] = await Promise.all(
    [0, 1, 2].map((index) => startMember(program, home, supervisor, `mysql${index + 1}`, flagsOf(index))),
  );
  if (!first) throw new Error('no member');
  await joinGroup(first, true);
  for (const member of others) await joinGroup(member, false);
  return [first, ...others];
}

async function joinGroup(member: Member, isFounder: boolean): Promise<void> {
  await asRoot(member, async (query) => {
    // Every member has the template's transactions already; they must not be replicated.
    await query('RESET BINARY LOGS AND GTIDS');
    await query("CHANGE REPLICATION SOURCE TO SOURCE_USER = 'root' FOR CHANNEL 'group_replication_recovery'");
    if (isFounder) await query('SET GLOBAL group_replication_bootstrap_group = ON');
    await query('START GROUP_REPLICATION');
    if (isFounder) await query('SET GLOBAL group_replication_bootstrap_group = OFF');
    const online = "SELECT 1 FROM performance_schema.replication_group_members WHERE member_id = @@server_uuid AND member_state = 'ONLINE'";
    for (let waited = 0; (await query(online)).length === 0; waited += 100) {
      if (waited > 60_000) throw new Error('a member did not come online within a minute');
      await sleep(100);
    }
  });
}

async function asRoot<T>(member: Member, work: (query: (sql: string) => Promise<RowDataPacket[]>) => Promise<T>): Promise<T> {
  const { host, port, user, password } = member;
  const connection = await mysql.createConnection({ host, port, user, password });
  try {
    return await work(async (sql) => (await connection.query<RowDataPacket[]>(sql))[0]);
  } finally {
    connection.destroy();
  }
}

const SLOTS = 16_384;

async function startRedises(program: Program, home: Home, supervisor: Supervisor, count: 1 | 3): Promise<string> {
  if (count === 1) return `redis://127.0.0.1:${await runRedis(program, home, supervisor)}`;
  const nodes = await Promise.all(
    [1, 2, 3].map(async (index) => {
      const bus = await freePort();
      const flags = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-require-full-coverage', 'no'];
      return { port: await runRedis(program, home, supervisor, { title: `redis${index}`, flags }), bus };
    }),
  );
  const { Redis } = await import('ioredis');
  const clients = nodes.map(({ port }) => new Redis(port, '127.0.0.1'));
  try {
    for (const [index, client] of clients.entries()) {
      const share = [Math.ceil((SLOTS * index) / 3), Math.ceil((SLOTS * (index + 1)) / 3) - 1];
      await client.cluster('ADDSLOTSRANGE', ...(share as [number, number]));
      const [first] = nodes;
      if (first && index > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', first.port, first.bus);
    }
    for (const client of clients) {
      while (!String(await client.cluster('INFO')).includes('cluster_state:ok') || !(await knowsAll(client))) await sleep(50);
    }
  } finally {
    for (const client of clients) client.disconnect();
  }
  return nodes.map(({ port }) => `redis://127.0.0.1:${port}`).join(',');

  async function knowsAll(client: InstanceType<typeof Redis>): Promise<boolean> {
    return /cluster_slots_ok:16384/.test(String(await client.cluster('INFO')));
  }
}
