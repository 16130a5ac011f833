import { beforeAll, describe, expect, test } from 'vitest';
import { main as ai } from '../../functions/ai/index';
import { main as diary } from '../../functions/diary/index';
import { main as user } from '../../functions/user/index';
import { config } from '../../shared/runtime/config';
import { visiblePictures } from '../../shared/safety/pictures';
import { upload } from '../../shared/storage/storage';
import { type Child, configure, fire, NOON, newChild, ok, select, TODAY, testDatabase, withoutRateLimits, withSettings } from '../harness';
import { outgoing, useServices } from './services';

withoutRateLimits();
configure({ contentCheck: 'https' });
const services = useServices(ai);
beforeAll(() => {
  config().contentCheck = 'https';
});

const at = (minutes: number): string => new Date(Date.parse(NOON) + minutes * 60_000).toISOString();

const picture = ({ userId }: Child, name: string): Promise<string> => upload(`users/${userId}/${name}.png`, Buffer.from(name));

const write = async ({ openid }: Child, images: string[], others: object = {}) =>
  (await ok(diary, openid, 'create', { date: TODAY, content: '有图片的一天', images, ...others })).diary;
const read = async ({ openid }: Child) => (await ok(diary, openid, 'get', { date: TODAY })).diary;

/** Of these pictures of a child, those that another account may see: a guardian's, say. */
async function shownToOthers({ userId }: Child, files: readonly string[]): Promise<string[]> {
  const { userId: other } = await newChild();
  return files.filter(await visiblePictures({ db: testDatabase(), userId, caller: { userId: other, epoch: null } }, files));
}

const rowOf = async ({ userId }: Child, file: string) => {
  const [row] = await select<{ status: string; trace_id: string | null; due_at: Date | null }>(
    'SELECT status, trace_id, due_at FROM picture_checks WHERE user_id = ? AND file = ?',
    [userId, file],
  );
  return row;
};

const push = (traceId: string, suggest: string, errcode = 0) =>
  ai(
    {
      MsgType: 'event',
      Event: 'wxa_media_check',
      appid: 'wxtest',
      trace_id: traceId,
      version: 2,
      errcode,
      result: { suggest, label: 100 },
    },
    { time_limit_in_ms: 20_000, environment: JSON.stringify({ DEV_NOW: at(1) }) },
  );

/** Lets the timer hand a picture in, and WeChat answer. */
async function decide(child: Child, file: string, suggest: string): Promise<void> {
  await fire(ai, 'work', at(0.5));
  expect(await push((await rowOf(child, file))?.trace_id ?? '', suggest)).toMatchObject({ data: { known: true } });
}

describe('a picture of a diary', () => {
  test('is seen by its owner at once, and by other accounts only once it passed', async () => {
    const child = await newChild();
    const file = await picture(child, 'park');
    const written = await write(child, [file]);
    expect(written.images).toEqual([file]);
    expect((await read(child)).images).toEqual([file]);
    expect(await shownToOthers(child, [file])).toEqual([]);
    await decide(child, file, 'pass');
    expect(await shownToOthers(child, [file])).toEqual([file]);
    expect(await shownToOthers(await newChild(), [file])).toEqual([]);
  });

  test.each(['risky', 'review'])('that is %s is hidden from everyone with a sentence, and its file is kept 30 days', async (suggest) => {
    const child = await newChild();
    const [bad, good] = [await picture(child, 'bad'), await picture(child, 'good')];
    const { version } = await write(child, [bad, good]);
    await decide(child, bad, suggest);
    const shown = await read(child);
    expect(shown).toMatchObject({ images: [good], version, hiddenImages: { count: 1, message: expect.stringContaining('30 天') } });
    await decide(child, good, 'pass');
    expect(await shownToOthers(child, [bad, good])).toEqual([good]);
    expect(services.cloud.files.has(bad)).toBe(true);
    const [doomed] = await select<{ days: number }>(
      'SELECT DATEDIFF(due_at, ?) AS days FROM erased_files WHERE user_id = ? AND file_id = ?',
      ['2025-01-22 04:01:00', child.userId, bad],
    );
    expect(doomed?.days).toBe(30);
    const document = await ok(user, child.openid, 'export');
    expect(document.diaries[0].images).toEqual([good]);
  });

  test('that did not pass does not come back with an offline edit of another phone', async () => {
    const child = await newChild();
    const bad = await picture(child, 'bad');
    const { id, version } = await write(child, [bad]);
    await decide(child, bad, 'risky');
    await ok(diary, child.openid, 'update', { id, version, content: '改一改', images: [bad] });
    expect(await read(child)).toMatchObject({ content: '改一改', images: [], hiddenImages: { count: 1 } });
    const next = await read(child);
    await ok(diary, child.openid, 'update', { id, version: next.version, content: '再改', images: [] });
    expect(await read(child)).not.toHaveProperty('hiddenImages');
  });

  test('is handed in once for all diaries, again when WeChat does not answer or could not check it', async () => {
    const child = await newChild();
    const file = await picture(child, 'twice');
    const { id, version } = await write(child, [file]);
    await ok(diary, child.openid, 'update', { id, version, content: '同一张图', images: [file] });
    await fire(ai, 'work', at(1));
    const first = await rowOf(child, file);
    await fire(ai, 'work', at(20));
    expect((await rowOf(child, file))?.trace_id).toBe(first?.trace_id);
    await push(first?.trace_id ?? '', 'pass', -1008);
    expect((await rowOf(child, file))?.status).toBe('waiting');
    await fire(ai, 'work', at(30));
    const second = await rowOf(child, file);
    expect(second?.trace_id).not.toBe(first?.trace_id);
    await fire(ai, 'work', at(80));
    expect((await rowOf(child, file))?.trace_id).not.toBe(second?.trace_id);
  });

  test('of a draft is not handed in, nor is anything while the check is off', async () => {
    const child = await newChild();
    await write(child, [await picture(child, 'draft')], { isDraft: true });
    const other = await newChild();
    await withSettings({ contentCheck: 'off' }, async () => {
      const file = await picture(other, 'off');
      await write(other, [file]);
      const before = outgoing(services);
      await fire(ai, 'work', at(1));
      expect(outgoing(services)).toBe(before);
      expect(await shownToOthers(other, [file])).toEqual([file]);
    });
    expect(await select('SELECT 1 FROM picture_checks WHERE user_id IN (?, ?)', [child.userId, other.userId])).toEqual([]);
  });
});

describe('an avatar', () => {
  test('is shown to its owner at once, and goes when it does not pass, for good', async () => {
    const child = await newChild();
    const file = await picture(child, 'me');
    expect((await ok(user, child.openid, 'update', { avatar: file })).avatar).toBe(file);
    await decide(child, file, 'risky');
    expect((await ok(user, child.openid, 'profile')).avatar).toBe('');
    expect((await ok(user, child.openid, 'update', { avatar: file })).avatar).toBe('');
  });
});
