import { describe, expect, test } from 'vitest';
import { addDays } from '../../shared/clock';
import { type Child, http, newChild, newOpenid, ok, refused, select, send, TODAY, withoutRateLimits } from '../../test/harness';
import { main as login } from '../login/index';
import { main } from './index';

withoutRateLimits();

const SYSTEM = ['写日记', '阅读20分钟', '运动30分钟', '整理房间', '早睡早起'];
const YESTERDAY = addDays(TODAY, -1);
const TOMORROW = addDays(TODAY, 1);
const TOMORROW_NOON = `${TOMORROW}T04:00:00.000Z`;

interface Listed {
  id: number;
  title: string;
  isCompleted: boolean;
}

const list = async ({ openid }: Child, date?: string, now?: string): Promise<Listed[]> =>
  (await ok(main, openid, 'list', date === undefined ? {} : { date }, now === undefined ? {} : { now })).tasks;
const titles = async (child: Child, date?: string, now?: string) => (await list(child, date, now)).map((task) => task.title);
const create = async ({ openid }: Child, input: object, now?: string) =>
  (await ok(main, openid, 'create', input, now === undefined ? {} : { now })).task;
const rowsOf = ({ userId }: Child) =>
  select<{ task_date: string; task_key: string }>('SELECT task_date, task_key FROM tasks WHERE user_id = ?', [userId]);
const revOf = async ({ userId }: Child) => (await select<{ rev: number }>('SELECT rev FROM users WHERE id = ?', [userId]))[0]?.rev;

describe('the tasks of a day', () => {
  test('are the system’s for a new user, open, in order', async () => {
    const child = await newChild();
    const day = await ok(main, child.openid, 'list');
    expect(day).toMatchObject({ date: TODAY, completed: 0, total: 5 });
    expect(day.tasks.map((task: Listed) => task.title)).toEqual(SYSTEM);
    expect(day.tasks[0]).toEqual({
      id: day.tasks[0].id,
      title: '写日记',
      description: '记下今天最想说的话',
      category: 'diary',
      pointsReward: 10,
      isSystem: true,
      isCompleted: false,
      completedAt: null,
      date: TODAY,
      repeat: { kind: 'once' },
      status: 'open',
      remindAt: null,
      byGuardian: false,
      rejectedReason: null,
    });
  });

  test('are created once: listing them again writes nothing', async () => {
    const child = await newChild();
    const first = await list(child);
    const rev = await revOf(child);
    expect(await list(child)).toEqual(first);
    expect(await revOf(child)).toBe(rev);
  });

  test('are created once by ten concurrent calls', async () => {
    for (let round = 0; round < 4; round += 1) {
      const child = await newChild();
      await create(child, { title: '练琴', repeat: { kind: 'daily' } });
      const days = await Promise.all(Array.from({ length: 10 }, () => list(child)));
      for (const day of days) expect(day).toEqual(days[0]);
      expect(await rowsOf(child)).toHaveLength(6);
    }
  });

  test('of the next seven days can be seen, no further', async () => {
    const child = await newChild();
    expect(await titles(child, addDays(TODAY, 7))).toEqual(SYSTEM);
    expect(await refused(main, child.openid, 'list', { date: addDays(TODAY, 8) })).toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path: 'date' }],
    });
    expect(await refused(main, child.openid, 'list', { date: '9999-12-31' })).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await rowsOf(child)).toHaveLength(5);
  });

  test.each([YESTERDAY, '2001-01-01'])('of %s, never looked at, are none, and looking makes none', async (date) => {
    const child = await newChild();
    expect(await ok(main, child.openid, 'list', { date })).toEqual({ date, tasks: [], completed: 0, total: 0 });
    expect(await rowsOf(child)).toEqual([]);
  });

  test('stay as they were when the day has passed, and the new day begins open', async () => {
    const child = await newChild();
    const [first] = await list(child);
    await ok(main, child.openid, 'complete', { id: first?.id });
    expect((await list(child, undefined, TOMORROW_NOON)).every((task) => !task.isCompleted)).toBe(true);
    expect((await list(child, TODAY, TOMORROW_NOON)).map((task) => task.isCompleted)).toEqual([true, false, false, false, false]);
  });

  test.each([
    ['2025-01-21T16:30:00.000Z', '2025-01-22'],
    ['2025-01-21T23:00:00.000Z', '2025-01-22'],
    ['2025-01-22T15:59:00.000Z', '2025-01-22'],
    ['2025-01-22T16:30:00.000Z', '2025-01-23'],
  ])('at %s are those of %s in Beijing', async (now, date) => {
    const child = await newChild();
    expect(await ok(main, child.openid, 'list', {}, { now })).toMatchObject({ date, tasks: [{ date }, {}, {}, {}, {}] });
  });

  test('include a template that is added later, and keep the task of a withdrawn one', async () => {
    const child = await newChild();
    await list(child);
    await select("INSERT INTO task_templates (id, title, sort_order) VALUES ('water', '喝水', 9)");
    expect(await titles(child)).toEqual([...SYSTEM, '喝水']);
    await select("UPDATE task_templates SET is_active = FALSE WHERE id = 'water'");
    expect(await titles(child)).toEqual([...SYSTEM, '喝水']);
    expect(await titles(child, TOMORROW)).toEqual(SYSTEM);
    await select("DELETE FROM task_templates WHERE id = 'water'");
  });

  test.each(['2025-02-30', '2025-1-8', '', 20250122])('%o is no date', async (date) => {
    const { openid } = await newChild();
    expect(await refused(main, openid, 'list', { date })).toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'date' }] });
  });

  test('before the first login: every user action answers UNAUTHENTICATED', async () => {
    expect((await refused(main, newOpenid(), 'list')).code).toBe('UNAUTHENTICATED');
  });
});

describe('a task of one’s own', () => {
  test('is for today unless a day is named, and pays 10 unless it says otherwise', async () => {
    const child = await newChild();
    const task = await create(child, { title: '  喂鱼 ' });
    expect(task).toMatchObject({
      title: '喂鱼',
      description: '',
      category: 'daily',
      pointsReward: 10,
      isSystem: false,
      date: TODAY,
      repeat: { kind: 'once' },
    });
    expect(await titles(child)).toEqual([...SYSTEM, '喂鱼']);
    const later = await create(child, { title: '去图书馆', description: '还书', category: 'study', pointsReward: 20, date: TOMORROW });
    expect(later).toMatchObject({ description: '还书', category: 'study', pointsReward: 20, date: TOMORROW });
    expect(await titles(child)).not.toContain('去图书馆');
    expect(await titles(child, TOMORROW)).toContain('去图书馆');
  });

  test('may be given for seven days back and seven ahead', async () => {
    const child = await newChild();
    for (const days of [-7, 7])
      expect(await create(child, { title: 'x', date: addDays(TODAY, days) })).toMatchObject({ date: addDays(TODAY, days) });
    for (const days of [-8, 8]) {
      const error = await refused(main, child.openid, 'create', { title: 'x', date: addDays(TODAY, days) });
      expect(error).toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'date' }] });
    }
  });

  test.each([
    ['title', ''],
    ['title', '   '],
    ['title', '字'.repeat(201)],
    ['title', 5],
    ['description', '字'.repeat(2001)],
    ['category', '字'.repeat(51)],
    ['pointsReward', 51],
    ['pointsReward', -1],
    ['pointsReward', 1.5],
    ['pointsReward', '10'],
    ['pointsReward', 1e9],
    ['repeat', 'daily'],
    ['repeat.weekdays', { kind: 'weekly' }],
    ['repeat.weekdays', { kind: 'weekly', weekdays: [] }],
    ['repeat.weekdays.0', { kind: 'weekly', weekdays: [0] }],
    ['repeat.weekdays.0', { kind: 'weekly', weekdays: [8] }],
    ['repeat.weekdays', { kind: 'daily', weekdays: [1] }],
    ['repeat.kind', { kind: 'yearly' }],
    ['userId', 1],
    ['completed', true],
    ['isCompleted', true],
    ['createdAt', '2025-01-01T00:00:00.000Z'],
    ['isSystem', true],
    ['awarded', 5],
    ['points', 999],
  ])('with %s %o is refused and leaves no row', async (path, value) => {
    const child = await newChild();
    const field = path.split('.')[0] ?? '';
    expect(await refused(main, child.openid, 'create', { title: 'x', [field]: value })).toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path }],
    });
    expect(await rowsOf(child)).toEqual([]);
  });

  test('keeps 200 emoji as its title and quotes as they are', async () => {
    const child = await newChild();
    const title = `${'😀'.repeat(190)}'"%_\\\``;
    expect(await create(child, { title })).toMatchObject({ title });
    expect(await titles(child)).toContain(title);
  });

  test('is created once for one request id', async () => {
    const child = await newChild();
    const first = await ok(main, child.openid, 'create', { title: 'x', repeat: { kind: 'daily' } }, { requestId: 'c1' });
    expect(
      await ok(main, child.openid, 'create', { title: 'x', repeat: { kind: 'daily' } }, { requestId: 'c1', now: TOMORROW_NOON }),
    ).toEqual(first);
    expect((await refused(main, child.openid, 'create', { title: 'y', repeat: { kind: 'daily' } }, { requestId: 'c1' })).code).toBe(
      'IDEMPOTENCY_MISMATCH',
    );
    expect(await rowsOf(child)).toHaveLength(1);
  });

  test('repeated requests answer the effect of the first time with the task as it is now, and NOT_FOUND once it is deleted', async () => {
    const child = await newChild();
    const asks = {
      create: { title: 'x', pointsReward: 4 },
      update: { id: 0, title: 'y' },
      complete: { id: 0 },
      uncomplete: { id: 0 },
    };
    const ask = (name: keyof typeof asks) => send(main, child.openid, name, asks[name], { requestId: `again-${name}` });
    const { task } = await ok(main, child.openid, 'create', asks.create, { requestId: 'again-create' });
    for (const name of ['update', 'complete', 'uncomplete'] as const) {
      asks[name].id = task.id;
      expect(await ask(name)).toMatchObject({ success: true });
    }
    const { task: now } = await ok(main, child.openid, 'update', { id: task.id, title: 'z' });
    expect(now).toEqual({ ...task, title: 'z' });
    expect(await ask('create')).toMatchObject({ data: { task: now } });
    expect(await ask('update')).toMatchObject({ data: { task: now } });
    expect(await ask('complete')).toMatchObject({ data: { task: now, points: { awarded: 4, balance: 4, capped: false } } });
    expect(await ask('uncomplete')).toMatchObject({ data: { task: now, points: { returned: 4, balance: 0 } } });
    const removed = await ok(main, child.openid, 'delete', { id: task.id }, { requestId: 'again-delete' });
    for (const name of ['create', 'update', 'complete', 'uncomplete'] as const) {
      expect(await ask(name)).toMatchObject({ error: { code: 'NOT_FOUND' } });
    }
    expect(await ok(main, child.openid, 'delete', { id: task.id }, { requestId: 'again-delete' })).toEqual(removed);
  });
});

describe('a repeating task', () => {
  test('that is daily is due on every day from its first', async () => {
    const child = await newChild();
    const task = await create(child, { title: '练琴', repeat: { kind: 'daily' }, date: TOMORROW });
    expect(task).toMatchObject({ date: TOMORROW, repeat: { kind: 'daily' } });
    expect(await titles(child)).not.toContain('练琴');
    for (const days of [1, 2, 7]) expect(await titles(child, addDays(TODAY, days))).toEqual([...SYSTEM, '练琴']);
    expect((await list(child, TOMORROW)).at(-1)).toEqual(task);
  });

  test('that is weekly is due on its weekdays only; the next one is created and answered at once', async () => {
    const child = await newChild();
    // Today is a Wednesday.
    const task = await create(child, { title: '游泳', repeat: { kind: 'weekly', weekdays: [7, 1, 7] } });
    expect(task).toMatchObject({ date: '2025-01-26', repeat: { kind: 'weekly', weekdays: [1, 7] } });
    const days = [];
    for (let ahead = 0; ahead <= 7; ahead += 1)
      if ((await titles(child, addDays(TODAY, ahead))).includes('游泳')) days.push(addDays(TODAY, ahead));
    expect(days).toEqual(['2025-01-26', '2025-01-27']);
  });

  test('with a first day in the past starts today: past days get no task', async () => {
    const child = await newChild();
    expect(await create(child, { title: '练琴', repeat: { kind: 'daily' }, date: addDays(TODAY, -3) })).toMatchObject({ date: TODAY });
    expect(await titles(child, YESTERDAY)).toEqual([]);
  });

  test('that is changed changes from today on; done days keep what they paid', async () => {
    const child = await newChild();
    const done = await create(child, { title: '练琴', pointsReward: 5, repeat: { kind: 'daily' } });
    await ok(main, child.openid, 'complete', { id: done.id });
    await list(child, TOMORROW);
    const [next] = (await list(child, undefined, TOMORROW_NOON)).filter((task) => task.title === '练琴');
    const changed = await ok(main, child.openid, 'update', { id: next?.id, title: '练琴一小时', pointsReward: 15 }, { now: TOMORROW_NOON });
    expect(changed.task).toMatchObject({ title: '练琴一小时', pointsReward: 15, date: TOMORROW });
    expect((await list(child)).at(-1)).toMatchObject({ title: '练琴', pointsReward: 5, isCompleted: true });
    expect((await list(child, addDays(TODAY, 3))).at(-1)).toMatchObject({ title: '练琴一小时', pointsReward: 15 });
  });

  test('may be changed from a day that is done; that day keeps its reward', async () => {
    const child = await newChild();
    const done = await create(child, { title: '练琴', pointsReward: 5, repeat: { kind: 'daily' } });
    await list(child, TOMORROW);
    await ok(main, child.openid, 'complete', { id: done.id });
    expect(await ok(main, child.openid, 'update', { id: done.id, pointsReward: 15 })).toMatchObject({
      task: { pointsReward: 5, isCompleted: true },
    });
    expect((await list(child, TOMORROW)).at(-1)).toMatchObject({ pointsReward: 15 });
  });

  test('that is deleted has no tasks from today on; completed days stay, and it is not created again', async () => {
    const child = await newChild();
    const done = await create(child, { title: '练琴', repeat: { kind: 'daily' } });
    await ok(main, child.openid, 'complete', { id: done.id });
    const [next] = (await list(child, TOMORROW)).filter((task) => task.title === '练琴');
    await list(child, addDays(TODAY, 2));
    expect(await ok(main, child.openid, 'delete', { id: next?.id }, { now: TOMORROW_NOON })).toEqual({ id: next?.id, deleted: true });
    expect((await list(child)).at(-1)).toMatchObject({ title: '练琴', isCompleted: true });
    for (const days of [1, 2, 3]) expect(await titles(child, addDays(TODAY, days), TOMORROW_NOON)).toEqual(SYSTEM);
    expect((await refused(main, child.openid, 'complete', { id: next?.id }, { now: TOMORROW_NOON })).code).toBe('NOT_FOUND');
  });

  test('that was deleted ahead of time can begin again from a day that was done, on every day that is due', async () => {
    const child = await newChild();
    const { id } = await create(child, { title: '练琴', repeat: { kind: 'daily' } });
    await ok(main, child.openid, 'complete', { id });
    const [next] = (await list(child, TOMORROW)).filter((task) => task.title === '练琴');
    await ok(main, child.openid, 'delete', { id: next?.id });
    await ok(main, child.openid, 'uncomplete', { id });
    const thursdays = { kind: 'weekly', weekdays: [4] };
    expect((await ok(main, child.openid, 'update', { id, repeat: thursdays })).task).toMatchObject({ date: TOMORROW, repeat: thursdays });
    expect(await titles(child, TOMORROW)).toContain('练琴');
    await ok(main, child.openid, 'update', { id, repeat: { kind: 'daily' } });
    for (const days of [1, 2]) expect((await titles(child, addDays(TODAY, days))).filter((title) => title === '练琴')).toHaveLength(1);
  });

  test('that was deleted does not return when a completed day is sent unchanged', async () => {
    const child = await newChild();
    const repeat = { kind: 'daily' };
    const { id } = await create(child, { title: '练琴', repeat });
    await ok(main, child.openid, 'complete', { id });
    const [next] = (await list(child, TOMORROW)).filter((task) => task.title === '练琴');
    await ok(main, child.openid, 'delete', { id: next?.id });
    await ok(main, child.openid, 'update', { id, title: '练了琴', repeat });
    for (const days of [1, 2]) expect(await titles(child, addDays(TODAY, days))).toEqual(SYSTEM);
  });

  test('has its first day within the next seven', async () => {
    const child = await newChild();
    const far = { title: '练琴', date: addDays(TODAY, 7), repeat: { kind: 'weekly', weekdays: [2] } };
    expect(await refused(main, child.openid, 'create', far)).toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'repeat' }] });
    const { id } = await create(child, { title: '练琴', date: far.date });
    expect(await refused(main, child.openid, 'update', { id, repeat: far.repeat })).toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path: 'repeat' }],
    });
  });

  test('cannot be moved to another date', async () => {
    const child = await newChild();
    const { id } = await create(child, { title: '练琴', repeat: { kind: 'daily' } });
    expect(await refused(main, child.openid, 'update', { id, date: TOMORROW })).toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path: 'date' }],
    });
  });
});

describe('how a task repeats can be changed', () => {
  const DAILY = { kind: 'daily' };
  const FRIDAY = '2025-01-24';
  const FRIDAYS = { kind: 'weekly', weekdays: [5] };
  const repeat = async ({ openid }: Child, id: number, wanted: object, others: object = {}, now?: string) =>
    (await ok(main, openid, 'update', { id, repeat: wanted, ...others }, now === undefined ? {} : { now })).task;
  const complete = ({ openid }: Child, id: number) => ok(main, openid, 'complete', { id });
  /** On which of today and the seven days ahead a task called 练琴 stands, each day looked at. */
  const daysOf = async (child: Child): Promise<string[]> => {
    const days: string[] = [];
    for (let ahead = 0; ahead <= 7; ahead += 1) {
      const date = addDays(TODAY, ahead);
      days.push(...(await titles(child, date)).filter((title) => title === '练琴').map(() => date));
    }
    return days;
  };
  const WEEK = Array.from({ length: 8 }, (_, ahead) => addDays(TODAY, ahead));

  test('from once to every day: the task itself is the first', async () => {
    const child = await newChild();
    const task = await create(child, { title: '练琴', date: TOMORROW });
    expect(await repeat(child, task.id, DAILY)).toEqual({ ...task, repeat: DAILY });
    expect(await daysOf(child)).toEqual(WEEK.slice(1));
    expect((await list(child, TOMORROW)).at(-1)?.id).toBe(task.id);
  });

  test('from once to weekdays: it moves to the first of them', async () => {
    const child = await newChild();
    const task = await create(child, { title: '练琴' });
    expect(await repeat(child, task.id, FRIDAYS)).toEqual({ ...task, date: FRIDAY, repeat: FRIDAYS });
    expect(await daysOf(child)).toEqual([FRIDAY]);
  });

  test('from a day that is done: that day stays done, and is not to be done again', async () => {
    const child = await newChild();
    const { id } = await create(child, { title: '练琴', pointsReward: 5 });
    await complete(child, id);
    expect(await repeat(child, id, DAILY)).toMatchObject({ id, date: TODAY, isCompleted: true, pointsReward: 5, repeat: DAILY });
    expect(await daysOf(child)).toEqual(WEEK);
    expect((await list(child)).filter(({ title }) => title === '练琴')).toEqual([expect.objectContaining({ id, isCompleted: true })]);
  });

  test('from every day to weekdays and back: days that are not due go, and come again', async () => {
    const child = await newChild();
    const { id } = await create(child, { title: '练琴', repeat: DAILY });
    expect(await daysOf(child)).toEqual(WEEK);
    expect(await repeat(child, id, FRIDAYS)).toMatchObject({ id, date: FRIDAY, repeat: FRIDAYS });
    expect(await daysOf(child)).toEqual([FRIDAY]);
    expect(await repeat(child, id, DAILY)).toMatchObject({ id, date: FRIDAY, repeat: DAILY });
    expect(await daysOf(child)).toEqual(WEEK);
    expect((await list(child, TOMORROW)).at(-1)).toMatchObject({ repeat: DAILY });
  });

  test('from weekdays to others, seen from a later day', async () => {
    const child = await newChild();
    const { id } = await create(child, { title: '练琴', repeat: { kind: 'weekly', weekdays: [3, 5] } });
    expect(await daysOf(child)).toEqual([TODAY, FRIDAY, addDays(TODAY, 7)]);
    const friday = (await list(child, FRIDAY)).at(-1);
    await repeat(child, friday?.id ?? 0, { kind: 'weekly', weekdays: [6, 3] });
    expect(await daysOf(child)).toEqual([TODAY, '2025-01-25', addDays(TODAY, 7)]);
    expect((await list(child)).at(-1)).toMatchObject({ id, repeat: { kind: 'weekly', weekdays: [3, 6] } });
  });

  test('to once: the task itself stays, what was done stays, and nothing comes after', async () => {
    const child = await newChild();
    const done = await create(child, { title: '练琴', repeat: DAILY });
    await complete(child, done.id);
    expect(await daysOf(child)).toEqual(WEEK);
    const next = (await list(child, TOMORROW)).at(-1);
    expect(await repeat(child, next?.id ?? 0, { kind: 'once' })).toMatchObject({ id: next?.id, date: TOMORROW, repeat: { kind: 'once' } });
    expect(await daysOf(child)).toEqual([TODAY, TOMORROW]);
    expect((await list(child)).at(-1)).toMatchObject({ id: done.id, isCompleted: true });
    expect(await repeat(child, next?.id ?? 0, DAILY)).toMatchObject({ repeat: DAILY });
    expect(await daysOf(child)).toEqual(WEEK);
  });

  test('from a day long done: that day stays where it is, and the rule changes from today on', async () => {
    const child = await newChild();
    const { id } = await create(child, { title: '练琴', repeat: DAILY });
    await complete(child, id);
    const task = await repeat(child, id, FRIDAYS, { title: '练琴' }, TOMORROW_NOON);
    expect(task).toMatchObject({ id, date: TODAY, isCompleted: true });
    expect(await titles(child, TOMORROW, TOMORROW_NOON)).toEqual(SYSTEM);
    expect(await titles(child, FRIDAY, TOMORROW_NOON)).toContain('练琴');
  });

  test('together with everything else, at once and for one request once', async () => {
    const child = await newChild();
    const task = await create(child, { title: '弹琴' });
    const input = { id: task.id, title: '练琴', pointsReward: 7, repeat: DAILY };
    const first = await ok(main, child.openid, 'update', input, { requestId: 'repeat-once-1' });
    const rev = await revOf(child);
    expect(await ok(main, child.openid, 'update', input, { requestId: 'repeat-once-1' })).toEqual(first);
    expect(await revOf(child)).toBe(rev);
    expect((await list(child, TOMORROW)).at(-1)).toMatchObject({ title: '练琴', pointsReward: 7, repeat: DAILY });
  });

  test('not by sending the current values: no day is removed', async () => {
    const child = await newChild();
    const { id } = await create(child, { title: '练琴', repeat: DAILY });
    await daysOf(child);
    const before = await rowsOf(child);
    await repeat(child, id, DAILY);
    expect(await rowsOf(child)).toEqual(before);
    expect(await select('SELECT 1 FROM task_rules WHERE user_id = ?', [child.userId])).toHaveLength(1);
  });

  test('not of the system’s tasks', async () => {
    const child = await newChild();
    const [first] = await list(child);
    expect((await refused(main, child.openid, 'update', { id: first?.id, repeat: DAILY })).code).toBe('FORBIDDEN');
  });
});

test('a replay whose date is out of range by now answers its receipt and is not refused', async () => {
  const { openid } = await newChild();
  const later = { now: `${addDays(TODAY, 9)}T04:00:00.000Z` };
  const input = { title: '喂鱼', date: TODAY };
  const made = await ok(main, openid, 'create', input, { requestId: 'window-create-1' });
  expect(await ok(main, openid, 'create', input, { requestId: 'window-create-1', ...later })).toEqual(made);
  const change = { id: made.task.id, date: TOMORROW };
  const changed = await ok(main, openid, 'update', change, { requestId: 'window-update-1' });
  expect(await ok(main, openid, 'update', change, { requestId: 'window-update-1', ...later })).toEqual(changed);
  expect(await refused(main, openid, 'create', input, { requestId: 'window-create-2', ...later })).toMatchObject({
    code: 'INVALID_INPUT',
    details: [{ path: 'date', message: '最多补 7 天前的任务' }],
  });
});

describe('changing and deleting', () => {
  test('leaves what is not given', async () => {
    const child = await newChild();
    const task = await create(child, { title: '喂鱼', description: '一小勺', category: 'life', pointsReward: 3 });
    expect(await ok(main, child.openid, 'update', { id: task.id, title: '喂猫', date: TOMORROW })).toEqual({
      task: { ...task, title: '喂猫', date: TOMORROW },
    });
    expect(await ok(main, child.openid, 'update', { id: task.id, description: '', pointsReward: 1 })).toMatchObject({
      task: { title: '喂猫', description: '', category: 'life', pointsReward: 1 },
    });
    expect((await list(child, TOMORROW)).at(-1)).toMatchObject({ title: '喂猫' });
  });

  test('has the same limits as creating', async () => {
    const child = await newChild();
    const { id } = await create(child, { title: 'x' });
    for (const input of [
      { title: ' ' },
      { pointsReward: 51 },
      { pointsReward: 0 },
      { date: addDays(TODAY, 8) },
      { isCompleted: true },
      { repeat: 'daily' },
    ]) {
      expect(await refused(main, child.openid, 'update', { id, ...input })).toMatchObject({
        code: 'INVALID_INPUT',
        details: [{ path: Object.keys(input)[0] }],
      });
    }
  });

  test('of a task that is done: words may change, the reward and the date may not', async () => {
    const child = await newChild();
    const { id } = await create(child, { title: 'x', pointsReward: 5 });
    await ok(main, child.openid, 'complete', { id });
    expect((await refused(main, child.openid, 'update', { id, pointsReward: 6 })).code).toBe('TASK_ALREADY_COMPLETED');
    expect((await refused(main, child.openid, 'update', { id, date: TOMORROW })).code).toBe('INVALID_INPUT');
    expect(await ok(main, child.openid, 'update', { id, title: 'y', pointsReward: 5, date: TODAY })).toMatchObject({
      task: { title: 'y', isCompleted: true },
    });
  });

  test('is not for the system’s tasks', async () => {
    const child = await newChild();
    const [first] = await list(child);
    for (const [action, input] of [
      ['update', { id: first?.id, title: 'x' }],
      ['delete', { id: first?.id }],
    ] as const) {
      expect(await refused(main, child.openid, action, input)).toMatchObject({ code: 'FORBIDDEN', message: '系统任务不能修改或删除' });
    }
    expect(await titles(child)).toEqual(SYSTEM);
  });

  test('deleting takes it off the list and keeps the points it paid', async () => {
    const child = await newChild();
    const { id } = await create(child, { title: 'x', pointsReward: 7 });
    await ok(main, child.openid, 'complete', { id });
    const deleted = await ok(main, child.openid, 'delete', { id }, { requestId: 'd1' });
    expect(deleted).toEqual({ id, deleted: true });
    expect(await ok(main, child.openid, 'delete', { id }, { requestId: 'd1' })).toEqual(deleted);
    expect((await refused(main, child.openid, 'delete', { id })).code).toBe('NOT_FOUND');
    expect(await titles(child)).toEqual(SYSTEM);
    expect(await select('SELECT points FROM users WHERE id = ?', [child.userId])).toEqual([{ points: 7 }]);
  });

  test('another child’s task, a missing one and one’s own deleted one give the same answer', async () => {
    const [owner, other] = [await newChild(), await newChild()];
    await list(owner);
    const foreign = await create(owner, { title: 'x' });
    const gone = await create(other, { title: 'y' });
    await ok(main, other.openid, 'delete', { id: gone.id });
    for (const action of ['update', 'delete', 'complete', 'uncomplete']) {
      const missing = await refused(main, other.openid, action, { id: 2 ** 53 - 1 });
      expect(missing.code).toBe('NOT_FOUND');
      for (const id of [foreign.id, gone.id]) expect(await refused(main, other.openid, action, { id })).toEqual(missing);
    }
    expect(await ok(main, owner.openid, 'complete', { id: foreign.id })).toMatchObject({ task: { title: 'x' } });
  });

  test.each([-1, 0, 1.5, '1', [1], {}, null])('%o is no id', async (id) => {
    const { openid } = await newChild();
    for (const action of ['update', 'delete', 'complete', 'uncomplete']) {
      expect(await refused(main, openid, action, { id })).toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'id' }] });
    }
  });
});

test('REST paths answer like the mini-program door', async () => {
  const { userInfo: _, token } = await ok(login, newOpenid(), 'login');
  expect(await http(main, 'GET', `/api/task/list?date=${TODAY}`, { token })).toMatchObject({ status: 200, body: { data: { total: 5 } } });
  const created = await http(main, 'POST', '/api/task/create', { token, body: { title: 'x' } });
  const { id } = created.body.data.task;
  expect(await http(main, 'PUT', `/api/task/${id}`, { token, body: { title: 'y' } })).toMatchObject({
    body: { data: { task: { title: 'y' } } },
  });
  expect(await http(main, 'POST', `/api/task/${id}/complete`, { token })).toMatchObject({
    body: { data: { points: { awarded: 10, balance: 10 } } },
  });
  expect(await http(main, 'POST', `/api/task/${id}/complete`, { token })).toMatchObject({ status: 409 });
  expect(await http(main, 'POST', `/api/task/${id}/uncomplete`, { token })).toMatchObject({
    body: { data: { points: { returned: 10, balance: 0 } } },
  });
  expect(await http(main, 'DELETE', `/api/task/${id}`, { token })).toMatchObject({ status: 200 });
  expect(await http(main, 'DELETE', `/api/task/${id}`, { token })).toMatchObject({ status: 404 });
});

test('a day holds 200 own tasks and an account 500 repeating ones; one more is refused and writes nothing', async () => {
  const { openid, userId } = await newChild();
  const { task: first } = await ok(main, openid, 'create', { title: '第一个' });
  const numbers = 'WITH RECURSIVE numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 500) SELECT';
  await select(
    `INSERT INTO tasks (user_id, id, task_date, task_key, title, rev, created_at, updated_at)
    ${numbers} ?, 10000 + n, ?, CONCAT('own:', 10000 + n), 'x', 0, NOW(3), NOW(3) FROM numbers WHERE n < 200`,
    [userId, first.date],
  );
  expect(await refused(main, openid, 'create', { title: '多一个' })).toMatchObject({
    code: 'QUOTA_EXCEEDED',
    message: '这一天的任务太多了',
  });
  const { task: other } = await ok(main, openid, 'create', { title: '另一天', date: '2025-01-23' });
  expect(await refused(main, openid, 'update', { id: other.id, date: first.date })).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  const repeat = { kind: 'weekly', weekdays: [1] };
  await ok(main, openid, 'create', { title: '每周', repeat });
  await select(
    `INSERT INTO task_rules (user_id, id, title, category, points_reward, weekdays, is_weekly, start_date, created_at)
    ${numbers} ?, 20000 + n, 'x', 'daily', 0, 1, TRUE, '2026-01-01', NOW(3) FROM numbers WHERE n < 500`,
    [userId],
  );
  expect(await refused(main, openid, 'create', { title: '多一个', repeat })).toMatchObject({
    code: 'QUOTA_EXCEEDED',
    message: '重复的任务太多了',
  });
  await select('DELETE FROM tasks WHERE user_id = ? AND id > 10000', [userId]);
  await select('DELETE FROM task_rules WHERE user_id = ? AND id > 20000', [userId]);
});
