import { describe, expect, test } from 'vitest';
import { markOf } from '../../shared/ai/aigc-mark';
import { useServices } from '../../test/ai/services';
import { type Child, fire, NOON, newChild, ok, refused, select, TODAY, withoutRateLimits, withSettings } from '../../test/harness';
import { main as diary } from '../diary/index';
import { main as sync } from '../sync/index';
import { main as user } from '../user/index';
import { main } from './index';

withoutRateLimits();
const services = useServices(main);

const write = async ({ openid }: Child, content: string): Promise<{ id: number; version: number }> =>
  (await ok(diary, openid, 'create', { date: TODAY, content })).diary;
const comment = async ({ openid }: Child, diaryId: number, others: object = {}) =>
  (await ok(main, openid, 'commentDiary', { diaryId, ...others })).job;
const read = async ({ openid }: Child, id: number) => (await ok(diary, openid, 'get', { id })).diary;
const like = ({ openid }: Child, diaryId: number, liked: boolean, requestId?: string) =>
  ok(main, openid, 'likeComment', { diaryId, liked }, requestId === undefined ? {} : { requestId });

const info = { at: expect.stringMatching(/^2025-01-22T04:0/), liked: false, aiGenerated: true, isForEarlierVersion: false };

describe('what an AI made says so wherever it leaves', () => {
  test('in the answers of get, list, home and the phone’s feed, in the job, and in the export', async () => {
    const child = await newChild();
    const { id } = await write(child, '今天去公园');
    expect(await read(child, id)).toMatchObject({ aiComment: null, aiCommentInfo: null, aiImage: null, aiImageInfo: null });
    const job = await comment(child, id);
    expect(job.result).toMatchObject({ aiGenerated: true });
    const picture = (await ok(main, child.openid, 'generateImage', { diaryId: id })).job;
    expect(picture.result).toMatchObject({ aiGenerated: true });
    const labelled = {
      aiComment: job.result.text,
      aiCommentInfo: info,
      aiImage: picture.result.imageUrl,
      aiImageInfo: { aiGenerated: true },
    };
    expect(await read(child, id)).toMatchObject(labelled);
    expect((await ok(diary, child.openid, 'list')).diaries).toMatchObject([labelled]);
    expect((await ok(sync, child.openid, 'home')).diaries).toMatchObject([labelled]);
    const feed = await ok(sync, child.openid, 'sync', { clientId: 'client-of-labels', cursor: null, ack: 0, mutations: [] });
    expect(markOf({ bytes: services.cloud.files.get(picture.result.imageUrl) ?? Buffer.alloc(0), extension: 'png' })).toContain(
      '"Label":"1"',
    );
    const row = feed.changes.find(({ kind }: { kind: string }) => kind === 'diary').row;
    expect(row).toMatchObject(labelled);
    const document = await ok(user, child.openid, 'export');
    expect(document.diaries).toMatchObject([labelled]);
    for (const { result } of document.aiJobs) expect(result).toMatchObject({ aiGenerated: true });
    expect(document.aiJobs).toHaveLength(2);
  });

  test('beside a write’s answer, which keeps the comment that was there', async () => {
    const child = await newChild();
    const { id, version } = await write(child, '原来的话');
    await comment(child, id);
    const kept = await ok(diary, child.openid, 'update', { id, version, mood: 'calm' });
    expect(kept.diary.aiCommentInfo).toEqual(info);
  });
});

describe('a comment', () => {
  test('under a text that was rewritten says that it is about an earlier version, until there is a new one', async () => {
    const child = await newChild();
    const { id, version } = await write(child, '第一版');
    await comment(child, id);
    await like(child, id, true);
    const { diary: rewritten } = await ok(diary, child.openid, 'update', { id, version, content: '第二版' });
    expect(rewritten.aiCommentInfo).toEqual({ ...info, liked: true, isForEarlierVersion: true });
    expect((await read(child, id)).aiCommentInfo).toEqual({ ...info, liked: true, isForEarlierVersion: true });
    await comment(child, id);
    expect((await read(child, id)).aiCommentInfo).toEqual(info);
  });

  test('goes with its diary', async () => {
    const child = await newChild();
    const { id } = await write(child, '要删的');
    await comment(child, id);
    await ok(diary, child.openid, 'delete', { id });
    const { id: fresh } = await write(child, '重新写的');
    expect(await read(child, fresh)).toMatchObject({ aiComment: null, aiCommentInfo: null });
  });

  test('is liked and no longer liked; the version of the diary stays, other phones get the row', async () => {
    const child = await newChild();
    const { id, version } = await write(child, '喜欢吗');
    await comment(child, id);
    const before = await ok(sync, child.openid, 'sync', { clientId: 'client-of-likes', cursor: null, ack: 0, mutations: [] });
    expect((await like(child, id, true, 'like-it-once-0001')).diary).toMatchObject({ version, aiCommentInfo: { ...info, liked: true } });
    expect((await like(child, id, true, 'like-it-once-0001')).diary.aiCommentInfo.liked).toBe(true);
    const { changes } = await ok(sync, child.openid, 'sync', { clientId: 'client-of-likes', cursor: before.cursor, ack: 0, mutations: [] });
    const row = changes.find(({ kind }: { kind: string }) => kind === 'diary').row;
    expect(row).toMatchObject({ aiCommentInfo: { liked: true } });
    expect((await like(child, id, false)).diary.aiCommentInfo.liked).toBe(false);
  });

  test('cannot be liked where there is none, and another child’s answers like one that does not exist', async () => {
    const [alice, bob] = await Promise.all([newChild(), newChild()]);
    const { id } = await write(alice, '没有评语');
    const missing = await refused(main, alice.openid, 'likeComment', { diaryId: 999, liked: true });
    expect(missing).toMatchObject({ code: 'NOT_FOUND', message: '这篇日记还没有评语' });
    expect(await refused(main, alice.openid, 'likeComment', { diaryId: id, liked: true })).toEqual(missing);
    await comment(alice, id);
    expect(await refused(main, bob.openid, 'likeComment', { diaryId: id, liked: true })).toEqual(missing);
    expect(await refused(main, alice.openid, 'likeComment', { diaryId: id })).toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('asked for again', () => {
  test('another comment is made for the same text, counts against the quota, and the one before stays in the jobs', async () => {
    const child = await newChild();
    const { id } = await write(child, `再来一份${child.userId}`);
    const first = await comment(child, id);
    await like(child, id, true);
    const second = await comment(child, id, { again: true });
    expect(second).toMatchObject({ status: 'done' });
    expect(second.id).not.toBe(first.id);
    expect(services.coze.paid(`再来一份${child.userId}`)).toBe(2);
    expect((await read(child, id)).aiCommentInfo).toEqual(info);
    expect((await ok(main, child.openid, 'job', { id: first.id })).job).toMatchObject({
      status: 'done',
      result: { text: first.result.text },
    });
    expect(await comment(child, id)).toEqual(second);
    expect(await select('SELECT COUNT(*) AS used FROM ai_jobs WHERE user_id = ? AND is_charged', [child.userId])).toEqual([{ used: 2 }]);
  });

  test('while one is being made, the answer is that one', async () => {
    const child = await newChild();
    const { id } = await write(child, `别急${child.userId} #slow-4000`);
    const first = await comment(child, id);
    expect((await comment(child, id, { again: true })).id).toBe(first.id);
    await fire(main, 'work', new Date(Date.parse(NOON) + 60_000).toISOString());
    expect(services.coze.paid(`别急${child.userId}`)).toBe(1);
  });

  test('a spent quota refuses it and leaves the comment as it was', async () => {
    const child = await newChild();
    const { id } = await write(child, '用完了');
    const first = await comment(child, id);
    await withSettings({ aiQuota: { comment: 1, image: 1 } }, async () => {
      expect(await refused(main, child.openid, 'commentDiary', { diaryId: id, again: true })).toMatchObject({ code: 'QUOTA_EXCEEDED' });
      expect(await comment(child, id)).toEqual(first);
    });
    expect(await refused(main, child.openid, 'commentDiary', { diaryId: id, again: false })).toMatchObject({ code: 'INVALID_INPUT' });
  });
});
