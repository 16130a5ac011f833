import { expect, inject, onTestFinished, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as login } from '../../functions/login/index';
import { main as user } from '../../functions/user/index';
import { startTcpProxy } from '../fakes/tcp-proxy';
import { freshInstance } from '../fresh';
import { accessLines, type Main, newChild, newOpenid, ok, TODAY } from '../harness';

interface Trips {
  mysql: number;
  redis: number;
}

async function tripsOf(run: () => Promise<unknown>): Promise<Trips> {
  const [line] = await accessLines(run);
  return { mysql: line?.mysql.trips ?? Number.NaN, redis: line?.redis.trips ?? Number.NaN };
}

const YESTERDAY = '2025-01-21';

type Case = [string, Main, string, (ids: { id: number; version: number }) => object, number];
const cases: Case[] = [
  ['login of a known user', login, 'login', () => ({}), 1],
  ['refresh', login, 'refresh', () => ({}), 1],
  ['logout', login, 'logout', () => ({}), 1],
  ['profile', user, 'profile', () => ({}), 1],
  ['update of the profile', user, 'update', () => ({ nickname: 'x' }), 1],
  ['get', diary, 'get', ({ id }) => ({ id }), 1],
  ['the first page', diary, 'list', () => ({}), 1],
  ['a filtered page', diary, 'list', () => ({ month: '2025-01', mood: 'happy' }), 1],
  ['a page by cursor', diary, 'list', () => ({ cursor: TODAY }), 1],
  ['calendar', diary, 'calendar', () => ({ month: '2025-01' }), 1],
  ['stats', diary, 'stats', () => ({}), 1],
  ['create today', diary, 'create', () => ({ date: TODAY, content: 'x' }), 1],
  ['create for a day gone by', diary, 'create', () => ({ date: '2025-01-20', content: 'x' }), 1],
  ['update of the text', diary, 'update', ({ id, version }) => ({ id, version, content: 'y' }), 2],
  ['delete, with a recount', diary, 'delete', ({ id }) => ({ id }), 2],
];

test.each(cases)('%s goes to the database as often as promised, and at most once to Redis', async (_, main, action, input, mysql) => {
  const { openid } = await newChild();
  const { diary: written } = await ok(diary, openid, 'create', { date: YESTERDAY, content: 'x' });
  const trips = await tripsOf(() => ok(main, openid, action, input(written)));
  expect(trips.mysql).toBe(mysql);
  expect(trips.redis).toBeLessThanOrEqual(1);
});

test('a first login takes two round trips', async () => {
  expect((await tripsOf(() => ok(login, newOpenid(), 'login'))).mysql).toBe(2);
});

test('on the wire a read, a profile update and a diary take one round trip each', async () => {
  const proxy = await startTcpProxy(inject('services').admin);
  onTestFinished(proxy.stop);
  const near = await freshInstance({ DB_HOST: '127.0.0.1', DB_PORT: String(proxy.port), DB_POOL: '1' });
  const { openid } = await newChild();
  const requestsOf = async (run: () => Promise<unknown>) => {
    const before = proxy.requests;
    await run();
    return proxy.requests - before;
  };
  const list = () => ok(near.diary, openid, 'list');
  const update = () => ok(near.user, openid, 'update', { nickname: 'x' });
  const write = (date: string) => () => ok(near.diary, openid, 'create', { date, content: 'x' });
  // Once each, so that the statements are prepared.
  for (const warm of [list, update, write('2025-01-20')]) await warm();
  expect([await requestsOf(list), await requestsOf(update), await requestsOf(write(YESTERDAY))]).toEqual([1, 1, 1]);
});
