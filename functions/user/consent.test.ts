import { describe, expect, test } from 'vitest';
import { newWorld } from '../../test/client/world';
import { newGuarded, PIN } from '../../test/family';
import { configure, newChild, ok, refused, send, TODAY, withoutRateLimits, withSettings } from '../../test/harness';
import { main as diary } from '../diary/index';
import { main as family } from '../family/index';
import { main as points } from '../points/index';
import { main as sync } from '../sync/index';
import { main as task } from '../task/index';
import { main } from './index';

withoutRateLimits();
configure({ consentVersion: '2025-01' });

const items = { diary: true, ai: true, pictures: true };
const consent = { version: '2025-01', relation: 'parent', items };
const picture = 'https://mmbiz.qpic.cn/a.png';

describe('until a guardian agrees', () => {
  test('nothing with words or pictures is stored; reading, exporting and erasing go on', async () => {
    const { openid } = await newChild(10);
    for (const [fn, action, input] of [
      [diary, 'create', { date: TODAY, content: 'x' }],
      [diary, 'recordMood', { mood: 'happy' }],
      [diary, 'append', { content: 'x' }],
      [diary, 'restore', { revisionId: 1 }],
      [main, 'uploadUrl', { contentType: 'image/png', bytes: 1 }],
      [task, 'create', { title: 'x' }],
      [points, 'deduct', { amount: 1, source: 'x' }],
      [main, 'update', { nickname: '小明' }],
      [sync, 'import', {}],
    ] as const)
      expect([action, (await refused(fn, openid, action, input)).code]).toEqual([action, 'CONSENT_REQUIRED']);
    expect(await ok(main, openid, 'consents')).toEqual({ required: '2025-01', isGiven: false, consents: [] });
    await ok(diary, openid, 'list');
    await ok(task, openid, 'complete', { id: (await ok(task, openid, 'list')).tasks[0].id });
    await ok(main, openid, 'export');
    await ok(main, openid, 'erase', { confirm: '注销账号' });
  });

  test('a queued change waits, and what changed is still sent to the phone', async () => {
    const { openid } = await newChild(10);
    const mutation = { mid: 1, type: 'diary.recordMood', args: { date: TODAY, mood: 'happy' }, modifiedAt: `${TODAY}T00:00:00Z` };
    const { results, changes } = await ok(sync, openid, 'sync', { clientId: 'phone-wait', mutations: [mutation] });
    expect(results).toMatchObject([{ mid: 1, status: 'retry', code: 'CONSENT_REQUIRED' }]);
    expect(changes.length).toBeGreaterThan(0);
    await ok(main, openid, 'consent', consent);
    expect((await ok(sync, openid, 'sync', { clientId: 'phone-wait', mutations: [mutation] })).results).toMatchObject([
      { mid: 1, status: 'applied', points: 15 },
    ]);
  });

  test('the SDK keeps what the child writes and sends it after the consent', async () => {
    const { openid, phone } = newWorld();
    const app = phone().start();
    expect(await app.diary.create({ date: TODAY, content: '先写下来' })).toMatchObject({ pending: true });
    expect((await app.diary.list()).diaries).toMatchObject([{ content: '先写下来', pending: true }]);
    expect((await ok(diary, openid, 'list')).diaries).toEqual([]);
    await app.user.consent({ version: '2025-01', relation: 'parent', items: { diary: true, ai: false, pictures: true } });
    await app.sync.now();
    expect((await ok(diary, openid, 'list')).diaries).toMatchObject([{ content: '先写下来' }]);
    expect(app.sync.status()).toMatchObject({ pending: 0, setAside: 0 });
  });
});

describe('a consent', () => {
  test('is recorded with relation, items and time, and can set the first PIN', async () => {
    const { openid } = await newChild();
    expect(await ok(main, openid, 'consent', { ...consent, pin: PIN })).toEqual(consent);
    await ok(family, openid, 'unlock', { pin: PIN });
    await ok(diary, openid, 'create', { date: TODAY, content: 'x', images: [picture] });
    const given = { ...consent, createdAt: '2025-01-22T04:00:00.000Z' };
    expect(await ok(main, openid, 'consents')).toEqual({ required: '2025-01', isGiven: true, consents: [given] });
  });

  test('of an account with a PIN is the guardian’s', async () => {
    const { openid, guardianToken } = await newGuarded();
    expect((await refused(main, openid, 'consent', consent)).code).toBe('GUARDIAN_REQUIRED');
    await ok(main, openid, 'consent', consent, { guardianToken });
  });

  test('to an older text does not count: a new version asks again and lets reading go on', async () => {
    const { openid } = await newChild();
    await ok(main, openid, 'consent', consent);
    await ok(diary, openid, 'create', { date: TODAY, content: 'x' });
    await withSettings({ consentVersion: '2026-01' }, async () => {
      expect((await refused(diary, openid, 'create', { date: '2025-01-21', content: 'x' })).code).toBe('CONSENT_REQUIRED');
      expect((await ok(diary, openid, 'list')).diaries).toHaveLength(1);
      expect(await refused(main, openid, 'consent', consent)).toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'version' }] });
      await ok(main, openid, 'consent', { ...consent, version: '2026-01' });
      await ok(diary, openid, 'create', { date: '2025-01-21', content: 'x' });
    });
  });

  test('without pictures stores words and refuses pictures, for good when they were queued', async () => {
    const { openid } = await newChild();
    await ok(main, openid, 'consent', { ...consent, items: { ...items, pictures: false } });
    const day = { date: TODAY, content: 'x', mood: '', weather: '', images: [picture], tags: [], isDraft: false };
    expect(await refused(diary, openid, 'create', day)).toMatchObject({ code: 'CONSENT_REQUIRED', details: { item: 'pictures' } });
    const mutations = [{ mid: 1, type: 'diary.put', args: day, modifiedAt: `${TODAY}T00:00:00Z` }];
    expect((await ok(sync, openid, 'sync', { clientId: 'phone-pics', mutations })).results).toMatchObject([
      { status: 'rejected', code: 'CONSENT_REQUIRED' },
    ]);
    await ok(diary, openid, 'create', { ...day, images: [] });
  });

  test('without the AI switches it off, also when it was on, and it cannot be switched on elsewhere', async () => {
    const { openid } = await newChild();
    await ok(main, openid, 'consent', consent);
    expect((await ok(main, openid, 'profile')).settings.aiEnabled).toBe(true);
    await ok(main, openid, 'consent', { ...consent, items: { ...items, ai: false } });
    expect((await ok(main, openid, 'profile')).settings.aiEnabled).toBe(false);
    expect(await refused(main, openid, 'update', { settings: { aiEnabled: true } })).toMatchObject({
      code: 'CONSENT_REQUIRED',
      details: { item: 'ai' },
    });
  });

  test.each([
    ['without words', { ...consent, items: { ...items, diary: false } }, 'items.diary'],
    ['of an unknown relation', { ...consent, relation: 'friend' }, 'relation'],
    ['with a PIN of five digits', { ...consent, pin: '12345' }, 'pin'],
    ['to an unknown version', { ...consent, version: 'x' }, 'version'],
  ])('%s is a field error and nothing is recorded', async (_, input, path) => {
    const { openid } = await newChild();
    expect(await refused(main, openid, 'consent', input)).toMatchObject({ code: 'INVALID_INPUT', details: [{ path }] });
    expect((await ok(main, openid, 'consents')).consents).toEqual([]);
  });
});

test('nothing is asked for while CONSENT_VERSION is not set', async () => {
  const { openid } = await newChild();
  await withSettings({ consentVersion: null }, async () => {
    expect(await ok(main, openid, 'consents')).toEqual({ required: null, isGiven: true, consents: [] });
    expect((await send(diary, openid, 'create', { date: TODAY, content: 'x' })).success).toBe(true);
  });
});
