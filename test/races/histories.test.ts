import fc from 'fast-check';
import { expect, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as lottery } from '../../functions/lottery/index';
import { main as points } from '../../functions/points/index';
import { main as task } from '../../functions/task/index';
import { addDays } from '../../shared/clock';
import { type Child, type Main, newChild, ok, select, send, TODAY, withoutRateLimits } from '../harness';
import { ownPrizes, setPrizes } from '../prizes';
import { expectReconciled } from '../reconcile';

withoutRateLimits();
ownPrizes();

const OPERATOR = { token: 'operator-token-of-the-tests' };

/** One call as drawn by chance; `pick` chooses among what exists when it is made. */
interface Step {
  kind:
    | 'write'
    | 'edit'
    | 'unwrite'
    | 'list'
    | 'create'
    | 'change'
    | 'remove'
    | 'complete'
    | 'reopen'
    | 'spend'
    | 'draw'
    | 'give'
    | 'restock';
  child: number;
  pick: number;
  amount: number;
  /** Days from today on which it is made. */
  day: number;
  /** Days from then that it is about. */
  offset: number;
  flag: boolean;
  /** Steps that share one are retries, or clashes, of one request. */
  request: number | null;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind'][]>(
    'write',
    'edit',
    'unwrite',
    'list',
    'create',
    'change',
    'remove',
    'complete',
    'complete',
    'complete',
    'reopen',
    'spend',
    'draw',
    'draw',
    'give',
    'restock',
  ),
  child: fc.nat({ max: 1 }),
  pick: fc.nat({ max: 40 }),
  amount: fc.integer({ min: 1, max: 25 }),
  day: fc.nat({ max: 3 }),
  offset: fc.integer({ min: -3, max: 1 }),
  flag: fc.boolean(),
  request: fc.option(fc.nat({ max: 30 }), { freq: 2 }),
});

/** Calls of one batch are made at once, batches one after another. */
const history = fc.array(fc.array(step, { minLength: 1, maxLength: 6, size: 'max' }), { minLength: 8, maxLength: 24, size: 'max' });

async function callOf(
  { kind, pick, amount, day, offset, flag }: Step,
  { userId }: Child,
  prizeId: number,
): Promise<[Main, string, object]> {
  const today = addDays(TODAY, day);
  /** Any row, sometimes one that is deleted. */
  const chosen = async <Row extends { id: number }>(
    table: 'tasks' | 'diaries',
    columns: string,
    where = 'TRUE',
  ): Promise<Row | undefined> => {
    const living = pick % 8 === 0 ? 'TRUE' : 'deleted_at IS NULL';
    const rows = await select<Row>(`SELECT id, ${columns} FROM ${table} WHERE user_id = ? AND ${living} AND ${where} ORDER BY id`, [
      userId,
    ]);
    return rows[pick % Math.max(1, rows.length)];
  };
  const anyTask = async () => ({ id: (await chosen('tasks', 'rev'))?.id ?? 1 });
  switch (kind) {
    case 'write':
      return [diary, 'create', { date: addDays(today, Math.min(offset, 0)), content: `x${amount}`, isDraft: flag }];
    case 'edit': {
      const row = await chosen<{ id: number; version: number }>('diaries', 'content_rev AS version');
      return [
        diary,
        'update',
        {
          id: row?.id ?? 1,
          version: row?.version ?? 1,
          isDraft: flag,
          ...(pick % 3 === 0 && { date: addDays(today, Math.min(offset, 0)) }),
        },
      ];
    }
    case 'unwrite':
      return [diary, 'delete', { id: (await chosen('diaries', 'rev'))?.id ?? 1 }];
    case 'list':
      return [task, 'list', { date: addDays(today, offset) }];
    case 'create':
      return [
        task,
        'create',
        { title: 'x', pointsReward: amount % 21, ...(flag ? { repeat: { kind: 'daily' } } : { date: addDays(today, offset) }) },
      ];
    case 'change':
      return [task, 'update', { ...(await anyTask()), pointsReward: amount % 21 }];
    case 'remove':
      return [task, 'delete', await anyTask()];
    case 'complete': {
      const row = await chosen<{ id: number; date: string }>('tasks', 'task_date AS date', flag ? 'TRUE' : `task_date = '${today}'`);
      return [task, 'complete', { id: row?.id ?? 1, ...(flag && { doneOn: row?.date ?? today }) }];
    }
    case 'reopen':
      return [task, 'uncomplete', { id: (await chosen('tasks', 'rev', 'is_completed'))?.id ?? 1 }];
    case 'spend':
      return [points, 'deduct', { amount, source: 'x' }];
    case 'draw':
      return [lottery, 'draw', {}];
    case 'give':
      return [points, 'add', { userId, amount, source: 'x' }];
    case 'restock':
      return [lottery, 'savePrize', { id: prizeId, stock: amount % 4, points: amount }];
  }
}

async function play(batches: Step[][]): Promise<void> {
  const [prizeId = 0] = await setPrizes({ name: 'few', probability: 0.5, stock: 2, points: 12 }, { name: 'many', probability: 0.3 });
  const children = await Promise.all([newChild(20), newChild()]);
  for (const { openid } of children) await ok(task, openid, 'list');
  for (const batch of batches) {
    await Promise.all(
      batch.map(async (drawn) => {
        const child = children[drawn.child];
        if (!child) return;
        const [main, action, input] = await callOf(drawn, child, prizeId);
        const byOperator = drawn.kind === 'give' || drawn.kind === 'restock';
        const answer = await send(main, byOperator ? null : child.openid, action, input, {
          now: `${addDays(TODAY, drawn.day)}T04:00:00.000Z`,
          ...(byOperator && OPERATOR),
          ...(drawn.request !== null && { requestId: `r-${drawn.request}` }),
        });
        if (!answer.success) expect(['INTERNAL', 'UNAVAILABLE', 'FORBIDDEN', 'UNAUTHENTICATED']).not.toContain(systemTaskOr(answer.error));
      }),
    );
  }
  await expectReconciled();
  for (const { openid } of children) expect((await ok(points, openid, 'balance')).points).toBeGreaterThanOrEqual(0);
}

/** That the system's tasks cannot be changed is a refusal to be expected. */
const systemTaskOr = ({ code, message }: { code: string; message: string }): string =>
  message === '系统任务不能修改或删除' ? 'expected' : code;

test('after any history of writes, concurrent or in turn, replayed or new, all invariants hold', {
  retry: 0,
  timeout: 120_000,
}, async () => {
  await fc.assert(fc.asyncProperty(history, play), { numRuns: 40 });
});
