import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import jwt from 'jsonwebtoken';
import { describe, expect, test } from 'vitest';
import { config } from '../../shared/runtime/config';
import { outgoing, settingsFor, useServices } from '../../test/ai/services';
import {
  type Child,
  fire,
  http,
  NOON,
  newChild,
  ok,
  refused,
  select,
  send,
  TODAY,
  withoutRateLimits,
  withSettings,
} from '../../test/harness';
import { main as diary } from '../diary/index';
import { main as login } from '../login/index';
import { main as user } from '../user/index';
import { main } from './index';

withoutRateLimits();
const services = useServices(main);

const at = (minutes: number): string => new Date(Date.parse(NOON) + minutes * 60_000).toISOString();

interface Job {
  id: number;
  status: string;
  result: { text?: string; imageUrl?: string; temporaryUrl?: string; aiGenerated: true } | null;
  error: { code: string; retryable: boolean } | null;
}

interface Written {
  id: number;
  version: number;
}

const write = async ({ openid }: Child, content: string, date = TODAY): Promise<Written> =>
  (await ok(diary, openid, 'create', { date, content, mood: '开心', weather: '晴' })).diary;

const comment = async ({ openid }: Child, diaryId: number): Promise<Job> => (await ok(main, openid, 'commentDiary', { diaryId })).job;
const jobOf = async ({ openid }: Child, id: number, now = NOON): Promise<Job> => (await ok(main, openid, 'job', { id }, { now })).job;

/** Lets the timer come until a job has ended; the provider's pauses are passed over. */
async function ended(child: Child, id: number): Promise<Job> {
  for (let minute = 1; minute < 8; minute += 1) {
    const job = await jobOf(child, id);
    if (job.status === 'done' || job.status === 'failed') return job;
    await fire(main, 'work', at(minute));
  }
  return jobOf(child, id);
}

const askedAbout = (marker: string): number => services.coze.prompts.filter((prompt) => prompt.includes(marker)).length;
const conversations = (): number => services.coze.calls['/v1/conversation/create'] ?? 0;

const charged = async ({ userId }: Child): Promise<number> => {
  const [row] = await select<{ used: number }>('SELECT COUNT(*) AS used FROM ai_jobs WHERE user_id = ? AND is_charged', [userId]);
  return row?.used ?? -1;
};

const rowOf = async ({ userId }: Child, id: number) => {
  const [row] = await select<{ ai_comment: string | null; ai_image: string | null; rev: number; content_rev: number; content: string }>(
    'SELECT ai_comment, ai_image, rev, content_rev, content FROM diaries WHERE user_id = ? AND id = ?',
    [userId, id],
  );
  if (!row) throw new Error('no such diary');
  return row;
};

describe('a comment', () => {
  test('that is ready quickly is in the answer and in the diary; the diary’s version does not change', async () => {
    const child = await newChild();
    const { id, version } = await write(child, '今天去公园看小鸭子');
    const job = await comment(child, id);
    expect(job).toMatchObject({
      status: 'done',
      kind: 'comment',
      diaryId: id,
      result: { aiGenerated: true },
      error: null,
      finishedAt: expect.any(String),
    });
    const { diary: read } = await ok(diary, child.openid, 'get', { id });
    expect(read).toMatchObject({ aiComment: job.result?.text, version });
    const row = await rowOf(child, id);
    const [owner] = await select<{ rev: number }>('SELECT rev FROM users WHERE id = ?', [child.userId]);
    const [stored] = await select<{ rev: number }>('SELECT rev FROM ai_jobs WHERE user_id = ? AND id = ?', [child.userId, job.id]);
    expect(row.content_rev).toBe(version);
    expect([row.rev, stored?.rev]).toEqual([owner?.rev, owner?.rev]);
  });

  test('is made once for a version of a diary, however often and from however many places it is asked for', async () => {
    const child = await newChild();
    const { id, version } = await write(child, '重复询问的日记');
    const jobs = await Promise.all(Array.from({ length: 10 }, () => comment(child, id)));
    expect(new Set(jobs.map((job) => job.id)).size).toBe(1);
    const done = await ended(child, jobs[0]?.id ?? 0);
    expect(done.status).toBe('done');
    expect(await comment(child, id)).toEqual(done);
    expect(services.coze.paid('重复询问的日记')).toBe(1);
    await ok(diary, child.openid, 'update', { id, version, content: '重复询问的日记，改过' });
    expect((await comment(child, id)).id).not.toBe(done.id);
    expect(services.coze.paid('重复询问的日记，改过')).toBe(1);
  });

  test('answers the same job to a repeated request', async () => {
    const child = await newChild();
    const { id } = await write(child, '同一个请求');
    const first = await ok(main, child.openid, 'commentDiary', { diaryId: id }, { requestId: 'once-and-again-1' });
    expect(await ok(main, child.openid, 'commentDiary', { diaryId: id }, { requestId: 'once-and-again-1' })).toEqual(first);
  });

  test('asked for 32 times at once with one request id is one job', async () => {
    const child = await newChild();
    const { id } = await write(child, '三十二次');
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => ok(main, child.openid, 'commentDiary', { diaryId: id }, { requestId: 'thirty-two-at-once' })),
    );
    expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1);
    expect(await select('SELECT 1 FROM ai_jobs WHERE user_id = ?', [child.userId])).toHaveLength(1);
    expect(await ended(child, answers[0].job.id)).toMatchObject({ status: 'done' });
    expect(services.coze.paid('三十二次')).toBe(1);
  });

  test('is asked for and followed over HTTP', async () => {
    const child = await newChild();
    const { id } = await write(child, '网页上写的');
    const asked = await http(main, 'POST', '/api/ai/comment-diary', { token: child.token, body: { diaryId: id } });
    expect(asked).toMatchObject({ status: 200, body: { data: { job: { status: 'done' } } } });
    const { id: jobId } = asked.body.data.job;
    expect((await http(main, 'GET', `/api/ai/job/${jobId}`, { token: child.token })).body.data).toEqual(asked.body.data);
  });

  test('that takes long is fetched when the job is read, and paid for once', async () => {
    const child = await newChild();
    const { id } = await write(child, '慢慢来 #slow-4000');
    const started = Date.now();
    const job = await comment(child, id);
    expect(Date.now() - started).toBeLessThan(3_800);
    expect(job).toMatchObject({ status: 'queued', result: null, error: null });
    expect((await rowOf(child, id)).ai_comment).toBeNull();
    await wait(800);
    expect(await jobOf(child, job.id, at(0.1))).toMatchObject({ status: 'done' });
    expect(services.coze.paid('慢慢来')).toBe(1);
  });

  test('sends text, mood and weather to the provider, and only a part of a long text', async () => {
    const child = await newChild();
    const { id } = await write(child, `很长的日记${'写'.repeat(9_000)}`);
    await comment(child, id);
    const prompt = services.coze.prompts.find((text) => text.includes('很长的日记')) ?? '';
    expect(prompt).toMatch(/开心.*晴/s);
    expect(prompt.length).toBeLessThan(3_000);
  });

  test('is refused for another child’s diary exactly as for one that does not exist, and before anything is written', async () => {
    const [alice, bob] = await Promise.all([newChild(), newChild()]);
    const { id } = await write(alice, '爱丽丝的日记');
    const job = await comment(alice, id);
    const missing = await refused(main, bob.openid, 'commentDiary', { diaryId: 999 });
    expect(await refused(main, bob.openid, 'commentDiary', { diaryId: id })).toEqual(missing);
    expect(await refused(main, bob.openid, 'job', { id: job.id })).toMatchObject({ code: 'NOT_FOUND' });
    const { diary: draft } = await ok(diary, bob.openid, 'create', { date: TODAY, content: '\n\t\u3000 ', isDraft: true });
    expect(await refused(main, bob.openid, 'commentDiary', { diaryId: draft.id })).toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path: 'diaryId' }],
    });
  });
});

describe('a provider that fails', () => {
  const cases: [trick: string, code: string, retryable: boolean, asked: number, paid: number][] = [
    ['#500', 'PROVIDER_ERROR', true, 2, 0],
    ['#html', 'PROVIDER_ERROR', true, 2, 0],
    ['#truncated', 'PROVIDER_ERROR', true, 2, 0],
    ['#wrongtype', 'PROVIDER_ERROR', true, 2, 0],
    ['#bloated', 'PROVIDER_ERROR', true, 2, 0],
    ['#4013', 'PROVIDER_ERROR', true, 2, 0],
    ['#429', 'PROVIDER_ERROR', true, 2, 0],
    ['#failed', 'PROVIDER_ERROR', true, 2, 2],
    ['#empty', 'PROVIDER_ERROR', true, 1, 1],
    ['#4000', 'INTERNAL', false, 1, 0],
    ['#4100', 'INTERNAL', false, 1, 0],
    ['#truncated #accepted #look-truncated', 'PROVIDER_ERROR', true, 1, 1],
    ['#truncated #accepted #look-wrongtype', 'PROVIDER_ERROR', true, 1, 1],
    ['#truncated #accepted #look-500', 'PROVIDER_ERROR', true, 1, 1],
    ['#truncated #accepted #look-4000', 'INTERNAL', false, 1, 1],
  ];

  test.each(cases)('with %s ends the job as %s, leaves the diary alone and gives the quota back', async (trick, code, ...expected) => {
    const [retryable, asked, paid] = expected;
    const child = await newChild();
    const marker = `出错${child.userId}`;
    const { id } = await write(child, `${marker} ${trick}`);
    const before = await rowOf(child, id);
    const job = await ended(child, (await comment(child, id)).id);
    expect(job).toMatchObject({ status: 'failed', result: null, error: { code, retryable } });
    expect([askedAbout(marker), services.coze.paid(marker)]).toEqual([asked, paid]);
    expect(await rowOf(child, id)).toEqual(before);
    expect(await charged(child)).toBe(0);
  });

  test('once is asked again after a pause, in the same conversation', async () => {
    const opened = conversations();
    const child = await newChild();
    const marker = `再试${child.userId}`;
    const { id } = await write(child, `${marker} #500-once`);
    const job = await comment(child, id);
    expect(job).toMatchObject({ status: 'queued', error: null });
    expect((await jobOf(child, job.id)).status).toBe('queued');
    expect(await ended(child, job.id)).toMatchObject({ status: 'done' });
    expect([askedAbout(marker), services.coze.paid(marker), conversations() - opened]).toEqual([2, 1, 1]);
  });

  test.each([
    ['answers nothing for twenty seconds', '#stuck-20000'],
    ['answers 500', '#500 #accepted'],
    ['answers rubbish', '#html #accepted'],
    ['answers half', '#truncated #accepted'],
    ['answers without end', '#bloated #accepted'],
    ['answers half, and does not say which chat a question is of', '#truncated #accepted #unnamed #slow-4000'],
  ])('and %s to a question that it accepted is not asked again: the comment comes, paid once', async (_, tricks) => {
    const child = await newChild();
    const marker = `收下了${child.userId}`;
    const { id } = await write(child, `${marker} ${tricks}`);
    const job = await comment(child, id);
    expect(job).toMatchObject({ status: 'queued', error: null });
    expect(await ended(child, job.id)).toMatchObject({ status: 'done' });
    expect([askedAbout(marker), services.coze.paid(marker), await charged(child)]).toEqual([1, 1, 1]);
  });

  test('and leaves open what became of the last question is looked up before the job is given up', async () => {
    const child = await newChild();
    const marker = `第二次才收下${child.userId}`;
    const { id } = await write(child, `${marker} #500 #accepted-2`);
    expect(await ended(child, (await comment(child, id)).id)).toMatchObject({ status: 'done' });
    expect([askedAbout(marker), services.coze.paid(marker)]).toEqual([2, 1]);
  });

  test('and loses a conversation is asked in a new one', async () => {
    const child = await newChild();
    const marker = `会话没了${child.userId}`;
    const { id } = await write(child, `${marker} #500-once #look-4200`);
    const opened = conversations();
    expect(await ended(child, (await comment(child, id)).id)).toMatchObject({ status: 'done' });
    expect([askedAbout(marker), services.coze.paid(marker), conversations() - opened]).toEqual([2, 1, 2]);
  });

  test('and gives a chat up is asked once more, in a new conversation', async () => {
    const child = await newChild();
    const { id } = await write(child, '说到一半 #failed');
    const opened = conversations();
    expect(await ended(child, (await comment(child, id)).id)).toMatchObject({ status: 'failed' });
    expect(conversations() - opened).toBe(2);
  });

  test('is retried after the time that it asks for', async () => {
    const child = await newChild();
    const { id } = await write(child, '请稍后 #429');
    const job = await comment(child, id);
    await fire(main, 'work', at(0.1));
    expect((await jobOf(child, job.id)).status).toBe('queued');
    await fire(main, 'work', at(0.2));
    expect((await jobOf(child, job.id)).status).toBe('failed');
  });

  test('twenty seconds slow fails the job; the diary was saved long before', async () => {
    const child = await newChild();
    const { id } = await write(child, '卡住了 #stuck-20000 #500');
    const job = await ended(child, (await comment(child, id)).id);
    expect(job).toMatchObject({ status: 'failed', error: { code: 'PROVIDER_ERROR', retryable: true } });
    expect([askedAbout('卡住了'), services.coze.paid('卡住了')]).toEqual([2, 0]);
    expect(await charged(child)).toBe(0);
  });

  test('and is not even there costs nothing and may be asked again, as a new job', async () => {
    const child = await newChild();
    const { id } = await write(child, '网断了');
    const unreachable = { ai: settingsFor({ url: 'http://127.0.0.1:9' }) };
    const job = await withSettings(unreachable, async () => ended(child, (await comment(child, id)).id));
    expect(job).toMatchObject({ status: 'failed', error: { code: 'PROVIDER_ERROR' } });
    expect(await charged(child)).toBe(0);
    const again = await comment(child, id);
    expect(again).toMatchObject({ status: 'done' });
    expect(again.id).not.toBe(job.id);
  });

  test('repeatedly opens the circuit breaker; one probe follows before all calls are allowed', async () => {
    const child = await newChild();
    const broken = await Promise.all(['01', '02', '03'].map((day) => write(child, '坏了 #500', `2025-01-${day}`)));
    for (const { id } of broken) await ended(child, (await comment(child, id)).id);
    const { id } = await write(child, '轮到我了');
    const spent = outgoing(services);
    expect(await comment(child, id)).toMatchObject({ status: 'failed', error: { code: 'PROVIDER_ERROR', retryable: true } });
    expect(outgoing(services)).toBe(spent);
  });
});

describe('a result', () => {
  test('for a diary deleted meanwhile is dropped', async () => {
    const child = await newChild();
    const { id } = await write(child, '马上删掉 #slow-1500');
    const asking = comment(child, id);
    await wait(700);
    await ok(diary, child.openid, 'delete', { id });
    expect(await asking).toMatchObject({ status: 'failed', result: null, error: { code: 'NOT_FOUND' } });
    expect((await rowOf(child, id)).ai_comment).toBeNull();
  });

  test('for a diary rewritten meanwhile is dropped, and was paid for', async () => {
    const child = await newChild();
    const { id, version } = await write(child, '马上改掉 #slow-1500');
    const asking = comment(child, id);
    await wait(700);
    await ok(diary, child.openid, 'update', { id, version, content: '改掉了' });
    expect(await asking).toMatchObject({ status: 'failed', error: { code: 'VERSION_CONFLICT' } });
    expect(await rowOf(child, id)).toMatchObject({ ai_comment: null, content: '改掉了' });
    expect(await charged(child)).toBe(1);
  });

  test('is not even asked for when the diary went before its turn came', async () => {
    const child = await newChild();
    const marker = `排队时删${child.userId}`;
    const { id } = await write(child, `${marker} #500`);
    const job = await comment(child, id);
    await ok(diary, child.openid, 'delete', { id });
    expect(await ended(child, job.id)).toMatchObject({ status: 'failed', error: { code: 'NOT_FOUND' } });
    expect(askedAbout(marker)).toBe(1);
  });
});

describe('the quota', () => {
  test('of a Beijing day is not exceeded by concurrent calls, and is full again the next day', async () => {
    const child = await newChild();
    const days = ['11', '12', '13', '14', '15'].map((day) => `2025-01-${day}`);
    const diaries = await Promise.all(days.map((date) => write(child, '配额', date)));
    await withSettings({ aiQuota: { comment: 2, image: 1 } }, async () => {
      const answers = await Promise.all(diaries.map(({ id }) => send(main, child.openid, 'commentDiary', { diaryId: id })));
      const refusals = answers.filter((answer) => !answer.success);
      expect(refusals.map((answer) => !answer.success && answer.error.code)).toEqual([
        'QUOTA_EXCEEDED',
        'QUOTA_EXCEEDED',
        'QUOTA_EXCEEDED',
      ]);
      const left = diaries[answers.findIndex((answer) => !answer.success)]?.id;
      expect(await refused(main, child.openid, 'commentDiary', { diaryId: left }, { now: '2025-01-22T15:59:00.000Z' })).toMatchObject({
        code: 'QUOTA_EXCEEDED',
      });
      expect(await ok(main, child.openid, 'commentDiary', { diaryId: left }, { now: '2025-01-22T16:01:00.000Z' })).toMatchObject({
        job: { status: 'done' },
      });
    });
  });

  test('survives the account: jobs of an erased account count for the same person’s new account', async () => {
    const child = await newChild();
    const { id } = await write(child, '配额');
    await withSettings({ aiQuota: { comment: 1, image: 1 } }, async () => {
      await ok(main, child.openid, 'commentDiary', { diaryId: id });
      await ok(user, child.openid, 'erase', { confirm: '注销账号' });
      await ok(login, child.openid, 'login');
      const again = await write(child, '又来');
      expect(await refused(main, child.openid, 'commentDiary', { diaryId: again.id })).toMatchObject({ code: 'QUOTA_EXCEEDED' });
      const { id: next } = await write(await newChild(), '别人');
      expect(next).toBeGreaterThan(0);
    });
  });

  test('given back for failures does not make them endless', async () => {
    const child = await newChild();
    const { id } = await write(child, '一直失败 #4000');
    await withSettings({ aiQuota: { comment: 1, image: 1 } }, async () => {
      for (const _ of [1, 2, 3]) expect(await comment(child, id)).toMatchObject({ status: 'failed' });
      expect(await refused(main, child.openid, 'commentDiary', { diaryId: id })).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    });
  });
});

describe('switched off', () => {
  test('by the child, nothing leaves: neither for a new wish nor for one that waits', async () => {
    const child = await newChild();
    const [first, second] = [await write(child, '先问的 #500', '2025-01-20'), await write(child, '后问的')];
    const waiting = await comment(child, first.id);
    await ok(user, child.openid, 'update', { settings: { aiEnabled: false } });
    const sent = outgoing(services);
    expect(await refused(main, child.openid, 'commentDiary', { diaryId: second.id })).toMatchObject({ code: 'AI_DISABLED' });
    expect(await refused(main, child.openid, 'generateImage', { diaryId: second.id })).toMatchObject({ code: 'AI_DISABLED' });
    expect(await ended(child, waiting.id)).toMatchObject({ status: 'failed', error: { code: 'AI_DISABLED' } });
    expect(outgoing(services)).toBe(sent);
    expect(await charged(child)).toBe(0);
  });

  test('without a token the AI answers PROVIDER_ERROR, and everything else works', async () => {
    const child = await newChild();
    await withSettings({ ai: null }, async () => {
      const { id } = await write(child, '没有配置');
      expect(await refused(main, child.openid, 'commentDiary', { diaryId: id })).toMatchObject({
        code: 'PROVIDER_ERROR',
        message: 'AI 功能尚未配置',
      });
      expect(await fire(main, 'work')).toMatchObject({ success: true });
    });
  });
});

describe('the worker', () => {
  /** As a worker leaves a job that dies at it. */
  const die = ({ userId }: Child, { id }: Job, changes = '') =>
    select(
      `UPDATE ai_jobs SET status = 'running', worker = 'dead', due_at = '2025-01-22 04:00:30'${changes} WHERE user_id = ? AND id = ?`,
      [userId, id],
    );

  test.each([
    ['before it opened a conversation', '#500-once', ', conversation = NULL'],
    ['before it asked there', '#500-once', ''],
    ['before it heard that its question was accepted', '#500 #accepted', ''],
  ])('takes up a comment whose worker died %s, once, for what it costs, and counts no attempt', async (_, tricks, changes) => {
    const child = await newChild();
    const marker = `被救的${child.userId}`;
    const job = await comment(child, (await write(child, `${marker} ${tricks}`)).id);
    await die(child, job, changes);
    await fire(main, 'work', at(0.4));
    expect((await jobOf(child, job.id)).status).toBe('running');
    await Promise.all([fire(main, 'work', at(1)), fire(main, 'work', at(1))]);
    expect(await jobOf(child, job.id)).toMatchObject({ status: 'done' });
    expect(services.coze.paid(marker)).toBe(1);
    expect(await select('SELECT attempts FROM ai_jobs WHERE user_id = ?', [child.userId])).toEqual([{ attempts: 1 }]);
  });

  test('does not draw a picture again when its worker died: the job fails and gives its quota back', async () => {
    const child = await newChild();
    const marker = `画了一半${child.userId}`;
    const { job } = await ok(main, child.openid, 'generateImage', { content: `${marker} #500` });
    expect(services.coze.paid(marker)).toBe(1);
    await die(child, job, ', is_sent = TRUE');
    await fire(main, 'work', at(1));
    expect(await jobOf(child, job.id)).toMatchObject({ status: 'failed', error: { code: 'PROVIDER_ERROR', retryable: true } });
    expect([services.coze.paid(marker), await charged(child)]).toEqual([1, 0]);
  });

  test('can be started only by the timer and by our own functions', async () => {
    const child = await newChild();
    expect(await refused(main, child.openid, 'work')).toMatchObject({ code: 'FORBIDDEN' });
    expect(await refused(main, null, 'work')).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await refused(main, null, 'work', {}, { token: child.token })).toMatchObject({ code: 'FORBIDDEN' });
    expect((await fire(main, 'work')).success).toBe(true);
    const key = config().jwtKeys[0].key;
    const now = Math.floor(Date.parse(NOON) / 1_000);
    const tokenOf = (claims: object, secret: KeyObject | string = key) =>
      jwt.sign({ iat: now, exp: now + 60, aud: 'growth-diary-system', ...claims }, secret, { algorithm: 'HS256', keyid: 'k2' });
    expect(await ok(main, child.openid, 'work', {}, { token: tokenOf({}) })).toMatchObject({ worked: expect.any(Number) });
    for (const forged of [
      tokenOf({ iat: now - 200, exp: now - 100 }),
      tokenOf({ aud: 'growth-diary-api' }),
      tokenOf({}, 'another secret of the same length'),
    ]) {
      expect(await refused(main, null, 'work', {}, { token: forged })).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });
});

test('a signed request is exchanged for a token once, and the token serves many calls', async () => {
  const child = await newChild();
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signing = { ai: { ...settingsFor(services.coze), access: { appId: 'app', keyId: 'key', privateKey: pem } } };
  const diaries = [await write(child, '换令牌', '2025-01-20'), await write(child, '换令牌')];
  await withSettings(signing, async () => {
    for (const { id } of diaries) expect(await comment(child, id)).toMatchObject({ status: 'done' });
  });
  expect(services.coze.calls['/api/permission/oauth2/token']).toBe(1);
});
