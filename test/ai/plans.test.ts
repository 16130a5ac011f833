import { describe, expect, onTestFinished, test } from 'vitest';
import { newChild, select } from '../harness';

interface Step {
  table: string | null;
  type: string;
  key: string | null;
  Extra: string | null;
}

describe('with a long history of jobs behind it', () => {
  test.each([
    ['the queue', "SELECT user_id, id FROM ai_jobs WHERE due_at <= '2025-01-22' ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED", 'idx_due'],
    ['a picture check’s answer', "SELECT user_id, id FROM ai_jobs WHERE trace_id = 'x'", 'idx_trace'],
    [
      'the day’s quota',
      "SELECT SUM(is_charged) FROM ai_jobs FORCE INDEX (idx_user_day) WHERE user_id = :user AND quota_day = '2024-12-01' AND kind = 'comment'",
      'idx_user_day',
    ],
    [
      'a diary’s job',
      "SELECT id FROM ai_jobs WHERE user_id = :user AND diary_id = 5 AND kind = 'comment' AND answers_version = 5",
      'uk_user_diary',
    ],
    [
      'what waits for a check',
      "SELECT user_id FROM content_checks WHERE priority = 0 AND due_at <= '2025-01-22' ORDER BY due_at LIMIT 20",
      'idx_queue',
    ],
  ])('%s is found by its index, without a scan or a sort', async (_, sql, key) => {
    const { userId } = await newChild();
    onTestFinished(async () => {
      await select('DELETE FROM ai_jobs WHERE user_id = ?', [userId]);
      await select('DELETE FROM content_checks WHERE user_id = ?', [userId]);
    });
    const numbers = Array.from({ length: 500 }, (_, index) => index + 1);
    const day = (n: number) => `'2024-12-01' - INTERVAL ${n % 100} DAY`;
    const jobs = numbers.map((n) => `(${userId}, ${n}, 'comment', ${n}, ${n}, ${n}, 'done', ${day(n)}, 'r${n}', 1, NOW(3))`);
    await select(`INSERT INTO ai_jobs (user_id, id, kind, diary_id, diary_version, answers_version, status, quota_day, trace_id, rev, created_at)
      VALUES ${jobs.join()}`);
    await select(
      `INSERT INTO content_checks (user_id, diary_id, due_at) VALUES ${numbers.map((n) => `(${userId}, ${n}, '2030-01-01')`).join()}`,
    );
    await select('ANALYZE TABLE ai_jobs, content_checks');
    const [step] = await select<Step>(`EXPLAIN FORMAT=TRADITIONAL ${sql.replace(':user', String(userId))}`);
    expect(step).toMatchObject({ key });
    expect(step?.type).not.toBe('ALL');
    expect(step?.Extra ?? '').not.toContain('filesort');
  });
});
