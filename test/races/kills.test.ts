import mysql from 'mysql2/promise';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { main as lottery } from '../../functions/lottery/index';
import { main as points } from '../../functions/points/index';
import { main as task } from '../../functions/task/index';
import type { Envelope } from '../../shared/errors';
import { type Child, type Main, newChild, ok, select, send, withoutRateLimits } from '../harness';
import { ownPrizes, setPrizes } from '../prizes';
import { expectReconciled } from '../reconcile';
import { readSessions } from '../sessions';

withoutRateLimits();
ownPrizes();

const { admin, runtime } = inject('services');

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Kills what runs for the functions, again and again at random moments, until the work is done. Answers how often it struck. */
async function killing(how: 'CONNECTION' | 'QUERY', work: Promise<unknown>): Promise<number> {
  const killer = await mysql.createConnection({ host: admin.host, port: admin.port, user: admin.user, password: admin.password });
  let isDone = false;
  const finished = work.finally(() => {
    isDone = true;
  });
  let kills = 0;
  while (!isDone) {
    await sleep(Math.random() * 3);
    const sessions = await readSessions(select);
    const ours = sessions.filter(({ user, database }) => user === runtime.user && database === process.env.DB_NAME);
    const busy = ours.filter(({ isBusy }) => isBusy);
    const victim = (busy.length > 0 ? busy : ours)[Math.floor(Math.random() * (busy.length || ours.length))];
    if (!victim) continue;
    // It may have ended by itself meanwhile.
    await killer.query(`KILL ${how} ${victim.id}`).then(
      () => {
        kills += 1;
      },
      () => {},
    );
  }
  await killer.end();
  await finished;
  return kills;
}

interface Asked {
  main: Main;
  child: Child;
  action: string;
  input: object;
  requestId: string;
  answer?: Envelope;
}

/** Asks with the same request id until the answer is a definite one, as a phone does. */
async function askUntilAnswered(asked: Asked): Promise<void> {
  const { main, child, action, input, requestId } = asked;
  for (;;) {
    const answer = await send(main, child.openid, action, input, { requestId });
    if (!answer.success && answer.error.code === 'UNAVAILABLE') continue;
    asked.answer = answer;
    return;
  }
}

describe.runIf(runtime.user === 'gd_runtime').each(['CONNECTION', 'QUERY'] as const)('while KILL %s strikes at random', (how) => {
  let prizeId = 0;
  beforeAll(async () => {
    [prizeId = 0] = await setPrizes(
      { name: 'limited', probability: 0.5, stock: 1_000, points: 2 },
      { name: 'unlimited', probability: 0.4 },
    );
  });

  test('every request that was answered happened exactly once, and none happened that was not', { retry: 0 }, async () => {
    const children = await Promise.all(Array.from({ length: 8 }, () => newChild(5_000)));
    const queues = await Promise.all(
      children.map(async (child): Promise<Asked[]> => {
        const { tasks } = await ok(task, child.openid, 'list');
        return Array.from({ length: 120 }, (_, index): Asked => {
          const asked = { child, requestId: `kill-${index}` };
          switch (index % 4) {
            case 0:
              return { ...asked, main: points, action: 'deduct', input: { amount: 1 + (index % 7), source: 'x' } };
            case 1:
              return { ...asked, main: lottery, action: 'draw', input: {} };
            case 2:
              return { ...asked, main: task, action: 'complete', input: { id: tasks[(index >> 3) % 5].id } };
            default:
              return { ...asked, main: task, action: 'uncomplete', input: { id: tasks[(index >> 3) % 5].id } };
          }
        });
      }),
    );
    // Two hands for each child, so that requests of one user meet too.
    const hands = queues.flatMap((queue) => [0, 1].map((hand) => queue.filter((_, index) => (index >> 2) % 2 === hand)));
    const kills = await killing(
      how,
      Promise.all(
        hands.map(async (queue) => {
          for (const asked of queue) await askUntilAnswered(asked);
        }),
      ),
    );
    expect(kills).toBeGreaterThan(20);

    for (const queue of queues) {
      const codes = new Set(queue.map(({ answer }) => (answer?.success ? 'OK' : answer?.error.code)));
      for (const code of codes) expect(['OK', 'TASK_ALREADY_COMPLETED', 'TASK_NOT_COMPLETED']).toContain(code);
      const userId = queue[0]?.child.userId ?? 0;
      const answered = queue.filter(({ answer }) => answer?.success);
      // A ledger row and a draw carry their request id themselves.
      const stored = await select<{ request_id: string }>(
        `SELECT request_id FROM requests WHERE user_id = ? AND request_id LIKE 'kill-%'
         UNION ALL SELECT SUBSTRING(source_key, 5) FROM point_records WHERE user_id = ? AND source_key LIKE 'req:kill-%'
         UNION ALL SELECT request_id FROM lottery_records WHERE user_id = ? AND request_id LIKE 'kill-%'`,
        [userId, userId, userId],
      );
      expect(stored.map((row) => row.request_id).sort()).toEqual(answered.map(({ requestId }) => requestId).sort());
      const count = async (pattern: string) =>
        (await select('SELECT seq FROM point_records WHERE user_id = ? AND source_key LIKE ?', [userId, pattern])).length;
      expect(await count('req:kill-%')).toBe(30);
      expect(await count('draw:%:cost')).toBe(30);
    }
    const [prize] = await select<{ stock: number; issued: number }>('SELECT stock, issued FROM lottery_prizes WHERE id = ?', [prizeId]);
    expect((prize?.stock ?? 0) + (prize?.issued ?? 0)).toBe(1_000);
    await expectReconciled();
  });
});
