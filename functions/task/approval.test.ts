import { describe, expect, test } from 'vitest';
import { newWorld } from '../../test/client/world';
import { type Guarded, guarded, guardianOf, newGuarded, PIN } from '../../test/family';
import { newChild, ok, refused, select, send, TODAY, withoutRateLimits, withSettings } from '../../test/harness';
import { main as family } from '../family/index';
import { main as points } from '../points/index';
import { main as sync } from '../sync/index';
import { main as user } from '../user/index';
import { main } from './index';

withoutRateLimits();

const approving = async (taskApproval: 'none' | 'own' | 'all', held = 0): Promise<Guarded> => {
  const child = await guarded(await newChild(held));
  await ok(user, child.openid, 'update', { settings: { taskApproval } }, child);
  return child;
};
const own = async ({ openid }: Guarded, pointsReward = 10, more: object = {}): Promise<number> =>
  (await ok(main, openid, 'create', { title: '喂鱼', pointsReward, ...more })).task.id;
const finished = async (child: Guarded, pointsReward = 10): Promise<number> => {
  const id = await own(child, pointsReward);
  await ok(main, child.openid, 'complete', { id });
  return id;
};
const balance = async ({ openid }: Guarded): Promise<number> => (await ok(points, openid, 'balance')).points;

describe('a completion that waits', () => {
  test('pays nothing, is in the inbox, and pays with a bonus once it is approved', async () => {
    const child = await approving('own');
    const id = await own(child);
    expect(await ok(main, child.openid, 'complete', { id })).toMatchObject({
      task: { id, status: 'waiting', isCompleted: false },
      points: { awarded: 0, balance: 0, capped: false },
    });
    expect((await ok(family, child.openid, 'inbox', {}, child)).tasks).toMatchObject([{ id, status: 'waiting' }]);
    expect(await ok(main, child.openid, 'approve', { id, bonus: 5 }, child)).toMatchObject({
      tasks: [{ id, status: 'done', isCompleted: true }],
      points: { awarded: 10, bonus: 5, balance: 15 },
    });
    expect((await ok(family, child.openid, 'inbox', {}, child)).tasks).toEqual([]);
    expect((await ok(points, child.openid, 'records')).records).toMatchObject([
      { amount: 5, source: '家长奖励' },
      { amount: 10, source: '完成任务' },
    ]);
  });

  test('is that of a system task only where all are asked for', async () => {
    for (const [setting, status] of [
      ['own', 'done'],
      ['all', 'waiting'],
    ] as const) {
      const child = await approving(setting);
      const { tasks } = await ok(main, child.openid, 'list');
      expect((await ok(main, child.openid, 'complete', { id: tasks[0].id })).task.status).toBe(status);
    }
  });

  test('approved twice, also 20 times at once, pays once', async () => {
    const child = await approving('own');
    const id = await finished(child);
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(main, child.openid, 'approve', { id, bonus: 3 }, child)));
    expect(answers.every(({ success }) => success)).toBe(true);
    expect(await balance(child)).toBe(13);
  });

  test('can be approved in a list: all of it or none', async () => {
    const child = await approving('own');
    const ids = [await finished(child), await finished(child)];
    expect((await refused(main, child.openid, 'approve', { ids: [...ids, 987_654] }, child)).code).toBe('NOT_FOUND');
    expect(await balance(child)).toBe(0);
    expect((await ok(main, child.openid, 'approve', { ids }, child)).points).toEqual({ awarded: 20, bonus: 0, balance: 20 });
  });

  test('is withdrawn by uncompleting it, and then there is nothing to approve', async () => {
    const child = await approving('own');
    const id = await finished(child);
    expect((await refused(main, child.openid, 'complete', { id })).code).toBe('TASK_ALREADY_COMPLETED');
    expect(await ok(main, child.openid, 'uncomplete', { id })).toMatchObject({ task: { status: 'open' }, points: { returned: 0 } });
    expect((await refused(main, child.openid, 'approve', { id }, child)).code).toBe('TASK_NOT_COMPLETED');
    expect((await ok(family, child.openid, 'inbox', {}, child)).tasks).toEqual([]);
  });

  test('that is rejected is open again, says why, and can be completed once more', async () => {
    const child = await approving('own');
    const id = await finished(child);
    for (let times = 0; times < 2; times += 1) {
      const { tasks } = await ok(main, child.openid, 'reject', { id, reason: '书桌还没有收拾' }, child);
      expect(tasks).toMatchObject([{ id, status: 'open', rejectedReason: '书桌还没有收拾', completedAt: null }]);
    }
    expect((await ok(main, child.openid, 'complete', { id })).task).toMatchObject({ status: 'waiting', rejectedReason: null });
    await ok(main, child.openid, 'approve', { id }, child);
    expect((await refused(main, child.openid, 'reject', { id, reason: 'x' }, child)).code).toBe('TASK_ALREADY_COMPLETED');
  });

  test('queued on a phone is shown as waiting, and waits on the server', async () => {
    const { openid, phone } = newWorld();
    const app = phone().start();
    await app.login();
    await app.family.setPin({ pin: PIN });
    await app.family.unlock({ pin: PIN });
    await app.user.update({ settings: { taskApproval: 'all' } });
    await app.family.lock();
    const [task] = (await app.task.list()).tasks;
    await app.sync.now();
    app.network(false);
    expect((await app.task.complete({ id: task?.id ?? 0 })).task).toMatchObject({ status: 'waiting', pending: true });
    app.network(true);
    await app.sync.now();
    expect((await ok(main, openid, 'get', { id: task?.id })).task.status).toBe('waiting');
    await app.family.unlock({ pin: PIN });
    expect((await app.task.approve({ id: task?.id ?? 0 })).points.awarded).toBe(10);
  });
});

describe('the child’s caps', () => {
  test('count an approval on the day of completion, and bonuses not', async () => {
    const child = await approving('own');
    const ids: number[] = [];
    for (let count = 0; count < 6; count += 1) ids.push(await finished(child, 20));
    expect((await ok(main, child.openid, 'approve', { ids, bonus: 1 }, child)).points).toEqual({ awarded: 100, bonus: 6, balance: 106 });
  });

  test('let 64 completions at once of several dates pay 300 a day', async () => {
    const child = await newGuarded();
    const tasks: { id: number; date: string }[] = [];
    for (let back = 0; back < 8; back += 1) {
      const date = `2025-01-${22 - back}`;
      for (let count = 0; count < 8; count += 1) tasks.push({ id: await own(child, 20, { date }), date });
    }
    await Promise.all(tasks.map(({ id, date }) => send(main, child.openid, 'complete', { id, doneOn: date })));
    expect(await balance(child)).toBe(300);
    const sums = await select<{ paid: string }>('SELECT SUM(awarded) AS paid FROM tasks WHERE user_id = ? GROUP BY task_date', [
      child.userId,
    ]);
    expect(Math.max(...sums.map(({ paid }) => Number(paid)))).toBeLessThanOrEqual(100);
  });
});

describe('a task that a guardian sets', () => {
  test('may promise up to 50, is outside the child’s caps, and only a guardian changes it', async () => {
    const child = await newGuarded();
    expect((await refused(main, child.openid, 'create', { title: '弹琴', pointsReward: 21 })).code).toBe('GUARDIAN_REQUIRED');
    expect(await refused(main, child.openid, 'create', { title: '弹琴', pointsReward: 51 }, child)).toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path: 'pointsReward' }],
    });
    const ids: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { task } = await ok(main, child.openid, 'create', { title: '弹琴', pointsReward: 50 }, child);
      expect(task.byGuardian).toBe(true);
      ids.push(task.id);
    }
    expect((await refused(main, child.openid, 'update', { id: ids[0], title: '听琴' })).code).toBe('GUARDIAN_REQUIRED');
    expect((await refused(main, child.openid, 'delete', { id: ids[0] })).code).toBe('GUARDIAN_REQUIRED');
    for (const id of ids) await ok(main, child.openid, 'complete', { id });
    expect(await balance(child)).toBe(150);
    await ok(main, child.openid, 'update', { id: ids[0], title: '听琴' }, child);
  });

  test('without a PIN cannot be made', async () => {
    const { openid } = await newChild();
    expect((await refused(main, openid, 'create', { title: 'x', pointsReward: 30 })).code).toBe('GUARDIAN_REQUIRED');
  });
});

describe('a monthly task', () => {
  test('comes on its day, on the last one where the month is shorter, and its first day may be a month off', async () => {
    const { openid } = await newChild();
    const { task } = await ok(main, openid, 'create', { title: '交学费', repeat: { kind: 'monthly', day: 31 }, remindAt: '08:30' });
    expect(task).toMatchObject({ date: '2025-01-31', repeat: { kind: 'monthly', day: 31 }, remindAt: '08:30' });
    const on = async (date: string): Promise<unknown[]> =>
      (await ok(main, openid, 'list', { date }, { now: `${date}T04:00:00.000Z` })).tasks.filter(
        ({ isSystem }: { isSystem: boolean }) => !isSystem,
      );
    expect(await on('2025-02-27')).toEqual([]);
    expect(await on('2025-02-28')).toMatchObject([{ title: '交学费', remindAt: '08:30' }]);
    expect(await on('2025-03-30')).toEqual([]);
    expect(await on('2025-03-31')).toHaveLength(1);
    expect(await on('2025-04-30')).toHaveLength(1);
  });

  test('can become weekly and weekly monthly; the reminder can be taken away', async () => {
    const { openid } = await newChild();
    const { task } = await ok(main, openid, 'create', { title: 'x', repeat: { kind: 'weekly', weekdays: [3] }, remindAt: '07:00' });
    const changed = (await ok(main, openid, 'update', { id: task.id, repeat: { kind: 'monthly', day: 23 }, remindAt: null })).task;
    expect(changed).toMatchObject({ date: '2025-01-23', repeat: { kind: 'monthly', day: 23 }, remindAt: null });
    expect((await ok(main, openid, 'update', { id: task.id, repeat: { kind: 'daily' } })).task.repeat).toEqual({ kind: 'daily' });
  });

  test.each([
    [{ kind: 'monthly', day: 0 }, 'repeat.day'],
    [{ kind: 'monthly', day: 32 }, 'repeat.day'],
    [{ kind: 'monthly' }, 'repeat.day'],
    [{ kind: 'yearly' }, 'repeat.kind'],
  ])('repeat %j is a field error', async (repeat, path) => {
    const { openid } = await newChild();
    expect(await refused(main, openid, 'create', { title: 'x', repeat })).toMatchObject({ code: 'INVALID_INPUT', details: [{ path }] });
  });

  test.each(['8:30', '24:00', '12:60', ''])('remindAt %j is a field error', async (remindAt) => {
    const { openid } = await newChild();
    expect(await refused(main, openid, 'create', { title: 'x', remindAt })).toMatchObject({ details: [{ path: 'remindAt' }] });
  });
});

describe('a guardian’s bonus', () => {
  test('gives or takes points with a reason; never below zero, at most 500 a day', async () => {
    const child = await newGuarded();
    const give = (amount: number) => send(points, child.openid, 'bonus', { amount, reason: '主动洗碗' }, child);
    expect(await ok(points, child.openid, 'bonus', { amount: 20, reason: '主动洗碗' }, child)).toMatchObject({
      record: { amount: 20, source: '家长奖励', description: '主动洗碗' },
      points: 20,
    });
    expect((await refused(points, child.openid, 'bonus', { amount: -21, reason: 'x' }, child)).code).toBe('POINTS_INSUFFICIENT');
    await Promise.all(Array.from({ length: 64 }, () => give(40)));
    expect(await balance(child)).toBe(500);
    expect((await refused(points, child.openid, 'bonus', { amount: -1, reason: 'x' }, child)).code).toBe('QUOTA_EXCEEDED');
    expect(await select('SELECT DISTINCT actor FROM point_records WHERE user_id = ?', [child.userId])).toEqual([{ actor: 'guardian' }]);
  });

  test('sent again with the same request id is given once', async () => {
    const child = await newGuarded();
    const give = () => send(points, child.openid, 'bonus', { amount: 20, reason: 'x' }, { ...child, requestId: 'bonus-1' });
    expect(await give()).toEqual(await give());
    expect(await balance(child)).toBe(20);
  });

  test.each([
    [{ amount: 0, reason: 'x' }, 'amount'],
    [{ amount: 201, reason: 'x' }, 'amount'],
    [{ amount: -201, reason: 'x' }, 'amount'],
    [{ amount: 1.5, reason: 'x' }, 'amount'],
    [{ amount: 5, reason: ' ' }, 'reason'],
  ])('%j is a field error', async (input, path) => {
    const child = await newGuarded();
    expect(await refused(points, child.openid, 'bonus', input, child)).toMatchObject({ details: [{ path }] });
  });
});

test('hidden system tasks appear no more, today’s open ones go, and all of them can come back', async () => {
  const child = await newGuarded();
  const titles = async (): Promise<string[]> => (await ok(main, child.openid, 'list')).tasks.map(({ title }: { title: string }) => title);
  expect(await titles()).toContain('运动30分钟');
  await ok(main, child.openid, 'hideSystem', { templateIds: ['sport', 'tidy'] }, child);
  expect(await titles()).toEqual(['写日记', '阅读20分钟', '早睡早起']);
  expect((await ok(sync, child.openid, 'home')).tasks.total).toBe(3);
  await ok(main, child.openid, 'hideSystem', { templateIds: [] }, child);
  expect(await titles()).toHaveLength(5);
  expect(await refused(main, child.openid, 'hideSystem', { templateIds: ['sport', 'cooking'] }, child)).toMatchObject({
    code: 'INVALID_INPUT',
    details: [{ path: 'templateIds.1' }],
  });
});

test('a guardian with an account of their own sets, approves and rewards for the child', async () => {
  const child = await approving('all');
  const guardian = await guardianOf(child);
  const forChild = { childId: child.userId };
  const { task } = await ok(main, guardian.openid, 'create', { title: '练字', pointsReward: 30, ...forChild }, guardian);
  await ok(main, child.openid, 'complete', { id: task.id });
  expect((await ok(family, guardian.openid, 'inbox', forChild, guardian)).tasks).toMatchObject([{ id: task.id }]);
  expect((await ok(main, guardian.openid, 'approve', { id: task.id, ...forChild }, guardian)).points.balance).toBe(30);
  await ok(points, guardian.openid, 'bonus', { amount: 5, reason: '加油', ...forChild }, guardian);
  expect(await balance(child)).toBe(35);
  const { entries } = await ok(family, child.openid, 'log');
  expect(entries.map(({ action }: { action: string }) => action).sort()).toEqual([
    ...['family.inbox', 'family.join', 'points.bonus', 'task.approve', 'task.create'],
  ]);
});

test('an approval names one task or a list, never both', async () => {
  const child = await newGuarded();
  for (const input of [{}, { id: 1, ids: [1] }, { ids: [] }, { id: 1, bonus: 21 }])
    expect((await refused(main, child.openid, 'approve', input, child)).code).toBe('INVALID_INPUT');
  await withSettings({ guardianTaskMaxReward: 10 }, async () => {
    expect((await refused(main, child.openid, 'create', { title: 'x', pointsReward: 11, date: TODAY }, child)).code).toBe('INVALID_INPUT');
  });
});
