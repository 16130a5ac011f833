import { afterAll, beforeAll, expect, test } from 'vitest';
import { main as lottery } from '../functions/lottery/index';
import { main as points } from '../functions/points/index';
import { main as task } from '../functions/task/index';
import { addDays } from '../shared/clock';
import { closeMysql, openDatabase } from '../shared/runtime/mysql';
import { type Child, configure, type Main, newChild, ok, TODAY, withoutRateLimits } from './harness';
import { ownPrizes, setPrizes } from './prizes';

withoutRateLimits();
ownPrizes();

// One connection, so that the server's counters of that session are the counters of these calls alone.
configure({ database: { ...(await import('../shared/runtime/config')).config().database, connectionLimit: 1 } });
beforeAll(closeMysql);
afterAll(closeMysql);

interface Work {
  statements: number;
  prepared: number;
  rowsRead: number;
}

async function counters(): Promise<Work> {
  const rows = await openDatabase(Date.now() + 5_000, 'test').rows<{ Variable_name: string; Value: string }>(
    'status',
    "SHOW SESSION STATUS WHERE Variable_name IN ('Questions', 'Com_stmt_prepare') OR Variable_name LIKE 'Handler_read%'",
    [],
  );
  const sum = (name: RegExp) => rows.filter((row) => name.test(row.Variable_name)).reduce((total, row) => total + Number(row.Value), 0);
  return { statements: sum(/^Questions$/), prepared: sum(/prepare/), rowsRead: sum(/^Handler_read/) };
}

/** What the server did for some calls, the asking itself taken off. */
async function workOf(calls: () => Promise<unknown>): Promise<Work> {
  await counters();
  const [before, idle] = [await counters(), await counters()];
  await calls();
  const after = await counters();
  return {
    statements: after.statements - idle.statements - 1,
    prepared: after.prepared - idle.prepared,
    rowsRead: after.rowsRead - idle.rowsRead - (idle.rowsRead - before.rowsRead),
  };
}

/** Of the second call of each kind: the first of a process prepares its statement and may fill what is kept. */
async function statementsOf(main: Main, child: Child, action: string, first: object, second: object = first): Promise<number> {
  await ok(main, child.openid, action, first);
  const { statements, prepared } = await workOf(() => ok(main, child.openid, action, second));
  expect(prepared).toBe(0);
  return statements;
}

test('every write is one trip to the database once the process is warm', async () => {
  await setPrizes({ name: 'a', probability: 0.5, stock: 100 }, { name: 'b', probability: 0.5 });
  const child = await newChild(100);
  const [a, b] = (await ok(task, child.openid, 'list')).tasks;
  expect(await statementsOf(task, child, 'complete', { id: a.id }, { id: b.id })).toBe(1);
  expect(await statementsOf(task, child, 'uncomplete', { id: a.id }, { id: b.id })).toBe(1);
  expect(await statementsOf(task, child, 'create', { title: 'x' })).toBe(1);
  expect(await statementsOf(points, child, 'deduct', { amount: 1, source: 'x' })).toBe(1);
  expect(await statementsOf(lottery, child, 'draw', {})).toBe(1);
  const gift = () => ok(points, null, 'add', { userId: child.userId, amount: 1, source: 'x' }, { token: 'operator-token-of-the-tests' });
  await gift();
  expect(await workOf(gift)).toMatchObject({ statements: 1, prepared: 0 });
});

test('every read is one trip', async () => {
  const child = await newChild(100);
  expect(await statementsOf(task, child, 'list', {})).toBe(1);
  expect(await statementsOf(points, child, 'balance', {})).toBe(1);
  expect(await statementsOf(points, child, 'records', { page: 2 })).toBe(1);
  expect(await statementsOf(points, child, 'records', { type: 'spend', page: 3 })).toBe(1);
  expect(await statementsOf(lottery, child, 'prizes', {})).toBe(1);
  expect(await statementsOf(lottery, child, 'records', { page: 2 })).toBe(1);
});

test('the first read of a day takes two trips: one finds that tasks are due, one creates them and answers', async () => {
  const child = await newChild();
  await ok(task, child.openid, 'list');
  const { statements } = await workOf(() => ok(task, child.openid, 'list', { date: addDays(TODAY, 1) }));
  expect(statements).toBe(2);
});

test('after a prize has changed one draw takes three trips, the next one again', async () => {
  await setPrizes({ name: 'a', probability: 1 });
  const child = await newChild(100);
  await ok(lottery, child.openid, 'draw');
  await setPrizes({ name: 'b', probability: 1 });
  expect((await workOf(() => ok(lottery, child.openid, 'draw'))).statements).toBe(3);
  expect((await workOf(() => ok(lottery, child.openid, 'draw'))).statements).toBe(1);
});

test('a page reads about as many rows as it shows, however long the ledger and however deep the page', async () => {
  await setPrizes({ name: 'a', probability: 1 });
  const child = await newChild(10_000);
  for (let count = 0; count < 150; count += 1) await ok(lottery, child.openid, 'draw');
  const pages: [Main, object][] = [
    [points, { limit: 10 }],
    [points, { limit: 10, page: 12 }],
    [points, { limit: 10, cursor: '77' }],
    [lottery, { limit: 10, cursor: '77' }],
  ];
  for (const [main, input] of pages) {
    await ok(main, child.openid, 'records', input);
    const { rowsRead } = await workOf(() => ok(main, child.openid, 'records', input));
    expect(rowsRead, JSON.stringify(input)).toBeLessThan(60);
  }
});
