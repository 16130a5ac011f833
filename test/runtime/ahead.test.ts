import { expect, onTestFinished, test, vi } from 'vitest';
import { main as ai } from '../../functions/ai';
import { main as diary } from '../../functions/diary';
import { main as login } from '../../functions/login';
import { main as lottery } from '../../functions/lottery';
import { main as points } from '../../functions/points';
import { main as sync } from '../../functions/sync';
import { main as task } from '../../functions/task';
import { main as user } from '../../functions/user';
import { type LimitName, limits } from '../../shared/contract';
import { subjectOf } from '../../shared/runtime/identity';
import { admit, admitAhead } from '../../shared/runtime/rate-limit';
import { openCache } from '../../shared/runtime/redis';
import { freshInstance } from '../fresh';
import { accessLines, type Main, newChild, newOpenid, ok, refused, send, TODAY } from '../harness';

/** How often each call went to Redis. */
const tripsOf = async (run: () => Promise<unknown>): Promise<number[]> => (await accessLines(run)).map(({ redis }) => redis.trips);

const inTurn = async (times: number, call: () => Promise<unknown>): Promise<void> => {
  for (let turn = 0; turn < times; turn += 1) await call();
};

const countedFor = (openid: string, name: LimitName) =>
  openCache().run((redis) => redis.get(`gd:{${subjectOf(openid)}}:${name}:${limits[name][0]?.windowSeconds}`));

test('whom one instance alone has served is let in eight times without asking, and is counted for them with the next', async () => {
  const { openid } = await newChild();
  const trips = await tripsOf(() => inTurn(23, () => ok(user, openid, 'profile')));
  expect(trips).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
  expect(await countedFor(openid, 'read')).toBe('22');
});

test.each<[LimitName, Main, string, object, number]>([
  ['read', points, 'balance', {}, 120],
  ['write', user, 'update', {}, 60],
  ['draw', lottery, 'draw', {}, 10],
  ['points', points, 'deduct', { amount: 1, source: '冰淇淋' }, 20],
])('%s: an instance lets in the limit and not one more', async (_, main, action, input, max) => {
  const { openid } = await newChild();
  const codes: string[] = [];
  await inTurn(max + 5, async () => {
    const answer = await send(main, openid, action, input);
    codes.push(answer.success ? 'OK' : answer.error.code);
  });
  expect(codes.lastIndexOf('RATE_LIMITED')).toBe(max + 4);
  expect(codes.indexOf('RATE_LIMITED')).toBe(max);
  // One that was refused for another reason, for want of points, was let in all the same.
  expect(codes.slice(0, max)).not.toContain('RATE_LIMITED');
});

test('several instances together let in the limit and not one more, in turn or at once', async () => {
  const instances = await Promise.all([1, 2, 3].map(() => freshInstance({})));
  const codes: string[] = [];
  const call = async (openid: string, turn: number) => {
    const answer = await send(instances[turn % 3]?.user ?? user, openid, 'profile');
    codes.push(answer.success ? 'OK' : answer.error.code);
  };
  const [{ openid: first }, { openid: second }] = [await newChild(), await newChild()];
  for (let turn = 0; turn < 125; turn += 1) await call(first, turn);
  for (let batch = 0; batch < 13; batch += 1) await Promise.all(Array.from({ length: 10 }, (_, turn) => call(second, turn)));
  expect(codes.filter((code) => code === 'RATE_LIMITED').length).toBe(5 + 10);
});

test('when a caller moves on to other instances, at most eight calls stay uncounted', async () => {
  const { openid } = await newChild();
  await inTurn(12, () => ok(user, openid, 'profile'));
  const elsewhere = await freshInstance({});
  const answers: boolean[] = [];
  await inTurn(120, async () => answers.push((await send(elsewhere.user, openid, 'profile')).success));
  expect(answers.filter(Boolean).length).toBe(120 - 12 + 8);
});

test('what was let in ahead is not charged to a window that begins later', async () => {
  const subject = newOpenid();
  await inTurn(4, () => admit(openCache(), subject, 'draw'));
  expect([admitAhead(subject, 'draw'), admitAhead(subject, 'draw')]).toEqual([true, false]);
  await openCache().run((redis) => redis.del(`gd:{${subject}}:draw:60`));
  await admit(openCache(), subject, 'draw');
  expect(await openCache().run((redis) => redis.mget(`gd:{${subject}}:draw:60`, `gd:{${subject}}:draw:86400`))).toEqual(['1', '6']);
});

test('nobody is let in ahead for long', async () => {
  const { openid } = await newChild();
  await inTurn(4, () => ok(user, openid, 'profile'));
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  expect(await tripsOf(() => ok(user, openid, 'profile'))).toEqual([1]);
});

test('a token is looked up at every call', async () => {
  const { openid, token } = await newChild();
  await ok(user, openid, 'profile');
  expect(await tripsOf(() => inTurn(5, () => ok(user, null, 'profile', {}, { token })))).toEqual([1, 1, 1, 1, 1]);
});

test('what costs money, or can be done but a few times, is counted before', async () => {
  const subject = newOpenid();
  for (const name of Object.keys(limits) as LimitName[]) {
    await inTurn(4, () => admit(openCache(), subject, name));
    expect([name, admitAhead(subject, name)]).toEqual([name, ['read', 'write', 'draw', 'points'].includes(name)]);
  }
});

/** What a child may do, as the contracts say, where calls are let in ahead. */
const actions = Object.entries({ login, user, diary, task, points, lottery, ai, sync }).flatMap(([name, main]) =>
  Object.entries(main.actions)
    .filter(([, { contract }]) => contract.access === 'user' && ['read', 'write', 'draw', 'points'].includes(contract.limit))
    .map(([action, { contract }]): [string, Main, string, LimitName, object] => [
      `${name}.${action}`,
      main,
      action,
      contract.limit,
      contract.example,
    ]),
);

test.each(actions)('%s: an account that was erased elsewhere is gone here at once', async (_, main, action, limit, example) => {
  const { openid } = await newChild();
  const warm: Record<string, [Main, string, object]> = {
    read: [user, 'profile', {}],
    write: [user, 'update', {}],
    draw: [lottery, 'draw', {}],
    points: [points, 'deduct', { amount: 1, source: '冰淇淋' }],
  };
  const [first, verb, input] = warm[limit] ?? [user, 'profile', {}];
  await inTurn(4, () => send(first, openid, verb, input));
  const elsewhere = await freshInstance({});
  await ok(elsewhere.user, openid, 'erase', { confirm: '注销账号' });

  expect((await refused(main, openid, action, example)).code).toBe('UNAUTHENTICATED');
});

test('an account that was made anew elsewhere is met at once', async () => {
  const { openid, userId } = await newChild();
  await ok(diary, openid, 'create', { date: TODAY, content: '旧的' });
  await inTurn(4, () => ok(diary, openid, 'list'));
  const elsewhere = await freshInstance({});
  await ok(elsewhere.user, openid, 'erase', { confirm: '注销账号' });
  await ok(elsewhere.login, openid, 'login');
  await ok(elsewhere.diary, openid, 'create', { date: TODAY, content: '新的' });

  const { diaries, total } = await ok(diary, openid, 'list');
  expect([total, diaries.map((each: { content: string }) => each.content)]).toEqual([1, ['新的']]);
  expect((await ok(user, openid, 'profile')).id).toBeGreaterThan(userId);
});
