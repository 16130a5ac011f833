import { describe, expect, test } from 'vitest';
import { http, newChild, ok, refused, select, send, TODAY } from '../../test/harness';
import { main as diary } from '../diary/index';
import { main as login } from '../login/index';
import { main } from './index';

const update = (openid: string, input: object) => ok(main, openid, 'update', input);

describe('the profile', () => {
  test('of a newcomer is empty and complete', async () => {
    const { openid, userId } = await newChild();
    expect(await ok(main, openid, 'profile')).toEqual({
      id: userId,
      openid,
      nickname: '',
      avatar: '',
      points: 0,
      totalDiaries: 0,
      continuousDays: 0,
      longestStreak: 0,
      lastDiaryDate: null,
      settings: { aiEnabled: true, taskApproval: 'none', shareDiary: false },
      createdAt: '2025-01-22T04:00:00.000Z',
    });
  });

  test('is answered the same by update as by profile', async () => {
    const { openid } = await newChild();
    await ok(diary, openid, 'create', { date: TODAY, content: 'x' });
    const updated = await update(openid, { nickname: '小明' });
    expect(updated).toEqual(await ok(main, openid, 'profile'));
    expect(updated).toMatchObject({ nickname: '小明', points: 5, totalDiaries: 1, continuousDays: 1, lastDiaryDate: TODAY });
    expect((await ok(login, openid, 'login')).userInfo).toMatchObject({ nickname: '小明', points: 5 });
  });
});

describe('an update', () => {
  test('leaves what is absent, clears what is empty and merges settings', async () => {
    const { openid, userId } = await newChild();
    const avatar = `cloud://env.x/users/${userId}/me.png`;
    await update(openid, { nickname: '  小明😀 ', avatar, settings: { aiEnabled: false } });
    expect(await update(openid, {})).toMatchObject({ nickname: '小明😀', avatar, settings: { aiEnabled: false } });
    expect(await update(openid, { settings: {} })).toMatchObject({ settings: { aiEnabled: false } });
    expect(await update(openid, { nickname: '' })).toMatchObject({ nickname: '', avatar, settings: { aiEnabled: false } });
    expect(await update(openid, { avatar: '', settings: { aiEnabled: true } })).toMatchObject({
      avatar: '',
      settings: { aiEnabled: true },
    });
  });

  test('keeps settings that this version does not know', async () => {
    const { openid, userId } = await newChild();
    await select(`UPDATE users SET settings = JSON_OBJECT('aiEnabled', TRUE, 'later', 'kept') WHERE id = ?`, [userId]);
    await update(openid, { settings: { aiEnabled: false } });
    expect(await select('SELECT settings FROM users WHERE id = ?', [userId])).toEqual([{ settings: { aiEnabled: false, later: 'kept' } }]);
  });

  test('repeated answers the profile as it is now; with other content it is refused', async () => {
    const { openid } = await newChild();
    await send(main, openid, 'update', { nickname: '一' }, { requestId: 'nickname' });
    const later = await update(openid, { nickname: '二' });
    expect(await ok(main, openid, 'update', { nickname: '一' }, { requestId: 'nickname' })).toEqual(later);
    expect((await ok(main, openid, 'profile')).nickname).toBe('二');
    expect((await refused(main, openid, 'update', { nickname: '三' }, { requestId: 'nickname' })).code).toBe('IDEMPOTENCY_MISMATCH');
  });

  test('moves the user’s rev by one each time, also when many come at once', async () => {
    const { openid, userId } = await newChild();
    await Promise.all(Array.from({ length: 20 }, (_, index) => update(openid, { nickname: `${index}` })));
    expect(await select('SELECT rev FROM users WHERE id = ?', [userId])).toEqual([{ rev: 20 }]);
  });

  const wrong: [object, string][] = [
    [{ nickname: 'n'.repeat(51) }, 'nickname'],
    [{ nickname: 'a\u0000b' }, 'nickname'],
    [{ nickname: null }, 'nickname'],
    [{ avatar: 'http://tmp/a.png' }, 'avatar'],
    [{ avatar: 'cloud://env.x/users/1/../2/a.png' }, 'avatar'],
    [{ avatar: `https://mmbiz.qpic.cn/${'a'.repeat(500)}` }, 'avatar'],
    [{ settings: { aiEnabled: 'yes' } }, 'settings.aiEnabled'],
    [{ settings: { admin: true } }, 'settings.admin'],
    [{ settings: null }, 'settings'],
    ...[
      'id',
      'openid',
      'points',
      'points_seq',
      'rev',
      'status',
      'token_epoch',
      'total_diaries',
      'totalDiaries',
      'continuousDays',
      'createdAt',
      'avatar_url',
      'userId',
    ].map((field): [object, string] => [{ [field]: 1 }, field]),
  ];
  test.each(wrong)('%j is refused at its field and changes nothing', async (input, path) => {
    const { openid, userId } = await newChild();
    const before = await select('SELECT * FROM users WHERE id = ?', [userId]);
    expect(await refused(main, openid, 'update', input)).toMatchObject({ code: 'INVALID_INPUT', details: [{ path }] });
    expect(await select('SELECT * FROM users WHERE id = ?', [userId])).toEqual(before);
  });

  test('fifty characters of four bytes fit, and come back over HTTP as well', async () => {
    const { openid, token } = await newChild();
    const nickname = '𠮷'.repeat(50);
    expect(await update(openid, { nickname })).toMatchObject({ nickname });
    const { status, body } = await http(main, 'PUT', '/api/user/profile', { token, body: { avatar: 'https://thirdwx.qlogo.cn/a/132' } });
    expect([status, body.data.nickname, body.data.avatar]).toEqual([200, nickname, 'https://thirdwx.qlogo.cn/a/132']);
  });
});
