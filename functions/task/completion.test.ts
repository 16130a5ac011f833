import { describe, expect, test } from 'vitest';
import { addDays } from '../../shared/clock';
import { type Child, configure, NOON, newChild, ok, refused, select, send, TODAY, withoutRateLimits } from '../../test/harness';
import { main as points } from '../points/index';
import { main } from './index';

withoutRateLimits();

const later = (days: number) => ({ now: `${addDays(TODAY, days)}T04:00:00.000Z` });

const ledgerOf = ({ userId }: Child) =>
  select<{ amount: number; source_key: string }>('SELECT amount, source_key FROM point_records WHERE user_id = ? ORDER BY seq', [userId]);
const balanceOf = async ({ openid }: Child): Promise<number> => (await ok(points, openid, 'balance')).points;
const systemTask = async ({ openid }: Child): Promise<number> => (await ok(main, openid, 'list')).tasks[0].id;
const ownTask = async ({ openid }: Child, input: object = {}): Promise<number> =>
  (await ok(main, openid, 'create', { title: '喂鱼', pointsReward: 20, ...input })).task.id;

describe('completing', () => {
  test('marks the task done and pays what it promised', async () => {
    const child = await newChild(3);
    const id = await systemTask(child);
    const done = await ok(main, child.openid, 'complete', { id });
    expect(done).toMatchObject({
      task: { id, isCompleted: true, completedAt: NOON },
      points: { awarded: 10, balance: 13, capped: false },
    });
    expect((await ok(main, child.openid, 'list')).tasks[0]).toEqual(done.task);
    expect((await ok(points, child.openid, 'records')).records[0]).toMatchObject({
      amount: 10,
      balanceAfter: 13,
      source: '完成任务',
      description: '写日记',
      relatedId: id,
      relatedType: 'task',
    });
  });

  test('twice is refused and pays nothing more', async () => {
    const child = await newChild();
    const id = await systemTask(child);
    await ok(main, child.openid, 'complete', { id });
    expect((await refused(main, child.openid, 'complete', { id })).code).toBe('TASK_ALREADY_COMPLETED');
    expect(await balanceOf(child)).toBe(10);
  });

  test('again with the same request id gives the first answer, also days later', async () => {
    const child = await newChild();
    const id = await systemTask(child);
    const first = await send(main, child.openid, 'complete', { id }, { requestId: 'done-1' });
    expect(await send(main, child.openid, 'complete', { id }, { requestId: 'done-1' })).toEqual(first);
    expect(await send(main, child.openid, 'complete', { id }, { requestId: 'done-1', ...later(20) })).toEqual(first);
    expect((await refused(main, child.openid, 'complete', { id, doneOn: TODAY }, { requestId: 'done-1' })).code).toBe(
      'IDEMPOTENCY_MISMATCH',
    );
    expect(await ledgerOf(child)).toHaveLength(1);
  });

  test('twenty times at once pays once', async () => {
    const child = await newChild();
    const id = await systemTask(child);
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(main, child.openid, 'complete', { id })));
    expect(answers.filter((answer) => answer.success)).toHaveLength(1);
    for (const answer of answers) if (!answer.success) expect(answer.error.code).toBe('TASK_ALREADY_COMPLETED');
    expect(await ledgerOf(child)).toEqual([{ amount: 10, source_key: `task:${id}:1` }]);
  });

  test.each(['points', 'amount', 'reward', 'pointsReward', 'awarded', 'completedAt', 'userId', 'openid', 'isCompleted', 'date'])(
    'a client cannot name %s',
    async (field) => {
      const child = await newChild();
      const id = await systemTask(child);
      expect(await refused(main, child.openid, 'complete', { id, [field]: 100 })).toMatchObject({
        code: 'INVALID_INPUT',
        details: [{ path: field }],
      });
      expect(await balanceOf(child)).toBe(0);
    },
  );
});

describe('the day of a completion', () => {
  test('is today, unless the caller says which of the last seven days it was', async () => {
    const child = await newChild();
    const id = await systemTask(child);
    for (const input of [{ id }, { id, doneOn: addDays(TODAY, 1) }, { id, doneOn: addDays(TODAY, -1) }]) {
      expect(await refused(main, child.openid, 'complete', input, later(1))).toMatchObject({
        code: 'INVALID_INPUT',
        details: [{ path: 'doneOn' }],
      });
    }
    expect(await ok(main, child.openid, 'complete', { id, doneOn: TODAY }, later(7))).toMatchObject({
      task: { date: TODAY, isCompleted: true },
      points: { awarded: 10 },
    });
  });

  test('cannot be eight days ago', async () => {
    const child = await newChild();
    const id = await systemTask(child);
    expect((await refused(main, child.openid, 'complete', { id, doneOn: TODAY }, later(8))).code).toBe('INVALID_INPUT');
    expect(await balanceOf(child)).toBe(0);
  });

  test('is never in the future', async () => {
    const child = await newChild();
    const tomorrow = addDays(TODAY, 1);
    const id = await ownTask(child, { date: tomorrow });
    for (const input of [{ id }, { id, doneOn: tomorrow }, { id, doneOn: TODAY }]) {
      expect((await refused(main, child.openid, 'complete', input)).code).toBe('INVALID_INPUT');
    }
    expect(await balanceOf(child)).toBe(0);
  });

  test('turns at midnight in Beijing', async () => {
    const child = await newChild();
    const id = await systemTask(child);
    expect((await refused(main, child.openid, 'complete', { id }, { now: '2025-01-22T16:00:00.000Z' })).code).toBe('INVALID_INPUT');
    await ok(main, child.openid, 'complete', { id }, { now: '2025-01-22T15:59:59.999Z' });
  });
});

describe('taking it back', () => {
  test('returns the points with a row of its own', async () => {
    const child = await newChild(5);
    const id = await systemTask(child);
    await ok(main, child.openid, 'complete', { id });
    expect(await ok(main, child.openid, 'uncomplete', { id })).toMatchObject({
      task: { id, isCompleted: false, completedAt: null },
      points: { returned: 10, balance: 5 },
    });
    expect((await ledgerOf(child)).slice(1)).toEqual([
      { amount: 10, source_key: `task:${id}:1` },
      { amount: -10, source_key: `task:${id}:1:back` },
    ]);
  });

  test('of an open task is refused', async () => {
    const child = await newChild();
    const id = await systemTask(child);
    expect((await refused(main, child.openid, 'uncomplete', { id })).code).toBe('TASK_NOT_COMPLETED');
    expect(await ledgerOf(child)).toEqual([]);
  });

  test('when they have been spent is refused and the task stays done', async () => {
    const child = await newChild();
    const id = await systemTask(child);
    await ok(main, child.openid, 'complete', { id });
    await ok(points, child.openid, 'deduct', { amount: 1, source: 'x' });
    expect((await refused(main, child.openid, 'uncomplete', { id })).code).toBe('POINTS_INSUFFICIENT');
    expect((await ok(main, child.openid, 'list')).tasks[0]).toMatchObject({ isCompleted: true });
    expect(await balanceOf(child)).toBe(9);
  });

  test('with the same request id gives the first answer', async () => {
    const child = await newChild();
    const id = await systemTask(child);
    await ok(main, child.openid, 'complete', { id });
    const first = await send(main, child.openid, 'uncomplete', { id }, { requestId: 'back-1' });
    expect(await send(main, child.openid, 'uncomplete', { id }, { requestId: 'back-1' })).toEqual(first);
    expect(await balanceOf(child)).toBe(0);
  });

  test('and doing it again pays again, any number of times, and the sum is right', async () => {
    const child = await newChild();
    const id = await systemTask(child);
    for (let round = 0; round < 3; round += 1) {
      await ok(main, child.openid, 'complete', { id });
      await ok(main, child.openid, 'uncomplete', { id });
    }
    await ok(main, child.openid, 'complete', { id });
    expect((await ledgerOf(child)).map((row) => row.amount)).toEqual([10, -10, 10, -10, 10, -10, 10]);
    expect(await balanceOf(child)).toBe(10);
  });

  test('many times at once, mixed with completing, ends in a state that agrees with the ledger', async () => {
    const child = await newChild();
    const id = await systemTask(child);
    await Promise.all(Array.from({ length: 30 }, (_, index) => send(main, child.openid, index % 2 ? 'complete' : 'uncomplete', { id })));
    const [task] = (await ok(main, child.openid, 'list')).tasks;
    expect(await balanceOf(child)).toBe(task.isCompleted ? 10 : 0);
  });
});

describe('own tasks of one day together', () => {
  test('pay at most 100: the one that crosses pays the rest and the others nothing, and all say so', async () => {
    const child = await newChild();
    const paid = [];
    for (const pointsReward of [20, 20, 20, 20, 15, 20, 20]) {
      const id = await ownTask(child, { pointsReward });
      const done = await ok(main, child.openid, 'complete', { id });
      paid.push([done.points.awarded, done.points.capped]);
    }
    expect(paid).toEqual([
      [20, false],
      [20, false],
      [20, false],
      [20, false],
      [15, false],
      [5, true],
      [0, true],
    ]);
    expect(await balanceOf(child)).toBe(100);
  });

  test('deleting a done one makes no room; taking one back does', async () => {
    const child = await newChild();
    const ids = [];
    for (let count = 0; count < 5; count += 1) ids.push(await ownTask(child));
    for (const id of ids) await ok(main, child.openid, 'complete', { id });
    await ok(main, child.openid, 'delete', { id: ids[0] });
    const sixth = await ownTask(child);
    expect(await ok(main, child.openid, 'complete', { id: sixth })).toMatchObject({ points: { awarded: 0, capped: true } });
    await ok(main, child.openid, 'uncomplete', { id: sixth });
    expect(await ok(main, child.openid, 'uncomplete', { id: ids[1] })).toMatchObject({ points: { returned: 20, balance: 80 } });
    expect(await ok(main, child.openid, 'complete', { id: sixth })).toMatchObject({ points: { awarded: 20, capped: false, balance: 100 } });
  });

  test('count by the task’s date, and the system’s tasks do not count', async () => {
    const child = await newChild();
    const yesterday = addDays(TODAY, -1);
    for (let count = 0; count < 6; count += 1) {
      await ok(main, child.openid, 'complete', { id: await ownTask(child) });
      await ok(main, child.openid, 'complete', { id: await ownTask(child, { date: yesterday }), doneOn: yesterday });
    }
    expect(await balanceOf(child)).toBe(200);
    expect(await ok(main, child.openid, 'complete', { id: await systemTask(child) })).toMatchObject({
      points: { awarded: 10, capped: false },
    });
  });

  test('ten concurrent completions do not exceed the limit', async () => {
    const child = await newChild();
    const ids = [];
    for (let count = 0; count < 10; count += 1) ids.push(await ownTask(child, { pointsReward: 15 }));
    await Promise.all(ids.map((id) => ok(main, child.openid, 'complete', { id })));
    expect(await balanceOf(child)).toBe(100);
  });
});

describe('with other settings', () => {
  configure({ ownTaskDailyCap: 7, ownTaskMaxReward: 5 });

  test('the limits are those of the configuration', async () => {
    const child = await newChild();
    expect((await refused(main, child.openid, 'create', { title: 'x', pointsReward: 6 })).code).toBe('GUARDIAN_REQUIRED');
    const created = await ok(main, child.openid, 'create', { title: 'x' });
    expect(created.task.pointsReward).toBe(5);
    await ok(main, child.openid, 'complete', { id: created.task.id });
    expect(await ok(main, child.openid, 'complete', { id: await ownTask(child, { pointsReward: 5 }) })).toMatchObject({
      points: { awarded: 2, capped: true, balance: 7 },
    });
  });
});
