import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as user } from '../../functions/user/index';
import { grant, newOpenid, ok, select, TODAY, withoutRateLimits } from '../harness';
import { between, broken, newWorld, refusalOf, type World } from './world';
import { type App, type Phone, settle } from './wx';

withoutRateLimits();

const answer = (data: object) => ({ success: true, data, requestId: 'r' });

async function signedIn(world: World = newWorld()): Promise<{ world: World; phone: Phone; app: App; userId: number }> {
  const phone = world.phone();
  const app = phone.start();
  const { userInfo } = await app.login();
  await app.sync.now();
  return { world, phone, app, userId: userInfo.id };
}

describe('a draw', () => {
  test('whose answer was lost is the same draw when it is asked again, also by the next start of the app', async () => {
    const { world, phone, app, userId } = await signedIn();
    await grant(userId, 100);
    between(phone, 'lottery', async (_, pass) => {
      await pass();
      return broken();
    });
    await expect(app.lottery.draw()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    await expect(app.lottery.draw()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    app.kill();
    phone.cloud = world.server;
    const next = phone.start();
    const { draw } = await next.lottery.draw();
    expect(await select('SELECT id FROM lottery_records WHERE user_id = ?', [userId])).toEqual([{ id: draw.id }]);
    const other = await next.lottery.draw();
    expect(other.draw.id).not.toBe(draw.id);
    expect((await next.lottery.records()).records.map(({ id }) => id)).toEqual([other.draw.id, draw.id]);
  });

  test('asked for twice at once is one', async () => {
    const { app, userId } = await signedIn();
    await grant(userId, 100);
    const [first, second] = await Promise.all([app.lottery.draw(), app.lottery.draw()]);
    expect(second).toBe(first);
    expect(await select('SELECT COUNT(*) AS draws FROM lottery_records WHERE user_id = ?', [userId])).toEqual([{ draws: 1 }]);
  });

  test('that was refused leaves nothing behind: the next one is a new one', async () => {
    const { app, phone, userId } = await signedIn();
    await expect(app.lottery.draw()).rejects.toMatchObject({ code: 'POINTS_INSUFFICIENT' });
    expect([...phone.storage.keys()].filter((key) => key.includes(':once:'))).toEqual([]);
    await grant(userId, 10);
    await app.lottery.draw();
  });

  test('is not sent before its request id is stored on the phone', async () => {
    const { app, phone, userId } = await signedIn();
    await grant(userId, 100);
    phone.onWrite = (key) => {
      if (key.includes(':once:')) throw new Error('setStorage:fail');
    };
    await expect(app.lottery.draw()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    expect(phone.calls.filter(({ name }) => name === 'lottery')).toEqual([]);
  });
});

describe('a list', () => {
  test('from the phone is what the server would have answered, for any filter and page', async () => {
    const { world, app } = await signedIn();
    const days = Array.from({ length: 23 }, (_, index) => `2025-01-${`0${22 - index}`.slice(-2)}`).slice(0, 21);
    for (const [index, date] of days.entries()) {
      await ok(diary, world.openid, 'create', {
        date,
        content: `${index}`,
        mood: ['happy', 'sad', ''][index % 3],
        tags: [['学习'], ['学习', '家'], []][index % 3],
        isDraft: index % 4 === 0,
      });
    }
    await app.sync.now();
    app.network(false);
    const filter = fc.record(
      {
        limit: fc.integer({ min: 1, max: 9 }),
        month: fc.constantFrom('2025-01', '2024-12'),
        from: fc.constantFrom('2025-01-05', '2025-01-20'),
        to: fc.constantFrom('2025-01-15', '2025-01-22'),
        mood: fc.constantFrom('happy', 'sad'),
        tag: fc.constantFrom('学习', '家'),
        isDraft: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const place = fc.oneof(
      fc.record({ page: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ cursor: fc.constantFrom(...days) }),
      fc.constant({}),
    );
    await fc.assert(
      fc.asyncProperty(filter, place, async (chosen, from) => {
        const { source, at, ...answer } = await app.diary.list({ ...chosen, ...from });
        expect(source).toBe('cache');
        const truth = await ok(diary, world.openid, 'list', { ...chosen, ...from });
        for (const row of truth.diaries) delete row.imageUrls;
        expect(answer).toEqual(truth);
      }),
      { numRuns: 60 },
    );
    const { source, at, ...calendar } = await app.diary.calendar({ month: '2025-01' });
    expect(calendar).toEqual(await ok(diary, world.openid, 'calendar', { month: '2025-01' }));
    const { source: _, at: __, ...stats } = await app.diary.stats();
    expect(stats).toEqual(await ok(diary, world.openid, 'stats'));
  });

  test('on a new phone is shown before everything has been read', async () => {
    const { world } = await signedIn();
    for (let number = 1; number <= 9; number += 1)
      await ok(diary, world.openid, 'create', { date: `2025-01-0${number}`, content: `${number}` });
    const phone = world.phone();
    const app = phone.start();
    between(phone, 'sync', () => new Promise(() => undefined));
    const listing = app.diary.list({ limit: 3 });
    for (let turn = 0; turn < 20 && phone.calls.length < 2; turn += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    await app.pass(4_000);
    expect(await listing).toMatchObject({ diaries: [{ content: '9' }, { content: '8' }, { content: '7' }], total: 9, source: 'network' });
  });

  test('of tasks shows queued changes, online and offline', async () => {
    const { app } = await signedIn();
    const { tasks } = await app.task.list();
    await app.sync.now();
    app.network(false);
    await app.task.complete({ id: tasks[0]?.id ?? 0 });
    const { task } = await app.task.create({ title: '练琴', pointsReward: 5 });
    await app.task.update({ id: task.id, title: '练琴30分钟' });
    const offline = await app.task.list({ date: TODAY });
    expect(offline).toMatchObject({ completed: 1, total: 6, source: 'cache' });
    expect(offline.tasks.find(({ id }) => id === task.id)).toMatchObject({ title: '练琴30分钟', pending: true });
    await app.task.delete({ id: task.id });
    expect(await app.task.list({ date: TODAY })).toMatchObject({ completed: 1, total: 5 });
    app.network(true);
    await app.sync.now();
    expect(await app.task.list()).toMatchObject({ completed: 1, total: 5, source: 'network' });
    expect(app.sync.status()).toMatchObject({ pending: 0, setAside: 0 });
    expect(await app.points.balance()).toMatchObject({ points: 10, source: 'network' });
  });

  test('of points works offline and states its age', async () => {
    const { app, userId } = await signedIn();
    await grant(userId, 50);
    await app.points.deduct({ amount: 20, source: '家庭奖励' });
    app.network(false);
    expect(await app.points.records({ limit: 1 })).toMatchObject({
      records: [{ amount: -20, balanceAfter: 30, source: '家庭奖励' }],
      hasMore: true,
      source: 'cache',
      at: expect.stringMatching(/^2025-01-22T/),
    });
    expect((await app.points.records({ type: 'earn' })).records).toMatchObject([{ amount: 50 }]);
    expect(await app.points.deduct({ amount: 10, source: '再来' })).toMatchObject({ pending: true, points: 20 });
    expect(await app.points.balance()).toMatchObject({ points: 20, source: 'cache' });
    // A filter that the phone cannot answer is no empty list.
    await expect(app.points.records({ source: '别的' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('a picture', () => {
  test('goes into the child’s own folder, and its id into a diary', async () => {
    const { app, phone, userId } = await signedIn();
    phone.files.set('wxfile://tmp_a.PNG', 1_000);
    const progress: number[] = [];
    const fileId = await app.image.upload('wxfile://tmp_a.PNG', { onProgress: (percent) => progress.push(percent) });
    expect(fileId).toMatch(new RegExp(`^cloud://[^/]+/users/${userId}/[\\w-]+\\.png$`));
    expect(progress).toEqual([100]);
    expect((await app.diary.create({ date: TODAY, content: '有图', images: [fileId] })).diary.images).toEqual([fileId]);
  });

  test.each([
    ['of another kind', 'http://tmp/a.exe', 10],
    ['that is too large', 'http://tmp/a.jpg', 11_000_000],
    ['that is gone', 'http://tmp/a.jpg', null],
  ])('%s is refused before it is sent', async (_, path, size) => {
    const { app, phone } = await signedIn();
    if (size !== null) phone.files.set(path, size);
    await expect(app.image.upload(path)).rejects.toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'tempPath' }] });
    expect(phone.uploads).toEqual([]);
  });

  test('whose upload fails may be tried again', async () => {
    const { app, phone } = await signedIn();
    phone.files.set('http://tmp/a.jpg', 10);
    app.network(false);
    await expect(app.image.upload('http://tmp/a.jpg')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });
});

describe('the AI', () => {
  test('comments on a diary written offline after the diary has been sent', async () => {
    const { app, phone } = await signedIn();
    app.network(false);
    const { diary: written } = await app.diary.create({ date: TODAY, content: '今天' });
    await expect(app.ai.commentDiary({ diaryId: written.id })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    app.network(true);
    const asked: unknown[] = [];
    const job = { id: 7, kind: 'comment', status: 'queued', result: null, error: null };
    between(phone, 'ai', async ({ action, data }) => {
      asked.push([action, data]);
      const isDone = asked.length > 3;
      return { success: true, data: { job: { ...job, status: isDone ? 'done' : 'running' } }, requestId: 'r' };
    });
    await app.ai.commentDiary({ diaryId: written.id });
    expect(asked).toEqual([['commentDiary', { diaryId: expect.any(Number) }]]);
    expect(JSON.stringify(asked)).not.toContain('-');
    const waiting = app.ai.waitFor({ id: 7 });
    await settle();
    await app.pass(20_000);
    expect((await waiting).job.status).toBe('done');
  });

  test('is waited for no longer than requested', async () => {
    const { app, phone } = await signedIn();
    between(phone, 'ai', async () => ({ success: true, data: { job: { id: 7, status: 'running' } }, requestId: 'r' }));
    const waiting = expect(app.ai.waitFor({ id: 7 }, { timeoutMs: 10_000 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    });
    await settle();
    await app.pass(11_000);
    await waiting;
  });
});

describe('the account', () => {
  test('keeps a nickname that was changed offline', async () => {
    const { app, world } = await signedIn();
    app.network(false);
    expect(await app.user.update({ nickname: '小明', settings: { aiEnabled: false } })).toMatchObject({ nickname: '小明', pending: true });
    expect(await app.user.profile()).toMatchObject({ nickname: '小明', settings: { aiEnabled: false }, source: 'cache', pending: true });
    app.network(true);
    await app.sync.now();
    expect(await ok(user, world.openid, 'profile')).toMatchObject({ nickname: '小明', settings: { aiEnabled: false } });
    expect(await app.user.export()).toMatchObject({ profile: { nickname: '小明' } });
  });

  test('that is erased leaves no data on the phone', async () => {
    const { app, phone } = await signedIn();
    await app.diary.create({ date: TODAY, content: '要删掉的' });
    await expect(app.user.erase({ confirm: '不对' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await app.user.erase({ confirm: '注销账号' })).toEqual({ erased: true });
    expect([...phone.storage.values()].join()).not.toContain('要删掉的');
    await expect(app.diary.list()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await app.login();
    expect((await app.diary.list()).diaries).toEqual([]);
  });

  test('erased on another phone: this one says so once, keeps unsent texts for export, and removes the rest', async () => {
    const { app, world, phone } = await signedIn();
    await app.diary.create({ date: '2025-01-20', content: '已经上传' });
    await app.sync.now();
    app.network(false);
    await app.diary.create({ date: TODAY, content: '还没上传' });
    await world.phone().start().user.erase({ confirm: '注销账号' });
    app.network(true);
    await expect(app.sync.now()).rejects.toMatchObject({ code: 'ACCOUNT_ERASED' });
    await expect(app.sync.now()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect([...phone.storage.values()].join()).not.toContain('已经上传');
    expect(app.sync.status()).toMatchObject({ error: 'ACCOUNT_ERASED', setAside: 1 });
    expect(app.sync.setAside()).toMatchObject([{ args: { content: '还没上传' }, code: 'ACCOUNT_ERASED' }]);
    app.kill();
    const next = phone.start();
    expect(next.sync.setAside()).toMatchObject([{ args: { content: '还没上传' } }]);
    expect(await next.login()).toMatchObject({ isNewUser: true });
    expect((await next.diary.list()).diaries).toEqual([]);
    expect(next.sync.setAside()).toEqual([]);
  });
});

describe('the SDK', () => {
  test.each([
    ['amount', { amount: 0, source: 'x' }],
    ['amount', { amount: 1.5, source: 'x' }],
    ['amount', { amount: '10', source: 'x' }],
    ['source', { amount: 1, source: ' ' }],
  ])('refuses a spending whose %s no server would take, also without a network', async (path, input) => {
    const app = newWorld().phone().start();
    await app.login();
    app.network(false);
    await expect(app.points.deduct(input as never)).rejects.toMatchObject({ code: 'INVALID_INPUT', details: [{ path }] });
    expect(app.sync.status().pending).toBe(0);
  });

  test.each([
    ['page', { page: 0 }],
    ['limit', { limit: 0 }],
    ['limit', { limit: 101 }],
    ['limit', { limit: 'abc' }],
    ['month', { month: '2025-1' }],
    ['from', { from: '2025-02-30' }],
  ])('refuses a list whose %s no server would take, and does not answer something else', async (path, filter) => {
    const app = newWorld().phone().start();
    await app.sync.now();
    await expect(app.diary.list(filter as never)).rejects.toMatchObject({ code: 'INVALID_INPUT', details: [{ path }] });
  });

  test('answers UNAUTHENTICATED where its transport needs a sign-in code', async () => {
    const world = newWorld();
    const { userInfo } = await world.phone().start().login();
    let valid = 'first';
    const app = world.phone().start({
      call: async ({ action, data, token }) => {
        if (action !== 'login') return token === valid ? answer({ points: 7 }) : refusalOf('UNAUTHENTICATED');
        if (!('code' in data)) return refusalOf('INVALID_INPUT', { details: [{ path: 'code' }] });
        return answer({ token: valid, expiresAt: '', userInfo, isNewUser: false, migration: { mode: 'off' } });
      },
    });
    await app.login({ code: 'c' });
    expect(await app.points.balance()).toMatchObject({ points: 7 });
    valid = 'second';
    await expect(app.points.balance()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await app.login({ code: 'c' });
    expect(await app.points.balance()).toMatchObject({ points: 7 });
  });

  test('notifies its listeners of changes, and survives one that throws', async () => {
    const { app } = await signedIn();
    const told: number[] = [];
    app.sync.on('change', () => {
      throw new Error('a page that is gone');
    });
    const stop = app.sync.on('change', ({ pending }) => told.push(pending));
    await app.diary.create({ date: TODAY, content: '今天' });
    expect(told).toContain(1);
    expect(told.at(-1)).toBe(0);
    stop();
    const before = told.length;
    await app.sync.now();
    expect(told).toHaveLength(before);
  });

  test('uses another transport when one is given, with its prefix and token', async () => {
    const world = newWorld(newOpenid());
    const seen: object[] = [];
    const phone = world.phone();
    const app = phone.start({
      functionPrefix: 'staging-',
      call: (request) => {
        seen.push({ name: request.name, action: request.action, token: typeof request.token });
        return world.server({ ...request, name: request.name.replace('staging-', '') });
      },
    });
    expect(await app.points.balance()).toMatchObject({ points: 0 });
    expect(seen).toEqual([
      { name: 'staging-login', action: 'login', token: 'undefined' },
      { name: 'staging-points', action: 'balance', token: 'string' },
    ]);
    expect(phone.calls).toEqual([]);
  });

  test.each([
    [
      'reading',
      (phone: Phone) =>
        (phone.onRead = () => {
          throw new Error('getStorage:fail');
        }),
    ],
    [
      'writing',
      (phone: Phone) =>
        (phone.onWrite = () => {
          throw new Error('setStorage:fail');
        }),
    ],
  ])('rejects with its own error and nothing else when %s the storage fails', async (_, spoil) => {
    const { phone } = await signedIn();
    const app = phone.start();
    spoil(phone);
    for (const call of [
      () => app.diary.create({ date: TODAY, content: '今天' }),
      () => app.diary.list(),
      () => app.task.list(),
      () => app.lottery.draw(),
      () => app.sync.now(),
    ]) {
      await call().then(
        () => undefined,
        (error) => expect(error.name).toBe('GrowthDiaryError'),
      );
    }
  });

  test('passes on the server’s messages and field errors', async () => {
    const { app, phone } = await signedIn();
    between(phone, 'user', () => Promise.resolve(refusalOf('RATE_LIMITED', { message: '慢一点', retryAfter: 9, details: { a: 1 } })));
    await expect(app.user.export()).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      message: '慢一点',
      retryAfter: 9,
      details: { a: 1 },
      requestId: 'r',
      retryable: true,
    });
  });
});
