import { describe, expect, test } from 'vitest';
import { newWorld } from '../../test/client/world';
import { type Child, http, newChild, ok, refused, select, send, TODAY, withoutRateLimits, withSettings } from '../../test/harness';
import { main as points } from '../points/index';
import { main as sync } from '../sync/index';
import { main as user } from '../user/index';
import { main } from './index';

withoutRateLimits();

const moodRows = ({ userId }: Child) => select<{ mood: string }>('SELECT mood FROM moods WHERE user_id = ?', [userId]);
const ledgerOf = ({ userId }: Child) =>
  select<{ amount: number; source_key: string }>('SELECT amount, source_key FROM point_records WHERE user_id = ?', [userId]);

describe('the mood of the day', () => {
  test('pays five points the first time; changing it pays nothing', async () => {
    const { openid } = await newChild();
    expect(await ok(main, openid, 'recordMood', { mood: 'happy' })).toEqual({
      date: TODAY,
      mood: 'happy',
      isFirstRecord: true,
      points: { awarded: 5, balance: 5 },
    });
    expect(await ok(main, openid, 'recordMood', { mood: '想家' })).toEqual({
      date: TODAY,
      mood: '想家',
      isFirstRecord: false,
      points: null,
    });
    expect((await ok(points, openid, 'records')).records).toMatchObject([{ amount: 5, source: '记录心情', relatedType: 'mood' }]);
  });

  test('recorded 64 times at once by two phones pays once', async () => {
    const child = await newChild();
    const moods = ['happy', 'sad'];
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, index) => send(main, child.openid, 'recordMood', { mood: moods[index % 2] })),
    );
    expect(answers.every(({ success }) => success)).toBe(true);
    expect(await ledgerOf(child)).toEqual([{ amount: 5, source_key: `mood:${TODAY}` }]);
    expect(await moodRows(child)).toHaveLength(1);
  });

  test('repeated with the same request id answers its points of the first time, with the mood as it is now', async () => {
    const { openid } = await newChild();
    const first = await send(main, openid, 'recordMood', { mood: 'calm' }, { requestId: 'mood-1' });
    expect(await send(main, openid, 'recordMood', { mood: 'calm' }, { requestId: 'mood-1' })).toEqual(first);
    expect((await refused(main, openid, 'recordMood', { mood: 'sad' }, { requestId: 'mood-1' })).code).toBe('IDEMPOTENCY_MISMATCH');
    await ok(main, openid, 'recordMood', { mood: 'excited' });
    const { points } = await ok(main, openid, 'recordMood', { mood: 'calm' }, { requestId: 'mood-1' });
    expect(await send(main, openid, 'recordMood', { mood: 'calm' }, { requestId: 'mood-1' })).toMatchObject({
      data: { mood: 'excited', points },
    });
  });

  test('comes with the diary of the day wherever that is read, also when it is recorded later', async () => {
    const { openid } = await newChild();
    const { diary: written } = await ok(main, openid, 'create', { date: TODAY, content: 'x', mood: 'calm' });
    const first = await ok(sync, openid, 'sync', { clientId: 'phone-moods' });
    expect(written.moodOfDay).toBeNull();
    await ok(main, openid, 'recordMood', { mood: 'sad' });
    const expected = { id: written.id, version: written.version, mood: 'calm', moodOfDay: 'sad' };
    expect((await ok(main, openid, 'get', { date: TODAY })).diary).toMatchObject(expected);
    expect((await ok(main, openid, 'list')).diaries).toMatchObject([expected]);
    expect((await ok(main, openid, 'search', { q: 'x' })).diaries).toMatchObject([expected]);
    expect((await ok(sync, openid, 'home')).diaries).toMatchObject([expected]);
    expect((await ok(user, openid, 'export')).diaries).toMatchObject([expected]);
    const { changes } = await ok(sync, openid, 'sync', { clientId: 'phone-moods', cursor: first.cursor });
    expect(changes.filter(({ kind }: { kind: string }) => kind === 'diary')).toMatchObject([{ row: expected }]);
    const update = { id: written.id, version: written.version, content: 'x y' };
    expect((await ok(main, openid, 'update', update)).diary).toMatchObject({ mood: 'calm', moodOfDay: 'sad' });
  });

  test('is that of a diary published without one; later neither changes the other', async () => {
    const { openid } = await newChild();
    await ok(main, openid, 'recordMood', { mood: 'happy' });
    const { diary: published } = await ok(main, openid, 'create', { date: TODAY, content: 'x' });
    expect(published).toMatchObject({ mood: 'happy', moodOfDay: 'happy' });
    await ok(main, openid, 'recordMood', { mood: 'sad' });
    expect((await ok(main, openid, 'get', { date: TODAY })).diary).toMatchObject({ mood: 'happy', moodOfDay: 'sad' });
    await ok(main, openid, 'update', { id: published.id, version: published.version, mood: '' });
    expect((await ok(main, openid, 'get', { date: TODAY })).diary).toMatchObject({ mood: '', moodOfDay: 'sad' });
  });

  test('is not put into a draft, and is that of a draft published without one', async () => {
    const { openid } = await newChild();
    await ok(main, openid, 'recordMood', { mood: 'happy' });
    expect((await ok(main, openid, 'create', { date: TODAY, content: 'x', isDraft: true })).diary).toMatchObject({ mood: '' });
    expect((await ok(main, openid, 'create', { date: TODAY, content: 'x' })).diary).toMatchObject({ mood: 'happy', moodOfDay: 'happy' });
    await ok(main, openid, 'recordMood', { date: '2025-01-21', mood: 'happy' });
    const given = { date: '2025-01-21', content: 'x', mood: '' };
    expect((await ok(main, openid, 'create', given)).diary).toMatchObject({ mood: '', moodOfDay: 'happy' });
  });

  test.each([
    ['tomorrow', { date: '2025-01-23', mood: 'happy' }, 'date'],
    ['eight days ago', { date: '2025-01-14', mood: 'happy' }, 'date'],
    ['no day', { date: '2025-02-30', mood: 'happy' }, 'date'],
    ['an empty mood', { mood: ' ' }, 'mood'],
    ['a mood of 21 characters', { mood: '好'.repeat(21) }, 'mood'],
    ['a mood of two lines', { mood: 'a\nb' }, 'mood'],
    ['an amount', { mood: 'happy', points: 100 }, 'points'],
  ])('%s is refused and nothing is stored', async (_, input, path) => {
    const child = await newChild();
    expect(await refused(main, child.openid, 'recordMood', input)).toMatchObject({ code: 'INVALID_INPUT', details: [{ path }] });
    expect(await moodRows(child)).toEqual([]);
    expect(await ledgerOf(child)).toEqual([]);
  });

  test('of a week ago may still be recorded, and is paid', async () => {
    const { openid } = await newChild();
    expect(await ok(main, openid, 'recordMood', { date: '2025-01-15', mood: 'sad' })).toMatchObject({
      date: '2025-01-15',
      points: { awarded: 5 },
    });
  });

  test('pays what MOOD_REWARD says, and nothing at 0', async () => {
    const { openid } = await newChild();
    await withSettings({ moodReward: 0 }, async () => {
      expect(await ok(main, openid, 'recordMood', { mood: 'happy' })).toMatchObject({ isFirstRecord: true, points: null });
    });
  });

  test('can be recorded over HTTP', async () => {
    const { token } = await newChild();
    expect(await http(main, 'POST', '/api/diary/mood', { token, body: { mood: 'happy' } })).toMatchObject({
      status: 200,
      body: { data: { mood: 'happy' } },
    });
  });
});

describe('a recorded mood is seen', () => {
  test('in the calendar, beside the diary’s own mood', async () => {
    const { openid } = await newChild();
    await ok(main, openid, 'recordMood', { mood: 'happy' });
    await ok(main, openid, 'recordMood', { date: '2025-01-21', mood: 'sad' });
    await ok(main, openid, 'create', { date: TODAY, content: '累', mood: 'tired' });
    const { days } = await ok(main, openid, 'calendar', { month: '2025-01' });
    expect(days).toMatchObject([
      { date: '2025-01-21', diaryId: null, mood: 'sad', moodOfDay: 'sad' },
      { date: TODAY, mood: 'tired', moodOfDay: 'happy' },
    ]);
  });

  test('on the start page, in the export and in the change feed', async () => {
    const { openid } = await newChild();
    expect((await ok(sync, openid, 'home')).mood).toBeNull();
    await ok(main, openid, 'recordMood', { mood: 'happy' });
    await ok(main, openid, 'recordMood', { mood: 'excited' });
    const mood = expect.objectContaining({ date: TODAY, mood: 'excited' });
    expect((await ok(sync, openid, 'home')).mood).toEqual(mood);
    expect((await ok(user, openid, 'export')).moods).toEqual([mood]);
    const { changes } = await ok(sync, openid, 'sync', { clientId: 'phone-mood' });
    expect(changes.filter(({ kind }: { kind: string }) => kind === 'mood')).toMatchObject([{ key: TODAY, row: mood }]);
  });
});

describe('on a phone without a network', () => {
  test('a mood is shown, queued for its own day, and paid once it arrives', async () => {
    const { openid, clock, phone } = newWorld();
    const app = phone().start();
    await app.login();
    await app.sync.now();
    app.network(false);
    expect(await app.diary.recordMood({ mood: 'happy' })).toMatchObject({ pending: true, isFirstRecord: true, points: null });
    expect((await app.diary.calendar({ month: '2025-01' })).days).toMatchObject([{ date: TODAY, moodOfDay: 'happy' }]);
    clock.now += 2 * 86_400_000;
    app.network(true);
    await app.sync.now();
    expect((await ok(points, openid, 'balance')).points).toBe(5);
    const { userId } = await app.user.profile().then(({ id }) => ({ userId: id }));
    expect(await select('SELECT mood_date FROM moods WHERE user_id = ?', [userId])).toEqual([{ mood_date: TODAY }]);
  });

  test('with a network the answer says what was paid', async () => {
    const app = newWorld().phone().start();
    expect(await app.diary.recordMood({ mood: 'happy' })).toEqual({
      date: TODAY,
      mood: 'happy',
      isFirstRecord: true,
      points: { awarded: 5, balance: 5 },
    });
    expect(await app.diary.recordMood({ mood: 'sad' })).toMatchObject({ isFirstRecord: false, points: null });
  });

  test('a diary without a mood of its own takes that of the day, and neither changes the other later', async () => {
    const app = newWorld().phone().start();
    await app.diary.recordMood({ mood: 'happy' });
    expect((await app.diary.create({ date: TODAY, content: '今天' })).diary.mood).toBe('happy');
    await app.diary.recordMood({ mood: 'sad' });
    await app.sync.now();
    expect((await app.diary.get({ date: TODAY })).diary?.mood).toBe('happy');
  });
});
