import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { main as ai } from '../../functions/ai/index';
import { main as diary } from '../../functions/diary/index';
import { postJob } from '../../shared/database/procedures';
import { newChild, newRequest, ok, select, testDatabase, withoutRateLimits } from '../harness';
import { useServices } from './services';

withoutRateLimits();
const services = useServices(ai);

const JOBS = 200;
const FAMILIES = 20;
const KILLS = 10;

const script = fileURLToPath(new URL('./worker-process.ts', import.meta.url));

function startWorker(): ChildProcess {
  const env = {
    ...process.env,
    COZE_API_BASE: services.coze.url,
    COZE_TOKEN: 'pat-test',
    COZE_BOT_ID: 'bot',
    COZE_WORKFLOW_ID: 'flow',
    TCB_ENV: 'test',
    DB_POOL: '4',
  };
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
  ai_comment: string | null;
  content: string;
}

const isFinished = ({ status }: Row): boolean => status === 'done' || status === 'failed';

const rows = (): Promise<Row[]> =>
  select(
    `SELECT j.status, j.attempts, d.ai_comment, d.content FROM ai_jobs j
       JOIN diaries d ON d.user_id = j.user_id AND d.id = j.diary_id WHERE d.content LIKE '队列-%'`,
  );

test('two workers that are killed again and again finish every job of a queue, and each is paid for exactly once', {
  timeout: 90_000,
}, async () => {
  for (let family = 0; family < FAMILIES; family += 1) {
    const { openid, userId } = await newChild();
    for (let day = 1; day <= JOBS / FAMILIES; day += 1) {
      const date = `2025-01-${String(day).padStart(2, '0')}`;
      // Accepted, and therefore paid, 150 ms before it is answered.
      const { diary: written } = await ok(diary, openid, 'create', { date, content: `队列-${family}-${day}- #stuck-150 #slow-150` });
      const job = { kind: 'comment', diaryId: written.id, input: null, day: '2025-01-22', quota: 100, now: new Date() };
      await postJob(testDatabase(), { userId, epoch: null, ...newRequest(), ...job });
    }
  }
  expect(await rows()).toHaveLength(JOBS);

  const workers = [startWorker(), startWorker()];
  onTestFinished(async () => {
    await Promise.all(workers.map(end));
  });
  for (let kill = 1; kill <= KILLS; kill += 1) {
    // Each in the midst of work, at a moment of no one's choosing.
    await expect
      .poll(async () => (await rows()).filter(isFinished).length, { timeout: 20_000, interval: 100 })
      .toBeGreaterThan((kill * JOBS) / (2 * KILLS));
    await wait(Math.random() * 300);
    const victim = kill % workers.length;
    await end(workers[victim] ?? startWorker());
    workers[victim] = startWorker();
  }
  await expect.poll(async () => (await rows()).filter(isFinished).length, { timeout: 60_000, interval: 500 }).toBe(JOBS);

  const ends = (await rows()).map(({ content, ai_comment: comment, ...row }) => ({
    ...row,
    commented: comment !== null,
    paid: services.coze.paid(content),
  }));
  expect(ends).toEqual(Array(JOBS).fill({ status: 'done', attempts: 1, commented: true, paid: 1 }));
  // Each end moved its user's rev once: no job was ended twice.
  const [revs] = await select<{ ends: number; distinct_revs: number }>(
    "SELECT COUNT(*) AS ends, COUNT(DISTINCT j.user_id, j.rev) AS distinct_revs FROM ai_jobs j JOIN diaries d ON d.user_id = j.user_id AND d.id = j.diary_id AND d.content LIKE '队列-%'",
  );
  expect(revs?.distinct_revs).toBe(revs?.ends);
  // The kills did hit: some had paid and nothing to show for it, until another looked.
  expect(services.coze.found('队列-')).toBeGreaterThan(0);
});
