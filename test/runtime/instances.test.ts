import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { main as points } from '../../functions/points/index';
import { type LimitName, limits } from '../../shared/contract';
import { subjectOf } from '../../shared/runtime/identity';
import { openCache } from '../../shared/runtime/redis';
import { type Instance, startInstance } from '../fakes/instance';
import { type Main, newChild, newOpenid, ok, refused, send } from '../harness';

const counterOf = (openid: string, name: LimitName) => `gd:{${subjectOf(openid)}}:${name}:${limits[name].windows[0]?.windowSeconds ?? 0}`;

let instances: Instance[] = [];

/** Until its calls are counted in Redis: a process that starts on a busy machine may miss the time for its first connection. */
async function warm(instance: Instance): Promise<void> {
  await Promise.all([instance.user, instance.diary, instance.login].map((main) => send(main, newOpenid(), 'none')));
  await vi.waitFor(
    async () => {
      const stranger = newOpenid();
      await send(instance.user, stranger, 'profile');
      expect(await openCache().run((redis) => redis.exists(counterOf(stranger, 'read')))).toBe(1);
    },
    { timeout: 50_000, interval: 1_000 },
  );
}

beforeAll(async () => {
  instances = Array.from({ length: 4 }, () => startInstance());
  await Promise.all(instances.map(warm));
});
afterAll(() => {
  for (const instance of instances) instance.stop();
});

const confirm = '注销账号';

/** How many of so many calls, given to the instances in turn, were admitted. */
async function admittedOf(mains: Main[], calls: number, isAtOnce: boolean, input: object = {}): Promise<number> {
  const { openid } = await newChild();
  let admitted = 0;
  const call = async (turn: number) => {
    const main = mains[turn % mains.length];
    const answer = main && (await send(main, openid, 'update', input));
    if (answer && (answer.success || answer.error.code !== 'RATE_LIMITED')) admitted += 1;
  };
  if (isAtOnce) await Promise.all(Array.from({ length: calls }, (_, turn) => call(turn)));
  else for (let turn = 0; turn < calls; turn += 1) await call(turn);
  return admitted;
}

describe.each([2, 4])('%i processes', (count) => {
  test.each([
    ['in turn', false],
    ['at once', true],
  ])('%s: each process beyond the first admits at most one call more than the limit', async (_, isAtOnce) => {
    const max = limits.write.windows[0]?.max ?? 0;
    const mains = instances.slice(0, count).map(({ user }) => user);
    const admitted = await admittedOf(mains, max + 40, isAtOnce);
    expect(admitted).toBeLessThanOrEqual(max + count - 1);
    expect(admitted).toBeGreaterThanOrEqual(max - 7 * (count - 1));
  });
});

test('a logout stops its tokens at once on every instance, for reads, writes and another logout', async () => {
  const { openid, token } = await newChild();
  const [first, ...others] = instances;
  for (const { user, diary } of instances) {
    await ok(user, null, 'profile', {}, { token });
    await ok(diary, null, 'list', {}, { token });
  }
  const requestId = `logout-${openid}`;
  await ok(first?.login ?? points, null, 'logout', {}, { token, requestId });
  for (const { user, diary, login } of [...others, ...instances]) {
    for (const [main, action] of [
      [user, 'profile'],
      [diary, 'list'],
      [login, 'refresh'],
      [login, 'logout'],
    ] as const) {
      expect([action, (await refused(main, null, action, {}, { token, requestId })).code]).toEqual([action, 'UNAUTHENTICATED']);
    }
  }
  // WeChat's door proves the child by itself.
  for (const { user } of instances) await ok(user, openid, 'profile');
});

test('an erasure stops openid and tokens at once on every instance, also for the same request again', async () => {
  const { openid, token } = await newChild();
  const [first, ...others] = instances;
  for (const { user } of instances) await ok(user, openid, 'profile');
  const requestId = `erase-${openid}`;
  await ok(first?.user ?? points, openid, 'erase', { confirm }, { requestId });
  for (const { user, diary } of [...others, ...instances]) {
    expect((await refused(user, openid, 'profile')).code).toBe('UNAUTHENTICATED');
    expect((await refused(diary, openid, 'create', { date: '2025-01-22', content: 'x' })).code).toBe('UNAUTHENTICATED');
    expect((await refused(user, null, 'profile', {}, { token })).code).toBe('UNAUTHENTICATED');
  }
  expect((await refused(first?.user ?? points, openid, 'erase', { confirm }, { requestId })).code).toBe('UNAUTHENTICATED');
});

test('erased and signed up again on one instance: all others serve the new account', async () => {
  const { openid, userId } = await newChild();
  for (const { user, diary } of instances) {
    await ok(user, openid, 'profile');
    await ok(diary, openid, 'list');
  }
  const [first] = instances;
  await ok(first?.user ?? points, openid, 'erase', { confirm });
  const { userInfo } = await ok(first?.login ?? points, openid, 'login');
  expect(userInfo.id).not.toBe(userId);
  await ok(first?.diary ?? points, openid, 'create', { date: '2025-01-22', content: '新的' });
  for (const { user, diary } of instances) {
    expect((await ok(user, openid, 'profile')).id).toBe(userInfo.id);
    expect((await ok(diary, openid, 'list')).total).toBe(1);
  }
});

describe('an instance that is frozen and wakes', () => {
  test('does not use prepaid calls of a window that ended meanwhile', async () => {
    const { openid } = await newChild();
    const [instance] = instances;
    if (!instance) throw new Error('no instance');
    const counter = counterOf(openid, 'read');
    await openCache().run((redis) => redis.set(counter, 1, 'PX', 600));
    await ok(instance.user, openid, 'profile');
    expect(await openCache().run((redis) => redis.get(counter))).toBe('8');
    instance.freeze();
    await wait(800);
    expect(await openCache().run((redis) => redis.exists(counter))).toBe(0);
    instance.wake();
    await ok(instance.user, openid, 'profile');
    expect(await openCache().run((redis) => redis.get(counter))).toBe('7');
  });

  test('in the middle of a call, answers it and counts on', async () => {
    const { openid } = await newChild();
    const instance = instances[1];
    if (!instance) throw new Error('no instance');
    await ok(instance.user, openid, 'update', {});
    const calls = Array.from({ length: 6 }, () => send(instance.user, openid, 'update', {}));
    instance.freeze();
    await wait(1_500);
    instance.wake();
    for (const answer of await Promise.all(calls)) expect(answer.success).toBe(true);
    const codes = [];
    for (let n = 0; n < 60; n += 1) codes.push((await send(instance.user, openid, 'update', {})).success);
    expect(codes.filter(Boolean).length).toBeLessThanOrEqual(60);
    expect(codes.at(-1)).toBe(false);
  });
});
