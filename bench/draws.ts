import type { RowDataPacket } from 'mysql2/promise';
import { measureRow } from './measure';
import { connectOurs } from './ours';
import { connectPeer } from './peer';
import type { Row } from './rows';
import { openidOf } from './seed';
import { OUR_DATABASE, type Stage } from './stage';
import type { Table } from './table';

const CALLERS = 64;
const TRIP_MS = 1;
const TURNS = 20;

/** One certain prize of so many pieces, or the five that came with the product. */
async function stock(stage: Stage, pieces: number | null): Promise<void> {
  const { admin, redis, peers } = stage;
  for (const name of [OUR_DATABASE, ...peers.map(({ database }) => database)]) {
    await admin.query(`DELETE FROM ${name}.lottery_prizes WHERE name = '限量'`);
    await admin.query(`UPDATE ${name}.lottery_prizes SET is_active = ?`, [pieces === null]);
    if (pieces !== null) await admin.query(`INSERT INTO ${name}.lottery_prizes (name, probability, stock) VALUES ('限量', 1, ?)`, [pieces]);
  }
  await redis.flushdb();
  await stage.clearPeerCaches();
}

/** Draws by 64 callers at once: from prizes without end, from one prize that all want, and while it runs out. */
export async function measureDraws(stage: Stage, draw: Row, { rounds, ms }: { rounds: number; ms: number }): Promise<Table> {
  const rows: string[][] = [];
  const settings = { callers: CALLERS, tripMs: TRIP_MS, ms };
  for (const [name, pieces] of [
    ['unlimited prizes', null],
    ['one hot limited prize', 10_000_000],
  ] as const) {
    await stock(stage, pieces);
    const { ours, others } = await measureRow(stage, { ...draw, hasNoFloor: true }, settings, rounds);
    const theirs = others.flatMap(({ measured, ratio }) => [measured.perSecond.toFixed(0), ratio.toFixed(2), String(measured.errors), '']);
    rows.push([name, ours.perSecond.toFixed(0), String(ours.errors), '', ...theirs]);
  }
  rows.push(await sellOut(stage, 500));
  await stock(stage, null);
  return {
    title: `Draws by ${CALLERS} at once, ${TRIP_MS} ms a trip`,
    head: ['', 'ours/s', 'errors', 'won of 500', ...stage.peers.flatMap(({ name }) => [`${name}/s`, '×', 'errors', 'won of 500'])],
    rows,
  };
}

interface Sale {
  seconds: number;
  errors: number;
}

/** 1,280 draws. Sold out is an answer, not an error. */
async function drawOut(call: (caller: number) => Promise<unknown>): Promise<Sale> {
  let errors = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let turn = 0; turn < TURNS; turn += 1) {
        await call(caller).catch((error: Error) => {
          if (!error.message.includes('LOTTERY_EMPTY')) errors += 1;
        });
      }
    }),
  );
  return { seconds: (performance.now() - started) / 1_000, errors };
}

async function sellOut(stage: Stage, pieces: number): Promise<string[]> {
  const arena = await stage.arena(TRIP_MS, 16);
  await stock(stage, pieces);
  const won = async (database: string) => {
    const [[row]] = await stage.admin.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS won FROM ${database}.lottery_records WHERE prize_id = (SELECT id FROM ${database}.lottery_prizes WHERE name = '限量')`,
    );
    return String(row?.won);
  };
  const perSecond = ({ seconds }: Sale) => ((CALLERS * TURNS) / seconds).toFixed(0);
  const clients = await Promise.all(Array.from({ length: CALLERS }, () => connectOurs(arena.ours.ports[0] ?? 0)));
  const ours = await drawOut(async (caller) => clients[caller]?.call({ action: 'lottery.draw', openid: openidOf(1 + caller) }));
  for (const client of clients) client.close();
  const cells = ['while it runs out', perSecond(ours), String(ours.errors), await won(OUR_DATABASE)];
  for (const { program, database } of arena.peers) {
    const theirs = await Promise.all(Array.from({ length: CALLERS }, () => connectPeer(program.ports[0] ?? 0)));
    const call = { method: 'POST', path: '/api/lottery/draw', body: {} } as const;
    const sale = await drawOut(async (caller) => theirs[caller]?.call({ ...call, userId: 1 + caller }));
    for (const client of theirs) client.close();
    cells.push(perSecond(sale), (sale.seconds / ours.seconds).toFixed(2), String(sale.errors), await won(database));
  }
  return cells;
}
