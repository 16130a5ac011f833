import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { png } from '../../dev/fakes/ai-tricks';
import { startFake } from '../../dev/fakes/server';
import { publicLookup } from '../../shared/ai/public-lookup';
import { outgoing, useServices } from '../../test/ai/services';
import { type Child, fire, NOON, newChild, ok, refused, select, send, TODAY, withoutRateLimits, withSettings } from '../../test/harness';
import { main as diary } from '../diary/index';
import { main } from './index';

withoutRateLimits();
const services = useServices(main);

const at = (minutes: number): string => new Date(Date.parse(NOON) + minutes * 60_000).toISOString();

const write = async ({ openid }: Child, content: string, date = TODAY): Promise<{ id: number; version: number }> =>
  (await ok(diary, openid, 'create', { date, content })).diary;

const draw = async ({ openid }: Child, input: object) => (await ok(main, openid, 'generateImage', input)).job;
const jobOf = async ({ openid }: Child, id: number) => (await ok(main, openid, 'job', { id })).job;
const pictureIn = async ({ openid }: Child, id: number): Promise<string | null> => (await ok(diary, openid, 'get', { id })).diary.aiImage;
const filesOf = ({ userId }: Child): string[] => [...services.cloud.files.keys()].filter((file) => file.includes(`/users/${userId}/`));

const charged = async ({ userId }: Child): Promise<number> => {
  const [row] = await select<{ used: number }>('SELECT COUNT(*) AS used FROM ai_jobs WHERE user_id = ? AND is_charged', [userId]);
  return row?.used ?? -1;
};

describe('a picture', () => {
  test('is drawn by a function of its own, stored in the child’s folder and shown in the diary', async () => {
    const child = await newChild();
    const { id, version } = await write(child, '画一只小鸭子');
    const job = await draw(child, { diaryId: id });
    const file = `cloud://test.bucket/users/${child.userId}/ai/${job.id}.png`;
    expect(job).toMatchObject({ status: 'done', kind: 'image', result: { imageUrl: file, aiGenerated: true } });
    // A link is left out while storage is slow to answer.
    const looked = await vi.waitFor(
      async () => {
        const found = await jobOf(child, job.id);
        expect(found.result.temporaryUrl).toContain('http');
        return found;
      },
      { timeout: 20_000 },
    );
    expect((await fetch(looked.result.temporaryUrl)).headers.get('content-type')).toBe('image/png');
    expect(services.cloud.actions['functions.invokeFunction']).toBe(1);
    expect(await pictureIn(child, id)).toBe(file);
    expect((await ok(diary, child.openid, 'get', { id })).diary.version).toBe(version);
    await expect.poll(() => draw(child, { diaryId: id }), { timeout: 20_000 }).toEqual(looked);
    expect(services.coze.paid('画一只小鸭子')).toBe(1);
  });

  test('is drawn in the caller’s time where no function can be started', async () => {
    const child = await newChild();
    services.startsFunctions = false;
    const job = await draw(child, { content: '没有日记的一幅画', mood: '开心' });
    services.startsFunctions = true;
    expect(job).toMatchObject({ status: 'done', diaryId: null });
    expect(filesOf(child)).toEqual([job.result.imageUrl]);
  });

  test('that takes long is finished after the answer, by the other function', async () => {
    const child = await newChild();
    const job = await draw(child, { content: '慢慢画 #slow-2500' });
    expect(job).toMatchObject({ status: 'running', result: null });
    await expect.poll(async () => (await jobOf(child, job.id)).status, { timeout: 5_000 }).toBe('done');
    expect(services.coze.paid('慢慢画')).toBe(1);
  });

  test('goes with the diary, and the one before goes when another takes its place', async () => {
    const child = await newChild();
    const { id, version } = await write(child, '第一幅');
    await draw(child, { diaryId: id });
    expect(filesOf(child)).toHaveLength(1);
    await ok(diary, child.openid, 'update', { id, version, content: '第二幅' });
    const second = await draw(child, { diaryId: id });
    expect(filesOf(child)).toEqual([second.result.imageUrl]);
    await ok(diary, child.openid, 'delete', { id });
    expect(filesOf(child)).toEqual([]);
  });

  test('of a diary deleted while it was drawn is not kept', async () => {
    const child = await newChild();
    const { id } = await write(child, '画着画着删了 #slow-1000');
    const drawing = draw(child, { diaryId: id });
    await expect.poll(() => services.coze.paid('画着画着删了')).toBe(1);
    await ok(diary, child.openid, 'delete', { id });
    expect(await drawing).toMatchObject({ status: 'failed', error: { code: 'NOT_FOUND' } });
    expect(filesOf(child)).toEqual([]);
  });

  test('needs either a diary or a text', async () => {
    const child = await newChild();
    const { id } = await write(child, '二选一');
    const both = [{ content: '又' }, { mood: '开心' }, { weather: '晴' }].map((more) => ({ diaryId: id, ...more }));
    for (const input of [{}, ...both, { content: ' ' }, { content: '字'.repeat(2_001) }]) {
      expect(await refused(main, child.openid, 'generateImage', input)).toMatchObject({ code: 'INVALID_INPUT' });
    }
  });

  test('cannot be asked for where there is no storage to keep it', async () => {
    const child = await newChild();
    const refusal = await withSettings({ cloud: null }, () => refused(main, child.openid, 'generateImage', { content: '无处可放' }));
    expect(refusal).toMatchObject({ code: 'PROVIDER_ERROR', message: 'AI 功能尚未配置' });
  });
});

describe('a link that leads', () => {
  test.each([
    ['to a host nobody allowed', '#otherhost'],
    ['to an SVG called PNG', '#svg'],
    ['to a file without end', '#huge'],
    ['to a page', '#page'],
    ['to nothing', '#gone'],
    ['nowhere: there is none', '#empty'],
  ])('%s fails the job, stores nothing, pays once and gives the quota back', async (_, trick) => {
    const child = await newChild();
    const marker = `图片${child.userId}`;
    const { id } = await write(child, `${marker} ${trick}`);
    const job = await draw(child, { diaryId: id });
    expect(job).toMatchObject({ status: 'failed', result: null, error: { code: 'PROVIDER_ERROR', retryable: true } });
    expect(await pictureIn(child, id)).toBeNull();
    expect(filesOf(child)).toEqual([]);
    expect(services.coze.paid(marker)).toBe(1);
    expect(await charged(child)).toBe(0);
  });

  test.each([
    ['straight', 'port'],
    ['by a redirect', 'astray'],
  ])('%s to another service of our own machine is never followed, though a picture lies there', async (_, trick) => {
    const trap = await startFake({ 'GET /picture.png': () => ({ headers: { 'content-type': 'image/png' }, body: png }) });
    const child = await newChild();
    const job = await draw(child, { content: `别跟去${child.userId} #${trick}-${new URL(trap.url).port}` });
    await trap.stop();
    expect(job).toMatchObject({ status: 'failed', error: { code: 'PROVIDER_ERROR' } });
    expect(trap.calls).toEqual({});
    expect(filesOf(child)).toEqual([]);
  });

  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.20.0.1',
    '192.168.1.1',
    '::1',
    'fe80::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    'localhost',
  ])('by name to %s is refused', async (address) => {
    const lookup = await publicLookup();
    await expect(promisify(lookup)(address, { all: true })).rejects.toThrow('a private address');
  });

  test.each(['1.1.1.1', '223.5.5.5', '2606:4700:4700::1111'])('by name to %s is not', async (address) => {
    const lookup = await publicLookup();
    expect(await promisify(lookup)(address, { all: true })).toMatchObject([{ address }]);
  });

  test('by a redirect to an allowed place is followed', async () => {
    const child = await newChild();
    expect(await draw(child, { content: '搬家了 #moved' })).toMatchObject({ status: 'done' });
  });

  test('to the provider itself over plain HTTP is refused in production', async () => {
    const child = await newChild();
    await withSettings({ environment: 'production' }, async () => {
      expect(await send(main, child.openid, 'generateImage', { content: '正式环境' })).toMatchObject({
        data: { job: { status: 'failed' } },
      });
    });
    expect(filesOf(child)).toEqual([]);
  });
});

describe('with the content check on, a picture', () => {
  const push = (traceId: string, suggest: string, errcode = 0) =>
    main(
      {
        ToUserName: 'gh_1',
        FromUserName: 'o1',
        CreateTime: 1_626_959_646,
        MsgType: 'event',
        Event: 'wxa_media_check',
        appid: 'wxtest',
        trace_id: traceId,
        version: 2,
        detail: [{ strategy: 'content_model', errcode, suggest, label: 100, prob: 90 }],
        errcode,
        errmsg: errcode === 0 ? 'ok' : 'as told',
        result: { suggest, label: 100 },
      },
      { time_limit_in_ms: 20_000, environment: JSON.stringify({ DEV_NOW: at(1) }) },
    );

  async function waiting(child: Child, id: number): Promise<{ jobId: number; traceId: string }> {
    const job = await withSettings({ contentCheck: 'https' }, () => draw(child, { diaryId: id }));
    expect(job).toMatchObject({ status: 'running', result: null });
    expect(await pictureIn(child, id)).toBeNull();
    const [row] = await select<{ trace_id: string }>('SELECT trace_id FROM ai_jobs WHERE user_id = ? AND id = ?', [child.userId, job.id]);
    return { jobId: job.id, traceId: row?.trace_id ?? '' };
  }

  test('stays unseen until WeChat lets it pass', async () => {
    const child = await newChild();
    const { id } = await write(child, '等待检查');
    const { jobId, traceId } = await waiting(child, id);
    expect(await push(traceId, 'pass')).toMatchObject({ success: true, data: { known: true } });
    expect(await jobOf(child, jobId)).toMatchObject({ status: 'done', result: { imageUrl: expect.stringContaining('cloud://') } });
    expect(await pictureIn(child, id)).toContain(`/users/${child.userId}/ai/`);
    await push(traceId, 'risky');
    expect(await jobOf(child, jobId)).toMatchObject({ status: 'done' });
    expect(filesOf(child)).toHaveLength(1);
  });

  test.each(['risky', 'review'])('is removed unseen when WeChat says %s', async (suggest) => {
    const child = await newChild();
    const { id } = await write(child, `检查结果 ${suggest}`);
    const { jobId, traceId } = await waiting(child, id);
    await push(traceId, suggest);
    expect(await jobOf(child, jobId)).toMatchObject({ status: 'failed', error: { code: 'CONTENT_REJECTED', retryable: false } });
    expect(await pictureIn(child, id)).toBeNull();
    expect(filesOf(child)).toEqual([]);
    expect(await charged(child)).toBe(0);
    const sent = outgoing(services);
    expect(await draw(child, { diaryId: id })).toMatchObject({ id: jobId, status: 'failed' });
    expect(services.coze.paid(`检查结果 ${suggest}`)).toBe(1);
    expect(outgoing(services)).toBe(sent);
  });

  test('is handed in again when WeChat could not check it (-1008), is not drawn again, and is shown once it passes', async () => {
    const child = await newChild();
    const marker = `没能检查${child.userId}`;
    const { id } = await write(child, marker);
    const { jobId, traceId } = await waiting(child, id);
    expect(await push(traceId, 'pass', -1008)).toMatchObject({ success: true, data: { known: true } });
    expect(await pictureIn(child, id)).toBeNull();
    await withSettings({ contentCheck: 'https' }, () => fire(main, 'work', at(3)));
    const [row] = await select<{ trace_id: string }>('SELECT trace_id FROM ai_jobs WHERE user_id = ? AND id = ?', [child.userId, jobId]);
    const again = row?.trace_id ?? '';
    expect(again).not.toBe(traceId);
    await push(again, 'pass');
    expect(await pictureIn(child, id)).toContain(`/users/${child.userId}/ai/`);
    expect([services.coze.paid(marker), filesOf(child).length]).toEqual([1, 1]);
  });

  test('is given up when WeChat says nothing for half an hour', async () => {
    const child = await newChild();
    const { id } = await write(child, '没有回音');
    const { jobId } = await waiting(child, id);
    await fire(main, 'work', at(20));
    expect((await jobOf(child, jobId)).status).toBe('running');
    await fire(main, 'work', at(31));
    expect(await jobOf(child, jobId)).toMatchObject({ status: 'failed', error: { code: 'PROVIDER_ERROR' } });
    expect(filesOf(child)).toEqual([]);
  });

  test('is not changed by a verdict with an unknown trace id', async () => {
    expect(await push('60f96f1d-3845297a-1976a3ae', 'pass')).toMatchObject({ data: { known: false } });
  });
});
