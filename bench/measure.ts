import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { openFloor } from './floor';
import { type Contest, contest, load, type Measured, type Operation, type Rival } from './load';
import { connectOurs } from './ours';
import { connectPeer } from './peer';
import { OUR_SIDE, type Row } from './rows';
import type { Arena, RunningPeer, Stage } from './stage';

/** Connections of each product to MySQL, however many call: as both come out of the box under 16 callers. */
const POOL = 16;
const WARM_UP_MS = 3_000;
const FLOOR = 'floor';

/** An operation on its own connections, opened now: the peer closes connections that are idle for five seconds. */
async function openOurs(arena: Arena, row: Row, callers: number): Promise<{ operation: Operation; close(): void }> {
  const clients = await Promise.all(Array.from({ length: callers }, () => connectOurs(arena.ours.ports[0] ?? 0)));
  return {
    operation: async (caller, turn) => clients[caller]?.call(row.ours(caller, turn)),
    close() {
      for (const client of clients) client.close();
    },
  };
}

async function openPeer({ program, database }: RunningPeer, row: Row, callers: number): Promise<{ operation: Operation; close(): void }> {
  const width = row.peerWidth ?? 1;
  const connectAll = () => Promise.all(Array.from({ length: width }, () => connectPeer(program.ports[0] ?? 0)));
  const clients = await Promise.all(Array.from({ length: callers }, connectAll));
  return {
    operation: async (caller, turn) =>
      Promise.all(row.peer(caller, turn, database).map((call, index) => clients[caller]?.[index]?.call(call))),
    close() {
      for (const client of clients.flat()) client.close();
    },
  };
}

export interface Settings {
  callers: number;
  tripMs: number;
  ms: number;
}

export interface Turns {
  ours(): Promise<Measured>;
  peers: Rival[];
}

/** One row ready to be asked of each product, turn by turn. */
export async function turnsOf(stage: Stage, row: Row, { callers, tripMs, ms }: Settings): Promise<Turns> {
  const arena = await stage.arena(tripMs, POOL);
  const measure = (operation: Operation, product: number) =>
    load(operation, { callers, ms, pids: { product, mysqld: stage.mysqldPid, redis: stage.redisPid } });
  return {
    async ours() {
      await row.prepare?.(OUR_SIDE, callers);
      const { operation, close } = await openOurs(arena, row, callers);
      const measured = await measure(operation, arena.ours.pid);
      close();
      return measured;
    },
    peers: arena.peers.map((peer) => ({
      name: peer.name,
      async turn() {
        await row.prepare?.({ product: 'peer', database: peer.database }, callers);
        if (arena.peers.length > 1) await stage.clearPeerCaches();
        const { operation, close } = await openPeer(peer, row, callers);
        const measured = await measure(operation, peer.program.pid);
        close();
        return measured;
      },
    })),
  };
}

/** One row at one distance and with so many callers: the product, the peers and, where there is one, the floor. */
export async function measureRow(stage: Stage, row: Row, settings: Settings, rounds: number): Promise<Contest> {
  const { ours, peers } = await turnsOf(stage, row, settings);
  if (row.hasNoFloor) return contest(rounds, ours, peers);
  const { callers, tripMs, ms } = settings;
  const floor = await openFloor(stage, row, await stage.arena(tripMs, POOL), POOL);
  const pids = { product: process.pid, mysqld: stage.mysqldPid, redis: stage.redisPid };
  const turn = () => load(floor.operation, { callers, ms, pids });
  const result = await contest(rounds, ours, [...peers, { name: FLOOR, turn }]);
  await floor.close();
  return result;
}

/** Warm-up, not measured: code that is not yet compiled runs slowly, and each of our bundles has its own copy. */
export async function warmUp(stage: Stage, row: Row, tripMs: number, ms: number): Promise<void> {
  const { ours, peers } = await turnsOf(stage, row, { callers: POOL, tripMs, ms: Math.min(WARM_UP_MS, 2 * ms) });
  await ours();
  for (const peer of peers) await peer.turn();
}

export interface Trips {
  mysql: number;
  redis: number;
}

const CALLS = 16;

/** Round trips of one call once everything is warm, by the servers' own count: ours, then the peers'. */
export async function countTrips(stage: Stage, row: Row): Promise<{ ours: Trips; peers: Trips[] }> {
  const arena = await stage.arena(0, POOL);
  const count = async ({ operation, close }: { operation: Operation; close(): void }): Promise<Trips> => {
    for (let turn = 0; turn < CALLS; turn += 1) await operation(0, turn);
    const monitor = await stage.redis.monitor();
    let redis = 0;
    monitor.on('monitor', (_time: string, _command: string[], source: string) => {
      if (source !== 'lua') redis += 1;
    });
    const before = await questions(stage);
    for (let turn = CALLS; turn < 2 * CALLS; turn += 1) await operation(0, turn);
    const asked = (await questions(stage)) - before - 1;
    await sleep(50);
    monitor.disconnect();
    close();
    return { mysql: asked / CALLS, redis: redis / CALLS };
  };
  await row.prepare?.(OUR_SIDE, 1);
  const ours = await count(await openOurs(arena, row, 1));
  const peers: Trips[] = [];
  for (const peer of arena.peers) {
    await row.prepare?.({ product: 'peer', database: peer.database }, 1);
    peers.push(await count(await openPeer(peer, row, 1)));
  }
  return { ours, peers };
}

/** Statements that clients have sent; those inside procedures are not among them. */
async function questions({ admin }: Stage): Promise<number> {
  const [[row]] = await admin.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Questions'");
  return Number(row?.Value);
}
