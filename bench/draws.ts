import type { RowDataPacket } from 'mysql2/promise';
import { measureRow } from './measure';
import { connectOurs } from './ours';
import { connectPeer } from './peer';
import type { Row } from './rows';
import { openidOf } from './seed';
import { OUR_DATABASE, PEER_DATABASE, type Stage } from './stage';
import type { Table } from './table';

const CALLERS = 64;
const TRIP_MS = 1;

/** One certain prize of so many pieces, or the five that came with the product. */
async function stock({ admin, redis }: Stage, pieces: number | null): Promise<void> {
  const [found] = await admin.query<RowDataPacket[]>(
    'SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name IN (?, ?)',
    [OUR_DATABASE, PEER_DATABASE],
  );
  for (const { name } of found) {
    await admin.query(`DELETE FROM ${name}.lottery_prizes WHERE name = '限量'`);
    await admin.query(`UPDATE ${name}.lottery_prizes SET is_active = ?`, [pieces === null]);
    if (pieces !== null) await admin.query(`INSERT INTO ${name}.lottery_prizes (name, probability, stock) VALUES ('限量', 1, ?)`, [pieces]);
  }
  await redis.flushdb();
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
    const { ours, peer, ratio } = await measureRow(stage, draw, settings, rounds);
    rows.push([
      name,
      ours.perSecond.toFixed(0),
      peer?.perSecond.toFixed(0) ?? '',
      ratio?.toFixed(2) ?? '',
      String(ours.errors),
      String(peer?.errors ?? ''),
      '',
    ]);
  }
  rows.push(...(await sellOut(stage, 500)));
  await stock(stage, null);
  return {
    title: `Draws by ${CALLERS} at once, ${TRIP_MS} ms a trip`,
    head: ['', 'ours a second', "peer's", 'ratio', 'our errors', "peer's", 'pieces won of 500'],
    rows,
  };
}

/** 1,280 draws for 500 pieces. Sold out is an answer, not an error. */
async function sellOut(stage: Stage, pieces: number): Promise<string[][]> {
  const arena = await stage.arena(TRIP_MS, 16);
  await stock(stage, pieces);
  const each = async (call: (caller: number) => Promise<unknown>) => {
    let errors = 0;
    const started = performance.now();
    await Promise.all(
      Array.from({ length: CALLERS }, async (_, caller) => {
        for (let turn = 0; turn < 20; turn += 1) {
          await call(caller).catch((error: Error) => {
            if (!error.message.includes('LOTTERY_EMPTY')) errors += 1;
          });
        }
      }),
    );
    return { seconds: (performance.now() - started) / 1_000, errors };
  };
  const clients = await Promise.all(Array.from({ length: CALLERS }, () => connectOurs(arena.ours.ports[0] ?? 0)));
  const ours = await each(async (caller) => clients[caller]?.call({ action: 'lottery.draw', openid: openidOf(1 + caller) }));
  for (const client of clients) client.close();
  const peers = arena.peer ? await Promise.all(Array.from({ length: CALLERS }, () => connectPeer(arena.peer?.ports[0] ?? 0))) : [];
  const peer = arena.peer
    ? await each(async (caller) => peers[caller]?.call({ method: 'POST', path: '/api/lottery/draw', userId: 1 + caller, body: {} }))
    : null;
  for (const client of peers) client.close();
  const won = async (database: string) => {
    const [[row]] = await stage.admin.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS won FROM ${database}.lottery_records WHERE prize_id = (SELECT id FROM ${database}.lottery_prizes WHERE name = '限量')`,
    );
    return Number(row?.won);
  };
  const ourWon = await won(OUR_DATABASE);
  const peerWon = peer ? await won(PEER_DATABASE) : null;
  const draws = CALLERS * 20;
  return [
    [
      'while it runs out',
      (draws / ours.seconds).toFixed(0),
      peer ? (draws / peer.seconds).toFixed(0) : '',
      peer ? (peer.seconds / ours.seconds).toFixed(2) : '',
      String(ours.errors),
      String(peer?.errors ?? ''),
      `${ourWon}${peerWon === null ? '' : ` / ${peerWon}`}`,
    ],
  ];
}
