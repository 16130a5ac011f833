import { describe, expect, test } from 'vitest';
import { newChild, ok, refused, select, TODAY, withoutRateLimits } from '../../test/harness';
import { main as user } from '../user/index';
import { main } from './index';

withoutRateLimits();

const YESTERDAY = '2025-01-21';
const create = (openid: string, fields: object = {}) => ok(main, openid, 'create', { date: TODAY, content: '今天', ...fields });
const update = (openid: string, { id, version }: { id: number; version: number }, fields: object) =>
  ok(main, openid, 'update', { id, version, ...fields });
const pointsOf = async (openid: string): Promise<number> => (await ok(user, openid, 'profile')).points;
const fieldOf = async (openid: string, fields: object) =>
  (await refused(main, openid, 'create', { date: TODAY, content: 'x', ...fields })).details;

describe('drafts', () => {
  test('D2: a draft continued and published the same day is one row, counts once and pays once', async () => {
    const { openid, userId } = await newChild();
    const draft = await create(openid, { isDraft: true, mood: 'happy', tags: ['公园'] });
    const longer = await create(openid, { isDraft: true, content: '今天去了公园' });
    expect(longer.diary).toMatchObject({ id: draft.diary.id, mood: 'happy', tags: ['公园'], content: '今天去了公园', isDraft: true });
    const published = await create(openid, { isDraft: false, content: '今天去了公园，很开心' });
    expect(published).toMatchObject({
      diary: { id: draft.diary.id, mood: 'happy', createdAt: draft.diary.createdAt },
      stats: { totalDiaries: 1 },
    });
    expect(published.reward).toEqual({ points: 5, balance: 5 });
    expect(await select('SELECT id FROM diaries WHERE user_id = ?', [userId])).toHaveLength(1);

    const removed = await ok(main, openid, 'delete', { id: draft.diary.id });
    expect(removed).toMatchObject({ deleted: true, stats: { totalDiaries: 0 } });
    const anew = await create(openid);
    expect(anew).toMatchObject({ stats: { totalDiaries: 1 }, reward: null });
    expect(await pointsOf(openid)).toBe(5);
  });

  test('a draft may be empty, a published diary may not', async () => {
    const { openid } = await newChild();
    const { diary } = await create(openid, { content: '', isDraft: true });
    expect(diary.content).toBe('');
    for (const content of ['', '   ', '\n\t']) {
      expect(await fieldOf(openid, { content })).toEqual([{ path: 'content', message: '写点内容再发布吧' }]);
    }
    expect(await refused(main, openid, 'update', { id: diary.id, version: diary.version, isDraft: false })).toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path: 'content' }],
    });
    expect((await ok(main, openid, 'get', { id: diary.id })).diary).toEqual(diary);
  });

  test('INVALID_INPUT says in its message what is wrong with the first field', async () => {
    const { openid } = await newChild();
    const refusal = await refused(main, openid, 'create', { date: TODAY, content: 'x', mood: '很'.repeat(21) });
    expect(refusal).toMatchObject({ code: 'INVALID_INPUT', message: '最多 20 个字', details: [{ path: 'mood', message: '最多 20 个字' }] });
    expect((await refused(main, openid, 'create', { date: '2025-01-23', content: '明天' })).message).toBe('不能写未来的日记');
  });

  test('what is absent stays, what is given empty is cleared', async () => {
    const { openid } = await newChild();
    const { diary } = await create(openid, { mood: 'happy', weather: 'sunny', tags: ['a'] });
    const { diary: cleared } = await update(openid, diary, { mood: '', tags: [] });
    expect(cleared).toMatchObject({ content: '今天', mood: '', weather: 'sunny', tags: [] });
  });
});

describe('one diary a day', () => {
  test('a second diary of a day is refused with the id and version of the first', async () => {
    const { openid } = await newChild();
    const { diary } = await create(openid);
    expect(await refused(main, openid, 'create', { date: TODAY, content: '又一篇' })).toMatchObject({
      code: 'DIARY_EXISTS',
      details: { diary: { id: diary.id, version: diary.version } },
    });
    expect((await ok(main, openid, 'get', { date: TODAY })).diary).toEqual(diary);
  });

  test('a change based on a stale version is refused with the current diary', async () => {
    const { openid } = await newChild();
    const { diary } = await create(openid);
    const { diary: current } = await update(openid, diary, { content: '手机上改的' });
    const conflict = { code: 'VERSION_CONFLICT', details: { current } };
    expect(await refused(main, openid, 'update', { id: diary.id, version: diary.version, content: '平板上改的' })).toMatchObject(conflict);
    expect(await refused(main, openid, 'delete', { id: diary.id, version: diary.version })).toMatchObject(conflict);
    expect((await ok(main, openid, 'get', { id: diary.id })).diary).toEqual(current);
  });

  test('a diary moves to a free date and to one whose diary was deleted, never to an occupied one', async () => {
    const { openid, userId } = await newChild();
    const { diary } = await create(openid);
    const { diary: other } = await create(openid, { date: YESTERDAY });
    expect(await refused(main, openid, 'update', { id: diary.id, version: diary.version, date: YESTERDAY })).toMatchObject({
      code: 'DIARY_EXISTS',
      details: { diary: { id: other.id, version: other.version } },
    });
    const { diary: moved } = await update(openid, diary, { date: '2025-01-10' });
    expect(moved).toMatchObject({ id: diary.id, date: '2025-01-10', content: '今天' });
    expect((await refused(main, openid, 'get', { date: TODAY })).code).toBe('NOT_FOUND');
    expect(
      await select('SELECT deleted_at IS NOT NULL AS dead, content FROM diaries WHERE user_id = ? AND diary_date = ?', [userId, TODAY]),
    ).toEqual([{ dead: 1, content: '' }]);

    await ok(main, openid, 'delete', { id: other.id });
    const { diary: again } = await update(openid, moved, { date: YESTERDAY });
    expect(again).toMatchObject({ id: diary.id, date: YESTERDAY });
    expect((await ok(main, openid, 'list')).diaries).toEqual([again]);
    const { diary: back } = await update(openid, again, { date: TODAY });
    expect(back).toMatchObject({ id: diary.id, date: TODAY });
    expect((await refused(main, openid, 'update', { id: back.id, version: back.version, date: '2025-01-23' })).code).toBe('INVALID_INPUT');
  });

  test('a deleted diary leaves no text behind: not in its row, not in the receipts of its requests', async () => {
    const { openid, userId } = await newChild();
    const { diary } = await create(openid, { content: '秘密', mood: '秘密', tags: ['秘密'] });
    await ok(main, openid, 'delete', { id: diary.id }, { requestId: 'the-deletion' });
    expect(await select('SELECT content, mood, weather, images, tags FROM diaries WHERE user_id = ?', [userId])).toEqual([
      { content: '', mood: '', weather: '', images: [], tags: [] },
    ]);
    const receipts = await select<{ receipt: string }>('SELECT receipt FROM requests WHERE user_id = ?', [userId]);
    expect(receipts).toHaveLength(2);
    for (const { receipt } of receipts) expect(receipt).toMatch(/^[\x20-\x7e]{2,150}$/);
  });

  test('D3: another child’s diary, a deleted one and one never written give the same answer', async () => {
    const { openid } = await newChild();
    const stranger = await newChild();
    await create(openid);
    const { diary } = await create(openid, { date: YESTERDAY });
    const missing = await refused(main, stranger.openid, 'get', { id: 999 });
    for (const id of [diary.id, 999]) {
      expect(await refused(main, stranger.openid, 'get', { id })).toEqual(missing);
      expect(await refused(main, stranger.openid, 'update', { id, version: diary.version, content: 'x' })).toEqual(missing);
      expect(await refused(main, stranger.openid, 'delete', { id })).toEqual(missing);
    }
    expect(await refused(main, stranger.openid, 'get', { date: YESTERDAY })).toEqual(missing);
    await ok(main, openid, 'delete', { id: diary.id });
    expect(await refused(main, openid, 'get', { id: diary.id })).toEqual(missing);
    expect(await refused(main, openid, 'update', { id: diary.id, version: diary.version, content: 'x' })).toEqual(missing);
    expect(await refused(main, openid, 'delete', { id: diary.id })).toEqual(missing);
  });
});

describe('rewards', () => {
  test('a date pays once: not again after deletion, un-publishing, or moving away and back', async () => {
    const { openid } = await newChild();
    let { diary } = await create(openid);
    expect(await pointsOf(openid)).toBe(5);
    await ok(main, openid, 'delete', { id: diary.id });
    ({ diary } = await create(openid));
    ({ diary } = await update(openid, diary, { isDraft: true }));
    ({ diary } = await update(openid, diary, { isDraft: false }));
    ({ diary } = await update(openid, diary, { date: '2025-01-02' }));
    const { reward } = await update(openid, diary, { date: TODAY });
    expect(reward).toBeNull();
    expect(await pointsOf(openid)).toBe(5);
  });

  test('a diary that was published for a day long past earns nothing by being moved to today', async () => {
    const { openid } = await newChild();
    const { diary } = await create(openid, { date: '2025-01-02' });
    expect((await update(openid, diary, { date: TODAY })).reward).toBeNull();
    expect(await pointsOf(openid)).toBe(0);
  });

  test('yesterday pays, the day before does not, nor does an old draft published today', async () => {
    const { openid } = await newChild();
    expect((await create(openid, { date: YESTERDAY })).reward).toEqual({ points: 5, balance: 5 });
    expect((await create(openid, { date: '2025-01-20' })).reward).toBeNull();
    await create(openid, { date: '2025-01-19', isDraft: true });
    expect((await create(openid, { date: '2025-01-19' })).reward).toBeNull();
    expect(await pointsOf(openid)).toBe(5);
  });
});

describe('what may be written', () => {
  test('D6: 10,000 four-byte characters come back as they were, one more is refused', async () => {
    const { openid } = await newChild();
    const content = `${'😀'.repeat(9_999)}𠮷`;
    const { diary } = await create(openid, { content });
    expect(diary.content === content).toBe(true);
    expect((await ok(main, openid, 'get', { id: diary.id })).diary.content === content).toBe(true);
    expect(await fieldOf(openid, { date: YESTERDAY, content: `${content}😀` })).toEqual([{ path: 'content', message: '最多 10000 个字' }]);
  });

  test.each([
    '\'; DROP TABLE diaries; -- " ` \\',
    '100% _under_ %%',
    'a\u0000b',
    '\u202eRTL\u202c \u200f',
    '👨‍👩‍👧‍👦 😀 𠮷',
    'e\u0301 é',
    '  首尾空白\n',
  ])('%j survives unaltered', async (content) => {
    const { openid } = await newChild();
    const { diary } = await create(openid, { content });
    expect(diary.content).toBe(content);
    expect((await ok(main, openid, 'list')).diaries[0].content).toBe(content);
  });

  test.each(['2025-02-30', '2025-1-8', '', '0000-01-01', '20250101', '2025-01-22T00:00:00Z', '1999-12-31', ' 2025-01-20', null, 20250120])(
    '%j is no date to write on',
    async (date) => {
      const { openid } = await newChild();
      expect(await fieldOf(openid, { date })).toMatchObject([{ path: 'date' }]);
    },
  );

  test('2000-01-01 and 29 February are days', async () => {
    const { openid } = await newChild();
    for (const date of ['2000-01-01', '2024-02-29']) expect((await create(openid, { date })).diary.date).toBe(date);
  });

  test.each([
    [{ mood: 'm'.repeat(21) }, 'mood'],
    [{ weather: '天'.repeat(21) }, 'weather'],
    [{ mood: 'a\nb' }, 'mood'],
    [{ tags: ['t'.repeat(21)] }, 'tags.0'],
    [{ tags: Array.from({ length: 21 }, (_, index) => `t${index}`) }, 'tags'],
    [{ tags: ['ok', '  '] }, 'tags.1'],
    [{ tags: 'a' }, 'tags'],
    [{ images: Array.from({ length: 31 }, () => 'https://mmbiz.qpic.cn/a.png') }, 'images'],
    [{ isDraft: 'true' }, 'isDraft'],
    [{ content: 1 }, 'content'],
    [{ points: 5 }, 'points'],
    [{ userId: 1 }, 'userId'],
    [{ createdAt: '2020-01-01T00:00:00Z' }, 'createdAt'],
  ])('%j is refused at its field', async (fields, path) => {
    const { openid } = await newChild();
    expect(await fieldOf(openid, fields)).toMatchObject([{ path }]);
  });

  test('tags are trimmed, composed and kept once each; twenty of twenty characters fit', async () => {
    const { openid } = await newChild();
    const tags = Array.from({ length: 18 }, (_, index) => String.fromCodePoint(0x1f600 + index).repeat(20));
    const { diary } = await create(openid, { tags: [' 周末 ', '周末', ...tags], mood: ' 开心 ', weather: 'e\u0301' });
    expect(diary).toMatchObject({ tags: ['周末', ...tags], mood: '开心', weather: 'é' });
  });

  test('pictures are files of one’s own folder or links on allowed hosts', async () => {
    const { openid, userId } = await newChild();
    const images = [`cloud://env-1.6789-env/users/${userId}/2025/a.jpg`, 'https://mmbiz.qpic.cn/x.png', 'https://a.b.tcb.qcloud.la/x.png'];
    expect((await create(openid, { images })).diary.images).toEqual(images);
  });

  test.each(['http://tmp/abc.jpg', 'wxfile://tmp_abc.jpg', 'http://usr/a.png', 'https://tmp/abc.jpg', 'HTTP://TMP/a.jpg'])(
    'a temporary file (%s) is refused, saying to upload it first',
    async (url) => {
      const { openid } = await newChild();
      expect(await fieldOf(openid, { images: ['https://mmbiz.qpic.cn/x.png', url] })).toEqual([
        { path: 'images.1', message: '这是临时文件，请先上传图片' },
      ]);
    },
  );

  test.each([
    'cloud://env.x/users/2147483647/a.jpg',
    'cloud://env.x/users/ME/../2147483647/a.jpg',
    'cloud://env.x/users/ME0/a.jpg',
    'cloud://env.x/other/users/ME/a.jpg',
    'cloud:///users/ME/a.jpg',
    'http://mmbiz.qpic.cn/x.png',
    'https://evil.example/x.png',
    'https://mmbiz.qpic.cn.evil.example/x.png',
    'https://eviltcb.qcloud.la/x.png',
    'https://user@mmbiz.qpic.cn/x.png',
    'https://:secret@mmbiz.qpic.cn/x.png',
    'https://mmbiz.qpic.cn:8443/x.png',
    'https://mmbiz.qpic.cn\\@evil.example/x.png',
    'ht\ntps://mmbiz.qpic.cn/x.png',
    'javascript:alert(1)',
    'data:image/png;base64,AAAA',
    '/etc/passwd',
  ])('the picture %j is refused', async (template) => {
    const { openid, userId } = await newChild();
    expect(await fieldOf(openid, { images: [template.replace('ME', String(userId))] })).toMatchObject([{ path: 'images.0' }]);
  });
});
