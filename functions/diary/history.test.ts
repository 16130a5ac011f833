import { describe, expect, test } from 'vitest';
import { type Child, configure, fire, newChild, ok, refused, select, TODAY, withoutRateLimits } from '../../test/harness';
import { main as monitor } from '../monitor/index';
import { main as user } from '../user/index';
import { main } from './index';

withoutRateLimits();
configure({ contentCheck: 'off' });

const write = (child: Child, content: string, more: object = {}) =>
  ok(main, child.openid, 'create', { date: TODAY, content, ...more }).then(({ diary }) => diary);

const change = (child: Child, { id, version }: { id: number; version: number }, fields: object) =>
  ok(main, child.openid, 'update', { id, version, ...fields }).then(({ diary }) => diary);

const historyOf = async (child: Child, what: object = { date: TODAY }) => (await ok(main, child.openid, 'history', what)).revisions;

const told = (revisions: { content: string; reason: string }[]) => revisions.map(({ content, reason }) => [reason, content]);

describe('history keeps what a change would lose', () => {
  test('an overwritten text, newest first, with its mood, pictures and tags', async () => {
    const child = await newChild();
    const first = await write(child, '一', { mood: 'happy', tags: ['公园'] });
    const second = await change(child, first, { content: '二' });
    await change(child, second, { mood: 'sad' });
    const revisions = await historyOf(child, { id: first.id });
    expect(revisions).toMatchObject([
      { reason: 'overwritten', content: '二', mood: 'happy' },
      { reason: 'overwritten', content: '一', mood: 'happy', tags: ['公园'], isDraft: false, date: TODAY },
    ]);
    expect(await historyOf(child)).toEqual(revisions);
  });

  test('nothing of a save that only extends the text, and nothing of identical content', async () => {
    const child = await newChild();
    const first = await write(child, '今天');
    const second = await change(child, first, { content: '今天去了公园' });
    await change(child, second, { content: '今天去了公园' });
    expect(await historyOf(child)).toEqual([]);
  });

  test('a draft that another text takes the place of', async () => {
    const child = await newChild();
    await write(child, '很长的草稿', { isDraft: true });
    await write(child, '短');
    expect(told(await historyOf(child))).toEqual([['draft', '很长的草稿']]);
  });

  test('nothing of a blank draft', async () => {
    const child = await newChild();
    await write(child, '', { isDraft: true });
    await write(child, '短');
    expect(await historyOf(child)).toEqual([]);
  });

  test('a repeated update or restore writes no second revision', async () => {
    const child = await newChild();
    const first = await write(child, '一');
    const input = { id: first.id, version: first.version, content: '二' };
    for (let round = 0; round < 3; round += 1) await ok(main, child.openid, 'update', input, { requestId: 'update-again' });
    const [revision] = await historyOf(child);
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => ok(main, child.openid, 'restore', { revisionId: revision.id }, { requestId: 'restore-again' })),
    );
    expect(new Set(answers.map(({ diary }) => diary.version)).size).toBe(1);
    expect(told(await historyOf(child))).toEqual([
      ['overwritten', '二'],
      ['overwritten', '一'],
    ]);
  });
});

describe('trash', () => {
  test('a deleted diary is in the trash and comes back with its text and mood, counted again and not paid again', async () => {
    const child = await newChild();
    const { id } = await write(child, '删掉的', { mood: 'happy', images: ['https://thirdwx.qlogo.cn/a.png'] });
    await ok(main, child.openid, 'delete', { id });
    const { diaries, total } = await ok(main, child.openid, 'trash');
    expect({ diaries, total }).toMatchObject({ diaries: [{ reason: 'deleted', content: '删掉的', date: TODAY }], total: 1 });
    const restored = await ok(main, child.openid, 'restore', { revisionId: diaries[0].id });
    expect(restored).toMatchObject({
      diary: { content: '删掉的', mood: 'happy', images: ['https://thirdwx.qlogo.cn/a.png'], isDraft: false },
      stats: { totalDiaries: 1, continuousDays: 1 },
      reward: null,
    });
    expect(await ok(main, child.openid, 'trash')).toMatchObject({ diaries: [], total: 0 });
    expect(await ok(user, child.openid, 'profile')).toMatchObject({ points: 5, totalDiaries: 1 });
  });

  test('a restored text replaces the one that is there, which can be restored in turn', async () => {
    const child = await newChild();
    const { id } = await write(child, '旧的');
    await ok(main, child.openid, 'delete', { id });
    await write(child, '新的');
    const [deleted] = (await ok(main, child.openid, 'trash')).diaries;
    await ok(main, child.openid, 'restore', { revisionId: deleted.id });
    const [replaced] = await historyOf(child);
    expect(replaced).toMatchObject({ reason: 'overwritten', content: '新的' });
    expect(await ok(main, child.openid, 'restore', { revisionId: replaced.id })).toMatchObject({ diary: { content: '新的' } });
  });

  test('a draft stays a draft when it is restored, and when a published text is restored over it', async () => {
    const child = await newChild();
    const draft = await write(child, '草稿', { isDraft: true });
    await ok(main, child.openid, 'delete', { id: draft.id });
    const [deleted] = (await ok(main, child.openid, 'trash')).diaries;
    expect(await ok(main, child.openid, 'restore', { revisionId: deleted.id })).toMatchObject({
      diary: { isDraft: true },
      stats: { totalDiaries: 0 },
    });
  });

  test('a revision of another child, and one that does not exist, answer NOT_FOUND', async () => {
    const [child, other] = [await newChild(), await newChild()];
    const first = await write(child, '一');
    await change(child, first, { content: '二' });
    const [revision] = await historyOf(child);
    for (const revisionId of [revision.id, 999_999]) {
      expect(await refused(main, other.openid, 'restore', { revisionId })).toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(await historyOf(other)).toEqual([]);
  });
});

describe('append', () => {
  const append = (child: Child, content: string, options: { now?: string; requestId?: string } = {}, more: object = {}) =>
    ok(main, child.openid, 'append', { content, ...more }, options);

  test('adds a text under its Beijing time, and creates the day when there is none', async () => {
    const child = await newChild();
    await append(child, '早上', { now: '2025-01-22T00:05:00Z' }, { mood: 'happy', tags: ['a'] });
    const { diary, reward } = await append(child, '晚上', { now: '2025-01-22T12:14:00Z' }, { tags: ['b'] });
    expect(diary).toMatchObject({ content: '—— 08:05 ——\n早上\n\n—— 20:14 ——\n晚上', mood: 'happy', tags: ['a', 'b'], isDraft: false });
    expect(reward).toBeNull();
    expect(await historyOf(child)).toEqual([{ ...(await historyOf(child))[0], tags: ['a'], reason: 'overwritten' }]);
  });

  test('a draft stays a draft', async () => {
    const child = await newChild();
    await write(child, '草稿', { isDraft: true });
    expect(await append(child, '接着写')).toMatchObject({ diary: { isDraft: true }, stats: { totalDiaries: 0 } });
  });

  test('64 at once all stay, each once, also when each is sent twice', async () => {
    const child = await newChild();
    const texts = Array.from({ length: 32 }, (_, index) => `第${index}句。`);
    await Promise.all(texts.flatMap((content, index) => [0, 1].map(() => append(child, content, { requestId: `append-${index}` }))));
    const { diary } = await ok(main, child.openid, 'get', { date: TODAY });
    for (const content of texts) expect(diary.content.split(content)).toHaveLength(2);
    expect(await ok(user, child.openid, 'profile')).toMatchObject({ points: 5, totalDiaries: 1 });
  });

  test('a day that would become longer than 10,000 characters is refused with the field, and stays as it is', async () => {
    const child = await newChild();
    await write(child, '字'.repeat(9_990));
    expect(await refused(main, child.openid, 'append', { content: '再来一段话' })).toMatchObject({
      code: 'INVALID_INPUT',
      message: '这一天最多 10000 个字',
      details: [{ path: 'content' }],
    });
    expect(await refused(main, child.openid, 'append', { content: '  ' })).toMatchObject({ details: [{ path: 'content' }] });
    expect(await historyOf(child)).toEqual([]);
  });
});

test('after 30 days a revision is neither shown nor kept, except a text that was imported beside another one', async () => {
  const child = await newChild();
  const first = await write(child, '一');
  await change(child, first, { content: '二' });
  await select(
    `INSERT INTO diary_revisions (user_id, id, diary_date, reason, content, mood, weather, images, tags, is_draft, hash, is_unread, modified_at, created_at)
     SELECT user_id, 900, diary_date, 'imported', '手机上的', '', '', '[]', '[]', 0, 'x', 0, modified_at, created_at FROM diary_revisions WHERE user_id = ?`,
    [child.userId],
  );
  const later = '2025-02-22T04:00:00.000Z';
  const shown = (await ok(main, child.openid, 'history', { date: TODAY }, { now: later })).revisions;
  expect(told(shown)).toEqual([['imported', '手机上的']]);
  await fire(monitor, 'collect', later);
  expect(await select('SELECT reason FROM diary_revisions WHERE user_id = ?', [child.userId])).toEqual([{ reason: 'imported' }]);
  expect(await select('SELECT revision_bytes AS bytes FROM users WHERE id = ?', [child.userId])).toEqual([{ bytes: 0 }]);
});

test('an account with 64 MB of revisions answers QUOTA_EXCEEDED to a change that loses text, and loses nothing', async () => {
  const child = await newChild();
  const first = await write(child, '一');
  await select('UPDATE users SET revision_bytes = ? WHERE id = ?', [64 * 1_024 * 1_024, child.userId]);
  const refusal = await refused(main, child.openid, 'update', { id: first.id, version: first.version, content: '二' });
  expect(refusal).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  expect(await ok(main, child.openid, 'get', { id: first.id })).toMatchObject({ diary: { content: '一' } });
  await change(child, first, { content: '一二' });
});
