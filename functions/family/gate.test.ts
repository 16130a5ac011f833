import { describe, expect, test } from 'vitest';
import { guarded, newGuarded, PIN, unlocked } from '../../test/family';
import { http, NOON, newChild, ok, refused, select, send, withoutRateLimits } from '../../test/harness';
import { main as login } from '../login/index';
import { main as sync } from '../sync/index';
import { main as user } from '../user/index';
import { main } from './index';

withoutRateLimits();

const at = (minutes: number) => ({ now: new Date(Date.parse(NOON) + minutes * 60_000).toISOString() });
const unlock = (openid: string, pin: string, minutes = 0) => send(main, openid, 'unlock', { pin }, at(minutes));
const wrongPin = (openid: string, minutes = 0) => refused(main, openid, 'unlock', { pin: '000000' }, at(minutes));
const invites = (openid: string, guardianToken?: string, now?: string) =>
  send(main, openid, 'invite', {}, { ...(guardianToken !== undefined && { guardianToken }), ...(now !== undefined && { now }) });
const codeOf = async (answer: ReturnType<typeof send>): Promise<string> => {
  const envelope = await answer;
  return envelope.success ? 'OK' : envelope.error.code;
};

describe('a PIN', () => {
  test('is set at once on an account that has none, and changed only with the old one', async () => {
    const { openid } = await newChild();
    expect(await ok(main, openid, 'setPin', { pin: PIN })).toEqual({ hasPin: true, resetAt: null });
    expect((await refused(main, openid, 'setPin', { pin: '111111' })).code).toBe('PIN_INVALID');
    expect((await refused(main, openid, 'setPin', { pin: '111111', old: '222222' })).code).toBe('PIN_INVALID');
    await ok(main, openid, 'setPin', { pin: '111111', old: PIN });
    expect((await refused(main, openid, 'unlock', { pin: PIN })).code).toBe('PIN_INVALID');
    await ok(main, openid, 'unlock', { pin: '111111' });
  });

  test('sent again after a lost answer is set once', async () => {
    const { openid } = await newChild();
    await ok(main, openid, 'setPin', { pin: PIN });
    expect(await ok(main, openid, 'setPin', { pin: PIN })).toEqual({ hasPin: true, resetAt: null });
  });

  test('set 16 times at once with different digits leaves one that works', async () => {
    const { openid } = await newChild();
    const pins = Array.from({ length: 16 }, (_, index) => String(100_000 + index));
    const codes = await Promise.all(pins.map((pin) => codeOf(send(main, openid, 'setPin', { pin }))));
    expect(codes.filter((code) => code === 'OK')).toHaveLength(1);
    expect(await codeOf(unlock(openid, pins[codes.indexOf('OK')] ?? '', 60 * 25))).toBe('OK');
  });

  test.each(['12345', '1234567', 'abcdef', '12345６', ''])('%j is a field error', async (pin) => {
    const { openid } = await newChild();
    expect(await refused(main, openid, 'setPin', { pin })).toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'pin' }] });
  });

  test('is stored neither in plain text nor in any request', async () => {
    const child = await newGuarded();
    const [gate] = await select<{ pin_hash: Buffer }>('SELECT pin_hash FROM guardian_gates WHERE user_id = ?', [child.userId]);
    expect(gate?.pin_hash).toHaveLength(32);
    expect(await select('SELECT 1 FROM requests WHERE user_id = ?', [child.userId])).toEqual([]);
  });
});

describe('wrong PINs', () => {
  test('lock the gate after five for 15 minutes, then for twice as long each time, for a day at most', async () => {
    const { openid } = await newGuarded();
    let minutes = 0;
    for (const lockMinutes of [15, 30, 60, 120, 240, 480, 960, 1_440, 1_440]) {
      for (let wrong = 1; wrong < 5; wrong += 1) expect(await wrongPin(openid, minutes)).not.toHaveProperty('retryAfter');
      expect(await wrongPin(openid, minutes)).toMatchObject({ code: 'PIN_INVALID', retryAfter: lockMinutes * 60 });
      minutes += lockMinutes;
      expect(await refused(main, openid, 'unlock', { pin: PIN }, at(minutes - 1))).toMatchObject({ code: 'PIN_INVALID', retryAfter: 60 });
    }
    await ok(main, openid, 'unlock', { pin: PIN }, at(minutes));
    expect(await wrongPin(openid, minutes)).not.toHaveProperty('retryAfter');
  });

  test('64 at once are compared five times in all', async () => {
    const { openid } = await newGuarded();
    const answers = await Promise.all(Array.from({ length: 64 }, () => wrongPin(openid)));
    expect(answers.filter(({ retryAfter }) => retryAfter === undefined)).toHaveLength(4);
    expect((await refused(main, openid, 'unlock', { pin: PIN })).code).toBe('PIN_INVALID');
  });

  test('are counted for setPin and cancelReset as well', async () => {
    const { openid } = await newGuarded();
    await refused(main, openid, 'setPin', { pin: '111111', old: '000000' });
    await refused(main, openid, 'cancelReset', { pin: '000000' });
    for (let wrong = 0; wrong < 2; wrong += 1) await wrongPin(openid);
    expect(await wrongPin(openid)).toMatchObject({ retryAfter: 900 });
  });

  test('are reset by the right PIN', async () => {
    const { openid } = await newGuarded();
    for (let wrong = 0; wrong < 4; wrong += 1) await wrongPin(openid);
    await ok(main, openid, 'unlock', { pin: PIN });
    for (let wrong = 0; wrong < 4; wrong += 1) expect(await wrongPin(openid)).not.toHaveProperty('retryAfter');
  });
});

describe('a guardian token', () => {
  test('opens guardian actions for 15 minutes', async () => {
    const { openid, guardianToken } = await newGuarded();
    expect(await codeOf(invites(openid))).toBe('GUARDIAN_REQUIRED');
    expect(await codeOf(invites(openid, guardianToken))).toBe('OK');
    expect(await codeOf(invites(openid, guardianToken, at(14).now))).toBe('OK');
    expect(await codeOf(invites(openid, guardianToken, at(16).now))).toBe('GUARDIAN_REQUIRED');
  });

  test('is sent as X-Guardian-Token over HTTP', async () => {
    const { token, guardianToken } = await newGuarded();
    expect((await http(main, 'POST', '/api/family/invite', { token })).status).toBe(403);
    expect((await http(main, 'POST', '/api/family/invite', { token, headers: { 'x-guardian-token': guardianToken } })).status).toBe(200);
  });

  test('of one child opens nothing for another', async () => {
    const [alice, bob] = [await newGuarded(), await newGuarded()];
    expect(await codeOf(invites(bob.openid, alice.guardianToken))).toBe('GUARDIAN_REQUIRED');
  });

  test.each(['lock', 'setPin', 'resetPin'])('is void after %s', async (action) => {
    const { openid, guardianToken } = await newGuarded();
    await ok(main, openid, action, action === 'setPin' ? { pin: '111111', old: PIN } : {});
    expect(await codeOf(invites(openid, guardianToken))).toBe('GUARDIAN_REQUIRED');
  });

  test('is void after a logout, and a sign-in token is none', async () => {
    const { openid, token, guardianToken } = await newGuarded();
    expect(await codeOf(invites(openid, token))).toBe('GUARDIAN_REQUIRED');
    expect(await codeOf(send(user, null, 'profile', {}, { token: guardianToken }))).toBe('UNAUTHENTICATED');
    await ok(login, openid, 'logout');
    expect(await codeOf(invites(openid, guardianToken))).toBe('GUARDIAN_REQUIRED');
  });

  test.each(['x', 'a.b.c', '{}'])('%j is none', async (guardianToken) => {
    const { openid } = await newGuarded();
    expect(await codeOf(invites(openid, guardianToken))).toBe('GUARDIAN_REQUIRED');
  });
});

describe('as long as no PIN is set', () => {
  test('guardian actions are closed and say so', async () => {
    const { openid } = await newChild();
    expect(await refused(main, openid, 'invite')).toMatchObject({ code: 'GUARDIAN_REQUIRED', details: { hasPin: false } });
    expect((await refused(user, openid, 'update', { settings: { taskApproval: 'own' } })).code).toBe('GUARDIAN_REQUIRED');
    expect((await refused(main, openid, 'unlock', { pin: PIN })).code).toBe('GUARDIAN_REQUIRED');
    expect((await refused(main, openid, 'resetPin')).code).toBe('NOT_FOUND');
  });

  test('export, erase and the AI switch are the child’s own', async () => {
    const { openid } = await newChild();
    await ok(user, openid, 'update', { settings: { aiEnabled: false } });
    await ok(user, openid, 'export');
    await ok(user, openid, 'erase', { confirm: '注销账号' });
  });
});

test('once a PIN is set, export, erase and the AI switch want the guardian; the nickname does not', async () => {
  const child = await newGuarded();
  const { openid, guardianToken } = child;
  await ok(user, openid, 'update', { nickname: '小明' });
  for (const [action, input] of [
    ['export', {}],
    ['erase', { confirm: '注销账号' }],
    ['update', { settings: { aiEnabled: false } }],
  ] as const)
    expect([action, await codeOf(send(user, openid, action, input))]).toEqual([action, 'GUARDIAN_REQUIRED']);
  await ok(user, openid, 'update', { settings: { aiEnabled: false, taskApproval: 'all' } }, { guardianToken });
  expect((await ok(user, openid, 'profile')).settings).toEqual({ aiEnabled: false, taskApproval: 'all', shareDiary: false });
  await ok(user, openid, 'export', {}, { guardianToken });
  await ok(user, openid, 'erase', { confirm: '注销账号' }, { guardianToken });
  expect(await select('SELECT 1 FROM guardian_gates WHERE user_id = ?', [child.userId])).toEqual([]);
});

describe('a forgotten PIN', () => {
  test('stops counting after 24 hours, and asking again does not put that off', async () => {
    const { openid } = await newGuarded();
    const resetAt = '2025-01-23T04:00:00.000Z';
    expect(await ok(main, openid, 'resetPin')).toEqual({ hasPin: true, resetAt });
    expect(await ok(main, openid, 'resetPin', {}, at(60))).toEqual({ hasPin: true, resetAt });
    expect((await refused(main, openid, 'setPin', { pin: '111111' }, at(1_439))).code).toBe('PIN_INVALID');
    expect(await ok(main, openid, 'setPin', { pin: '111111' }, at(1_441))).toEqual({ hasPin: true, resetAt: null });
    await ok(main, openid, 'unlock', { pin: '111111' }, at(1_441));
  });

  test('is shown on the start page meanwhile', async () => {
    const { openid } = await newGuarded();
    expect((await ok(sync, openid, 'home')).family).toMatchObject({ hasPin: true, pinResetAt: null, waitingTasks: 0, openPrizes: [] });
    await ok(main, openid, 'resetPin');
    expect((await ok(sync, openid, 'home')).family.pinResetAt).toBe('2025-01-23T04:00:00.000Z');
    expect((await ok(sync, openid, 'home', {}, at(1_441))).family).toMatchObject({ hasPin: false, pinResetAt: null });
  });

  test('is kept when the reset is cancelled with the right PIN', async () => {
    const child = await newGuarded();
    await ok(main, child.openid, 'resetPin');
    expect((await refused(main, child.openid, 'cancelReset', { pin: '000000' })).code).toBe('PIN_INVALID');
    expect(await ok(main, child.openid, 'cancelReset', { pin: PIN })).toEqual({ hasPin: true, resetAt: null });
    expect(await codeOf(unlock(child.openid, PIN, 1_500))).toBe('OK');
  });

  test('leaves an account without a PIN closed again', async () => {
    const child = await guarded(await newChild());
    await ok(main, child.openid, 'resetPin');
    const { guardianToken } = await unlocked(child);
    expect(await codeOf(invites(child.openid, guardianToken))).toBe('OK');
    expect(await refused(main, child.openid, 'invite', {}, { guardianToken, ...at(1_441) })).toMatchObject({ details: { hasPin: false } });
  });
});
