import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { type Contest, contest, load, type Measured, type Operation } from './load';
import { connectOurs } from './ours';
import { connectPeer } from './peer';
import type { Row } from './rows';
import type { Arena, Stage } from './stage';

/** Connections of each product to MySQL, however many call: as both come out of the box under 16 callers. */
const POOL = 16;
const WARM_UP_MS = 3_000;

/** An operation on connections of its own, opened now: the peer hangs up on who has been silent for five seconds. */
async function open(product: 'ours' | 'peer', arena: Arena, row: Row, callers: number): Promise<{ operation: Operation; close(): void }> {
  const each = <Client>(make: () => Promise<Client>) => Promise.all(Array.from({ length: callers }, make));
  if (product === 'ours') {
    const clients = await each(() => connectOurs(arena.ours.ports[0] ?? 0));
    return {
      operation: async (caller, turn) => clients[caller]?.call(row.ours(caller, turn)),
      close() {
        for (const client of clients) client.close();
      },
    };
  }
  const clients = await each(() => Promise.all(Array.from({ length: row.peerWidth ?? 1 }, () => connectPeer(arena.peer?.ports[0] ?? 0))));
  return {
    operation: async (caller, turn) => Promise.all(row.peer(caller, turn).map((call, index) => clients[caller]?.[index]?.call(call))),
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
  peer: (() => Promise<Measured>) | null;
}

/** One row ready to be asked of either product, turn by turn. */
export async function turnsOf(stage: Stage, row: Row, { callers, tripMs, ms }: Settings): Promise<Turns> {
  const arena = await stage.arena(tripMs, POOL);
  const turn = async (product: 'ours' | 'peer', pid: number): Promise<Measured> => {
    await row.prepare?.(product, callers);
    const { operation, close } = await open(product, arena, row, callers);
    const measured = await load(operation, { callers, ms, pids: { product: pid, mysqld: stage.mysqldPid } });
    close();
    return measured;
  };
  const { ours, peer } = arena;
  return { ours: () => turn('ours', ours.pid), peer: peer && (() => turn('peer', peer.pid)) };
}

/** One row at one distance and with so many callers. */
export async function measureRow(stage: Stage, row: Row, settings: Settings, rounds: number): Promise<Contest> {
  const { ours, peer } = await turnsOf(stage, row, settings);
  return contest(rounds, ours, peer);
}

/** Not counted: a process pays several times for code that it has not yet compiled, and each of our bundles brings its own. */
export async function warmUp(stage: Stage, row: Row, tripMs: number): Promise<void> {
  const { ours, peer } = await turnsOf(stage, row, { callers: POOL, tripMs, ms: WARM_UP_MS });
  await ours();
  await peer?.();
}

export interface Trips {
  mysql: number;
  redis: number;
}

const CALLS = 16;

/** Round trips of one call once everything is warm, by the servers' own count. */
export async function countTrips(stage: Stage, row: Row): Promise<{ ours: Trips; peer: Trips | null }> {
  const arena = await stage.arena(0, POOL);
  const count = async (product: 'ours' | 'peer'): Promise<Trips> => {
    await row.prepare?.(product, 1);
    const { operation, close } = await open(product, arena, row, 1);
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
  return { ours: await count('ours'), peer: arena.peer ? await count('peer') : null };
}

/** Statements that clients have sent; those inside procedures are not among them. */
async function questions({ admin }: Stage): Promise<number> {
  const [[row]] = await admin.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Questions'");
  return Number(row?.Value);
}
