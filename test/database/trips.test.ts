import { expect, test, vi } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as login } from '../../functions/login/index';
import { main as user } from '../../functions/user/index';
import { type Main, newChild, newOpenid, ok, select, TODAY } from '../harness';

interface Trips {
  mysql: number;
  redis: number;
}

async function tripsOf(run: () => Promise<unknown>): Promise<Trips> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
  try {
    await run();
  } finally {
    spy.mockRestore();
  }
  const line = written
    .join('')
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text))
    .find(({ kind }) => kind === 'access');
  return { mysql: line.mysql.trips, redis: line.redis.trips };
}

const YESTERDAY = '2025-01-21';

type Case = [string, Main, string, (ids: { id: number; version: number }) => object, number];
const cases: Case[] = [
  ['login of a known user', login, 'login', () => ({}), 1],
  ['refresh', login, 'refresh', () => ({}), 0],
  ['logout', login, 'logout', () => ({}), 1],
  ['profile', user, 'profile', () => ({}), 1],
  ['update of the profile', user, 'update', () => ({ nickname: 'x' }), 1],
  ['get', diary, 'get', ({ id }) => ({ id }), 1],
  ['the first page', diary, 'list', () => ({}), 1],
  ['a filtered page', diary, 'list', () => ({ month: '2025-01', mood: 'happy' }), 1],
  ['a page by cursor', diary, 'list', () => ({ cursor: TODAY }), 1],
  ['calendar', diary, 'calendar', () => ({ month: '2025-01' }), 1],
  ['stats', diary, 'stats', () => ({}), 1],
  ['create', diary, 'create', () => ({ date: TODAY, content: 'x' }), 2],
  ['update of the text', diary, 'update', ({ id, version }) => ({ id, version, content: 'y' }), 2],
  ['delete, with a recount', diary, 'delete', ({ id }) => ({ id }), 3],
];

test.each(cases)(
  '%s goes to the database as often as promised, and at most once or twice to Redis',
  async (name, main, action, input, mysql) => {
    const { openid } = await newChild();
    const { diary: written } = await ok(diary, openid, 'create', { date: YESTERDAY, content: 'x' });
    const trips = await tripsOf(() => ok(main, openid, action, input(written)));
    expect(trips.mysql).toBe(mysql);
    expect(trips.redis).toBeLessThanOrEqual(name === 'logout' ? 2 : 1);
  },
);

test('a first login goes twice', async () => {
  expect((await tripsOf(() => ok(login, newOpenid(), 'login'))).mysql).toBe(2);
});

test('the server counts the same: a read is one statement, a write is one CALL', async () => {
  const { openid } = await newChild();
  const executed = async () => {
    const [row] = await select<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'");
    return Number(row?.Value);
  };
  // Another worker's statements are counted as well: the fewest of several tries are ours.
  const fewest = async (run: () => Promise<unknown>) => {
    const counts: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      const before = await executed();
      await run();
      counts.push((await executed()) - before);
    }
    return Math.min(...counts);
  };
  expect(await fewest(() => ok(diary, openid, 'list'))).toBe(1);
  expect(await fewest(() => ok(user, openid, 'update', { nickname: 'x' }))).toBe(1);
});
