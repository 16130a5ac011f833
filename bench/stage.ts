import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { startServices } from '../dev/services';
import { run } from '../dev/services/process';
import { type Bundle, buildFunctions } from '../scripts/build/functions';
import { createAccounts, migrate } from '../scripts/migrate';
import { dayOf } from '../shared/clock';
import { type OurSettings, startOurs } from './ours';
import { findPeers, type Peer, type PeerSettings, peerEnvironment, startPeer } from './peer';
import { compile, type Program, startProgram } from './program';
import { type Size, seedOurs, seedPeer } from './seed';

export const OUR_DATABASE = 'gd_bench';

const functions = fileURLToPath(new URL('../functions', import.meta.url));
const measured = ['login', 'user', 'diary', 'task', 'points', 'lottery', 'sync'];

/** All products at one distance from MySQL and Redis. */
export interface Arena {
  tripMs: number;
  ours: Program;
  peers: RunningPeer[];
  mysql: { host: string; port: number };
}

export interface RunningPeer extends Peer {
  program: Program;
}

/** What stands while the measuring goes on. */
export interface Stage {
  /** All rights on the database server. */
  admin: Connection;
  /** Connected to the index that this product uses. */
  redis: Redis;
  size: Size;
  bundles: Bundle[];
  /** For logs and compiled programs; removed at the end. */
  folder: string;
  peers: readonly Peer[];
  mysqldPid: number;
  redisPid: number;
  /** Version lines for the report. */
  sources: string[];
  ourSettings(callers: number): OurSettings;
  peerSettings(peer: Peer, callers: number): PeerSettings;
  /** All peers use one index of Redis and the same keys: none may find what another has cached. */
  clearPeerCaches(): Promise<void>;
  /** Started on first use and kept. */
  arena(tripMs: number, callers: number): Promise<Arena>;
  stop(): Promise<void>;
}

export interface StageOptions {
  users: number;
  perUser: number;
  report: (line: string) => void;
}

export async function openStage({ users, perUser, report }: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'growth-diary-bench-'));
  const cleanups: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  try {
    return { ...(await build()), stop };
  } catch (error) {
    await stop();
    throw error;
  }

  async function build(): Promise<Omit<Stage, 'stop'>> {
    const [services, bundles, peers, hostFile, proxyFile, pipelineFile] = await Promise.all([
      startServices({ dataDir: join(folder, 'data'), profile: 'dev', redis: 'required', report }),
      buildFunctions({ outDir: join(folder, 'dist'), names: measured.filter((name) => existsSync(join(functions, name, 'index.ts'))) }),
      findPeers(report),
      compile('host', folder),
      compile('delay-proxy', folder),
      compile('pipeline', folder),
    ]);
    cleanups.push(services.stop);
    const { mysql: server, redis } = services;
    if (redis === null) throw new Error('the bench needs Redis');
    const { host, port, user, password } = server;
    const admin = await mysql.createConnection({ host, port, user, password, dateStrings: true });
    cleanups.push(() => admin.end());
    if (server.ours) await giveRoom(admin);

    const size: Size = { users, perUser, deep: 3_000, today: dayOf(new Date()) };
    const seeded = performance.now();
    await admin.query(`DROP DATABASE IF EXISTS ${OUR_DATABASE}`);
    await migrate({ ...server, database: OUR_DATABASE }, { oneAccount: !server.ours });
    const account = server.ours ? (await createAccounts({ ...server, database: OUR_DATABASE })).runtime : server;
    await seedOurs(admin, OUR_DATABASE, size);
    const redisUrl = new URL(redis.url);
    const peerRedis = { host: redisUrl.hostname, port: Number(redisUrl.port) };
    const peerSettings = ({ database }: Peer, callers: number): PeerSettings => ({
      mysql: { ...server, name: database },
      redis: peerRedis,
      callers,
    });
    for (const peer of peers) {
      await admin.query(`DROP DATABASE IF EXISTS ${peer.database}`);
      await run(process.execPath, ['src/init-db.js'], { cwd: peer.folder, env: peerEnvironment(peerSettings(peer, 1)) });
      await seedPeer(admin, peer.database, size);
    }
    report(`seeded ${users} users with ${perUser} diaries each in ${Math.round((performance.now() - seeded) / 1_000)} s`);

    const ourRedisUrl = new URL('/1', redisUrl).href;
    const client = new Redis(ourRedisUrl);
    cleanups.push(async () => client.disconnect());
    const ourSettings = (callers: number): OurSettings => ({
      mysql: { host: server.host, port: server.port, ...account, name: OUR_DATABASE },
      redisUrl: ourRedisUrl,
      callers,
    });

    async function startArena(tripMs: number, callers: number): Promise<Arena> {
      const near = ourSettings(callers);
      const behind = await proxies(tripMs);
      const ours = await startOurs(
        hostFile,
        [...bundles, { name: 'pipeline', file: pipelineFile }],
        { ...near, mysql: { ...near.mysql, ...behind.mysql }, redisUrl: `redis://${behind.redis.host}:${behind.redis.port}/1` },
        join(folder, `ours-${tripMs}.log`),
      );
      cleanups.push(ours.stop);
      const running: RunningPeer[] = [];
      for (const peer of peers) {
        const settings = peerSettings(peer, callers);
        const program = await startPeer(
          peer.folder,
          { ...settings, mysql: { ...settings.mysql, ...behind.mysql }, redis: behind.redis },
          join(folder, `${peer.name}-${tripMs}.log`),
        );
        cleanups.push(program.stop);
        running.push({ ...peer, program });
      }
      return { tripMs, ours, peers: running, mysql: behind.mysql };
    }

    async function proxies(tripMs: number) {
      const near = { mysql: { host: server.host, port: server.port }, redis: peerRedis };
      if (tripMs === 0) return near;
      const targets = [near.mysql, near.redis].map(({ host, port }) => `${host}:${port}`);
      const proxy = await startProgram({ file: proxyFile, args: [String(tripMs), ...targets], log: join(folder, 'proxy.log') });
      cleanups.push(proxy.stop);
      const [mysqlPort = 0, redisPort = 0] = proxy.ports;
      return { mysql: { host: '127.0.0.1', port: mysqlPort }, redis: { host: '127.0.0.1', port: redisPort } };
    }

    const arenas = new Map<string, Promise<Arena>>();
    return {
      admin,
      redis: client,
      size,
      bundles,
      folder,
      peers,
      mysqldPid: await serverPid(admin),
      redisPid: Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1] ?? 0),
      // Version lines only: the paths of this machine's servers are left out.
      sources: [server.source, redis.source].map((source) => source.split(/ (?:from|at) /)[0] ?? source),
      ourSettings,
      peerSettings,
      async clearPeerCaches() {
        await client.multi().select(0).flushdb().select(1).exec();
      },
      arena(tripMs, callers) {
        const key = `${tripMs} ${callers}`;
        const started = arenas.get(key) ?? startArena(tripMs, callers);
        arenas.set(key, started);
        return started;
      },
    };
  }
}

/** The servers of `npm start` are small; a database in production has its rows in memory and a redo log worth the name. */
async function giveRoom(admin: Connection): Promise<void> {
  for (const [name, value] of [
    ['innodb_buffer_pool_size', 2 * 1_024 ** 3],
    ['innodb_redo_log_capacity', 1_024 ** 3],
    ['max_connections', 500],
  ]) {
    await admin.query(`SET GLOBAL ${name} = ${value}`);
  }
}

async function serverPid(admin: Connection): Promise<number> {
  const [[row]] = await admin.query<RowDataPacket[]>('SELECT @@pid_file AS file');
  try {
    return Number(readFileSync(String(row?.file), 'utf8'));
  } catch {
    return 0;
  }
}
