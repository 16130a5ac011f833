import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { main } from '../../functions/sync/index';
import { addDays } from '../../shared/clock';
import { openDatabase } from '../../shared/runtime/mysql';
import type { MutationResult } from '../../shared/sync/contract';
import { startTcpProxy, type TcpProxy } from '../fakes/tcp-proxy';
import { freshInstance } from '../fresh';
import { accessLines, type Child, type Main, NOON, newChild, ok, select, send, TODAY, withoutRateLimits } from '../harness';
import { readSessions } from '../sessions';

withoutRateLimits();

const put = (mid: number, date: string, content: string) => ({
  mid,
  type: 'diary.put',
  args: { date, content, mood: '', weather: '', images: [], tags: [], isDraft: false },
  modifiedAt: NOON,
});
const spend = (mid: number) => ({ mid, type: 'points.deduct', args: { amount: 1, source: '兑换' }, modifiedAt: NOON });
const queueOf = (length: number) =>
  Array.from({ length }, (_, index) => (index % 2 === 0 ? put(index + 1, addDays(TODAY, -index), `第 ${index} 篇`) : spend(index + 1)));

async function expectDoneOnce({ userId }: Child, length: number): Promise<void> {
  const diaries = await select<{ content: string }>('SELECT content FROM diaries WHERE user_id = ? ORDER BY diary_date DESC', [userId]);
  expect(diaries.map(({ content }) => content)).toEqual(Array.from({ length: Math.ceil(length / 2) }, (_, index) => `第 ${2 * index} 篇`));
  const spends = await select("SELECT 1 FROM point_records WHERE user_id = ? AND source = '兑换'", [userId]);
  expect(spends.length).toBe(Math.floor(length / 2));
}

/** Sends a queue until it is empty, as a client does: what has an answer leaves it. */
async function sendAll(through: Main, { openid }: Child, length: number): Promise<number> {
  const clientId = `phone-${randomBytes(6).toString('hex')}`;
  const queue = queueOf(length);
  let calls = 0;
  let ack = 0;
  while (queue.length > 0) {
    calls += 1;
    if (calls > 200) throw new Error('the queue does not empty');
    const envelope = await send(through, openid, 'sync', { clientId, ack, mutations: queue.slice(0, 5) });
    if (!envelope.success) {
      expect(envelope.error.code).toBe('UNAVAILABLE');
      continue;
    }
    for (const { mid, status } of (envelope.data as { results: MutationResult[] }).results) {
      if (status === 'retry') break;
      expect(status).toBe('applied');
      expect(mid).toBe(queue.shift()?.mid);
      ack = mid;
    }
  }
  return calls;
}

let proxy: TcpProxy;
beforeEach(async () => {
  proxy = await startTcpProxy(inject('services').admin);
});
afterEach(() => proxy.stop());

test('connections killed at any moment lose no change and apply none twice', async () => {
  const child = await newChild(100);
  let killing = true;
  const killer = (async () => {
    while (killing) {
      for (const { id, user, database, isBusy } of await readSessions(select)) {
        const isOurs = database === process.env.DB_NAME && user === inject('services').runtime.user && (isBusy || Math.random() < 0.1);
        if (isOurs) await select(`KILL ${id}`).catch(() => {});
      }
      await wait(3);
    }
  })();
  try {
    await sendAll(main, child, 40);
  } finally {
    killing = false;
    await killer;
  }
  await expectDoneOnce(child, 40);
});

test.each(['第 2 篇', '兑换', 'FROM users u'])(
  'an answer to %s that is lost on the line is asked for again, not done again',
  async (text) => {
    const { sync } = await freshInstance({ DB_HOST: '127.0.0.1', DB_PORT: String(proxy.port), DB_POOL: '2' });
    const child = await newChild(100);
    await send(sync, child.openid, 'sync', { clientId: 'to-be-warm', cursor: null });
    proxy.loseAnswer(text);
    await sendAll(sync, child, 6);
    await expectDoneOnce(child, 6);
  },
);

/** Trips to MySQL of one call, from its line in the access log. */
const tripsOf = async (call: () => Promise<unknown>): Promise<number | undefined> => (await accessLines(call))[0]?.mysql.trips;

test('an idle sync and the start page are one trip to the database; a diary takes two more', async () => {
  const { openid } = await newChild();
  await ok(main, openid, 'home');
  expect(await tripsOf(() => ok(main, openid, 'home'))).toBe(1);
  const clientId = 'phone-of-trips';
  const { cursor } = await ok(main, openid, 'sync', { clientId });
  expect(await tripsOf(() => ok(main, openid, 'sync', { clientId, cursor }))).toBe(1);
  const diaries = Array.from({ length: 20 }, (_, index) => put(index + 1, addDays(TODAY, index - 20), '写'));
  expect(await tripsOf(() => ok(main, openid, 'sync', { clientId, cursor, mutations: diaries }))).toBe(1 + 2 * 20 + 1);
  expect(await tripsOf(() => ok(main, openid, 'sync', { clientId, cursor, ack: 20 }))).toBe(2);
  expect(await tripsOf(() => ok(main, openid, 'sync', { clientId, cursor, ack: 20 }))).toBe(1);
  // What is remembered for good is not acknowledged again and again.
  const lost = [put(21, TODAY, '早'), { ...put(22, TODAY, '晚'), policy: 'server' }];
  await ok(main, openid, 'sync', { clientId, cursor, mutations: lost });
  expect(await tripsOf(() => ok(main, openid, 'sync', { clientId, cursor, ack: 22 }))).toBe(1);
});

test('a value that cannot be serialized is not taken for a lost connection: the statement is refused at once', async () => {
  const database = openDatabase(Date.now() + 5_000, 'r');
  await expect(database.rows('unsendable', 'SELECT ?', [new Date(-1e15)])).rejects.toThrow(RangeError);
  expect(await database.rows('next', 'SELECT 1 AS one', [])).toEqual([{ one: 1 }]);
});
