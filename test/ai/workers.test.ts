import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { main as ai } from '../../functions/ai/index';
import { main as diary } from '../../functions/diary/index';
import { postJob } from '../../shared/database/procedures';
import { newChild, newRequest, ok, select, testDatabase, withoutRateLimits } from '../harness';
import { useServices } from './services';
import { providerNames, useProvider } from './three-providers';

withoutRateLimits();
const services = useServices(ai);

const JOBS = 200;
const FAMILIES = 20;
const KILLS = 10;

const script = fileURLToPath(new URL('./worker-process.ts', import.meta.url));

function startWorker(settings: Record<string, string>): ChildProcess {
  const env = { ...process.env, ...settings, TCB_ENV: 'test', DB_POOL: '4' };
  return spawn(process.execPath, ['--import', 'tsx', script], { env, stdio: ['pipe', 'ignore', 'inherit'] });
}

async function end(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = once(worker, 'exit');
  worker.kill('SIGKILL');
  await ended;
}

interface Row {
  status: string;
  attempts: number;
  is_charged: 0 | 1;
  ai_comment: string | null;
  content: string;
}

const isFinished = ({ status }: Row): boolean => status === 'done' || status === 'failed';

const rows = (marker: string): Promise<Row[]> =>
  select(
    `SELECT j.status, j.attempts, j.is_charged, d.ai_comment, d.content FROM ai_jobs j
       JOIN diaries d ON d.user_id = j.user_id AND d.id = j.diary_id WHERE d.content LIKE ?`,
    [`${marker}-%`],
  );

async function fillQueue(marker: string): Promise<void> {
  for (let family = 0; family < FAMILIES; family += 1) {
    const { openid, userId } = await newChild();
    for (let day = 1; day <= JOBS / FAMILIES; day += 1) {
      const date = `2025-01-${String(day).padStart(2, '0')}`;
      // Accepted, and therefore paid, 150 ms before it is answered.
      const content = `${marker}-${family}-${day}- #stuck-150 #slow-150`;
      const { diary: written } = await ok(diary, openid, 'create', { date, content });
      const job = {
        kind: 'comment',
        diaryId: written.id,
        input: null,
        isAgain: false,
        day: '2025-01-22',
        quota: 100,
        personHash: Buffer.alloc(32),
        now: new Date(),
      };
      await postJob(testDatabase(), { userId, epoch: null, ...newRequest(), ...job });
    }
  }
}

describe.each(providerNames)('with %s', (name) => {
  const line = useProvider(name, services);
  const marker = `队列${name}`;

  test('two workers that are killed again and again end every job of a queue once, and pay for none twice', {
    timeout: 120_000,
  }, async () => {
    await fillQueue(marker);
    expect(await rows(marker)).toHaveLength(JOBS);
    const workers = [startWorker(line.env), startWorker(line.env)];
    onTestFinished(async () => {
      await Promise.all(workers.map(end));
    });
    for (let kill = 1; kill <= KILLS; kill += 1) {
      // At a random moment of work.
      await expect
        .poll(async () => (await rows(marker)).filter(isFinished).length, { timeout: 20_000, interval: 100 })
        .toBeGreaterThan((kill * JOBS) / (2 * KILLS));
      await wait(Math.random() * 300);
      const victim = kill % workers.length;
      await end(workers[victim] ?? startWorker(line.env));
      workers[victim] = startWorker(line.env);
    }
    await expect.poll(async () => (await rows(marker)).filter(isFinished).length, { timeout: 60_000, interval: 500 }).toBe(JOBS);

    const ends = await rows(marker);
    const lost = ends.filter(({ status }) => status === 'failed');
    // Coze keeps its questions, so that no comment is lost. Of single calls only those in progress at a kill are, four for each worker.
    expect(lost.length).toBeLessThanOrEqual(name === 'coze' ? 0 : 4 * KILLS);
    expect(ends.filter(({ content }) => line.paid(content) > 1)).toEqual([]);
    for (const { status, attempts, is_charged: isCharged, ai_comment: comment, content } of ends) {
      const isDone = status === 'done';
      expect({ isCharged, attempts, hasComment: comment !== null }).toEqual({ isCharged: isDone ? 1 : 0, attempts: 1, hasComment: isDone });
      if (isDone) expect(line.paid(content)).toBe(1);
    }
    // Each end moved its user's rev once: no job was ended twice.
    const [revs] = await select<{ ends: number; distinct_revs: number }>(
      `SELECT COUNT(*) AS ends, COUNT(DISTINCT j.user_id, j.rev) AS distinct_revs
         FROM ai_jobs j JOIN diaries d ON d.user_id = j.user_id AND d.id = j.diary_id AND d.content LIKE ?`,
      [`${marker}-%`],
    );
    expect(revs?.distinct_revs).toBe(revs?.ends);
    // The kills did hit: some jobs had paid and had no answer yet.
    expect(name === 'coze' ? services.coze.found(marker) : lost.length).toBeGreaterThan(0);
  });
});
