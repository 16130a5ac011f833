import type { RowDataPacket } from 'mysql2/promise';
import { type Contest, contest, load, type Measured, type Operation } from './load';
import { connectOurs, type OurClient } from './ours';
import { connectPeer, type PeerClient } from './peer';
import type { Row } from './rows';
import type { Arena, Stage } from './stage';

/** Connections of each product to MySQL, however many call: as both come out of the box under 16 callers. */
const POOL = 16;
const WARM_UP_MS = 3_000;

/** Connections of each caller: as many as a row asks at once. */
interface Clients {
  ours: OurClient[];
  peer: PeerClient[][];
}

async function connectAll(arena: Arena, row: Row, callers: number): Promise<Clients> {
  const each = <Client>(make: () => Promise<Client>) => Promise.all(Array.from({ length: callers }, make));
  const width = row.kind === 'read' && arena.peer ? row.peer(0, 0).length : 1;
  return {
    ours: await each(() => connectOurs(arena.ours.ports[0] ?? 0)),
    peer: arena.peer ? await each(() => Promise.all(Array.from({ length: width }, () => connectPeer(arena.peer?.ports[0] ?? 0)))) : [],
  };
}

const close = ({ ours, peer }: Clients): void => {
  for (const client of [...ours, ...peer.flat()]) client.close();
};

const ourOperation =
  (row: Row, { ours }: Clients): Operation =>
  async (caller, turn) =>
    ours[caller]?.call(row.ours(caller, turn));

const peerOperation =
  (row: Row, { peer }: Clients): Operation =>
  async (caller, turn) =>
    Promise.all(row.peer(caller, turn).map((call, index) => peer[caller]?.[index]?.call(call)));

export interface Settings {
  callers: number;
  tripMs: number;
  ms: number;
}

export interface Turns {
  ours(): Promise<Measured>;
  peer: (() => Promise<Measured>) | null;
  close(): void;
}

/** One row ready to be asked of either product, turn by turn. */
export async function openRow(stage: Stage, row: Row, { callers, tripMs, ms }: Settings): Promise<Turns> {
  const arena = await stage.arena(tripMs, POOL);
  const clients = await connectAll(arena, row, callers);
  const turn = async (product: 'ours' | 'peer', pid: number, operation: Operation): Promise<Measured> => {
    await row.prepare?.(product, callers);
    return load(operation, { callers, ms, pids: { product: pid, mysqld: stage.mysqldPid } });
  };
  const { ours, peer } = arena;
  return {
    ours: () => turn('ours', ours.pid, ourOperation(row, clients)),
    peer: peer && (() => turn('peer', peer.pid, peerOperation(row, clients))),
    close: () => close(clients),
  };
}

/** One row at one distance and with so many callers. */
export async function measureRow(stage: Stage, row: Row, settings: Settings, rounds: number): Promise<Contest> {
  const { ours, peer, close: end } = await openRow(stage, row, settings);
  try {
    return await contest(rounds, ours, peer);
  } finally {
    end();
  }
}

/** Not counted: a process pays several times for code that it has not yet compiled, and each of our bundles brings its own. */
export async function warmUp(stage: Stage, row: Row, tripMs: number): Promise<void> {
  const { ours, peer, close: end } = await openRow(stage, row, { callers: POOL, tripMs, ms: WARM_UP_MS });
  await ours();
  await peer?.();
  end();
}

export interface Trips {
  mysql: number;
  redis: number;
}

const CALLS = 16;

/** Round trips of one call once everything is warm, by the servers' own count. */
export async function countTrips(stage: Stage, row: Row): Promise<{ ours: Trips; peer: Trips | null }> {
  const arena = await stage.arena(0, POOL);
  const clients = await connectAll(arena, row, 1);
  const count = async (product: 'ours' | 'peer', operation: Operation): Promise<Trips> => {
    await row.prepare?.(product, 1);
    for (let turn = 0; turn < CALLS; turn += 1) await operation(0, turn);
    const monitor = await stage.redis.monitor();
    let redis = 0;
    monitor.on('monitor', (_time: string, _command: string[], source: string) => {
      if (source !== 'lua') redis += 1;
    });
    const before = await questions(stage);
    for (let turn = CALLS; turn < 2 * CALLS; turn += 1) await operation(0, turn);
    const asked = (await questions(stage)) - before - 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
    monitor.disconnect();
    return { mysql: asked / CALLS, redis: redis / CALLS };
  };
  try {
    const ours = await count('ours', ourOperation(row, clients));
    return { ours, peer: arena.peer ? await count('peer', peerOperation(row, clients)) : null };
  } finally {
    close(clients);
  }
}

/** Statements that clients have sent; those inside procedures are not among them. */
async function questions({ admin }: Stage): Promise<number> {
  const [[row]] = await admin.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Questions'");
  return Number(row?.Value);
}
