import { describe, expect, test } from 'vitest';
import type { CallRequest, ConflictPolicy } from '../../client/types';
import { main as diary } from '../../functions/diary/index';
import { main as points } from '../../functions/points/index';
import { grant, newOpenid, ok, select, TODAY, withoutRateLimits } from '../harness';
import { between, broken, edit, newWorld, refusalOf, syncInput } from './world';
import { settle } from './wx';

withoutRateLimits();

const day = (number: number): string => `2025-01-${`0${number}`.slice(-2)}`;
/** A server that refuses mutations for good, and has never looked at them. */
const refusing =
  (code: string, isRefused: (mutation: { args: { content?: string } }) => boolean = () => true) =>
  async (request: CallRequest, pass: () => Promise<{ data: { results: object[] } }>) => {
    const { mutations } = syncInput(request);
    const answer = await pass();
    const results = mutations.map((mutation: { mid: number; args: object }, index: number) =>
      isRefused(mutation) ? { mid: mutation.mid, status: 'rejected', code } : answer.data.results[index],
    );
    return { ...answer, data: { ...answer.data, results } };
  };

const contents = async (openid: string): Promise<Record<string, string>> => {
  const { diaries } = await ok(diary, openid, 'list', { limit: 100 });
  return Object.fromEntries(diaries.map((row: { date: string; content: string }) => [row.date, row.content]));
};

describe('a write', () => {
  test('is answered by the server when there is a network', async () => {
    const { openid, phone } = newWorld();
    const app = phone().start();
    const written = await app.diary.create({ date: TODAY, content: '今天去了公园', tags: ['周末'] });
    expect(written).toEqual({
      diary: expect.objectContaining({ date: TODAY, content: '今天去了公园', tags: ['周末'], isDraft: false }),
      stats: { totalDiaries: 1, continuousDays: 1, longestStreak: 1, lastDiaryDate: TODAY },
      reward: { points: 5, balance: 5 },
    });
    expect(await contents(openid)).toEqual({ [TODAY]: '今天去了公园' });
    expect(app.sync.status()).toMatchObject({ pending: 0, online: true, error: null });
  });

  test('made without a network is pending, shown, and sent when it returns', async () => {
    const { openid, phone } = newWorld();
    const app = phone().start();
    await app.login();
    await app.sync.now();
    app.network(false);
    expect(await app.diary.create({ date: TODAY, content: '在地铁上写的' })).toMatchObject({ pending: true, stats: { totalDiaries: 1 } });
    expect((await app.diary.list()).diaries).toMatchObject([{ content: '在地铁上写的', pending: true }]);
    expect(app.sync.status()).toMatchObject({ pending: 1, online: false });
    app.network(true);
    await app.sync.now();
    expect(await contents(openid)).toEqual({ [TODAY]: '在地铁上写的' });
    expect((await app.diary.list()).diaries).toEqual([expect.not.objectContaining({ pending: true })]);
  });

  test('keeps the id it was given while it was pending', async () => {
    const { phone } = newWorld();
    const app = phone().start();
    await app.login();
    app.network(false);
    const { diary: offline } = await app.diary.create({ date: TODAY, content: '一' });
    const { task } = await app.task.create({ title: '练琴', pointsReward: 3 });
    expect([offline.id, task.id]).toEqual([-20250122, -1]);
    app.network(true);
    await app.sync.now();
    expect((await app.diary.update({ id: offline.id, version: offline.version, content: '二' })).diary.content).toBe('二');
    expect(await app.task.complete({ id: task.id })).toMatchObject({ task: { isCompleted: true }, points: { awarded: 3, capped: false } });
    expect((await app.task.uncomplete({ id: task.id })).points).toMatchObject({ returned: 3 });
    expect(app.sync.conflicts()).toEqual([]);
    expect(await app.diary.delete({ id: offline.id })).toMatchObject({ deleted: true });
  });

  test('on a day that has a published diary is refused before it is queued', async () => {
    const app = newWorld().phone().start();
    const { diary: first } = await app.diary.create({ date: TODAY, content: '一' });
    await expect(app.diary.create({ date: TODAY, content: '二' })).rejects.toMatchObject({
      code: 'DIARY_EXISTS',
      details: { diary: { id: first.id, version: first.version } },
    });
  });

  test.each([
    ['a temporary picture', { images: ['http://tmp/a.jpg'] }, 'images.0'],
    ['an inlined picture', { images: ['data:image/png;base64,AAAA'] }, 'images.0'],
    ['a day that does not exist', { date: '2025-02-30' }, 'date'],
    ['a text beyond the limit', { content: '字'.repeat(10_001) }, 'content'],
    ['nothing to publish', { content: ' \n' }, 'content'],
  ])('of %s is refused while the editor is open, also offline', async (_, wrong, path) => {
    const app = newWorld().phone().start();
    await app.login();
    app.network(false);
    await expect(app.diary.create({ date: TODAY, content: '今天', ...wrong })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path }],
    });
    expect(app.sync.status().pending).toBe(0);
  });

  test('of text with a lone surrogate arrives with U+FFFD in its place', async () => {
    const { openid, phone } = newWorld();
    const app = phone().start();
    await app.diary.create({ date: TODAY, content: 'a\ud83d b' });
    expect(await contents(openid)).toEqual({ [TODAY]: 'a\ufffd b' });
  });

  test('moved to another day leaves the old one empty', async () => {
    const { openid, phone } = newWorld();
    const app = phone().start();
    const { diary: written } = await app.diary.create({ date: day(20), content: '写错日子了' });
    await app.diary.update({ id: written.id, version: written.version, ...{ date: day(21) } });
    expect(await contents(openid)).toEqual({ [day(21)]: '写错日子了' });
  });

  test('continued offline is one change', async () => {
    const { openid, phone } = newWorld();
    const app = phone().start();
    await app.login();
    await app.sync.now();
    app.network(false);
    await app.diary.create({ date: TODAY, content: '今', isDraft: true });
    await edit(app, TODAY, { content: '今天' });
    await edit(app, TODAY, { content: '今天很好', isDraft: false });
    expect(app.sync.status().pending).toBe(1);
    app.network(true);
    expect(await app.sync.now()).toMatchObject({ pushed: 1 });
    expect(await contents(openid)).toEqual({ [TODAY]: '今天很好' });
  });
});

describe('sync', () => {
  test('Y1: pulled rows stay when the push fails, and the change is retried automatically', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.sync.now();
    await ok(diary, world.openid, 'create', { date: day(10), content: '别的手机写的' });
    const restore = between(phone, 'sync', async (request) => {
      const { mutations, ...input } = syncInput(request);
      const answer = await world.server({ ...request, data: input });
      return {
        ...answer,
        data: { ...answer.data, results: mutations.slice(0, 1).map(({ mid }: { mid: number }) => ({ mid, status: 'retry' })) },
      };
    });
    expect(await app.diary.create({ date: day(11), content: '这里写的' })).toMatchObject({ pending: true });
    expect(app.sync.status()).toMatchObject({ pending: 1, running: false });
    expect(await app.diary.get({ date: day(10) }, { prefer: 'cache' })).toMatchObject({ diary: { content: '别的手机写的' } });
    restore();
    await app.pass(5_000);
    await settle();
    await app.sync.now();
    expect(app.sync.status().pending).toBe(0);
    expect(await contents(world.openid)).toEqual({ [day(10)]: '别的手机写的', [day(11)]: '这里写的' });
  });

  test('Y2: a failed call changes nothing here: the queue is whole, the cache as it was', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.diary.create({ date: day(10), content: '旧的' });
    between(phone, 'sync', broken);
    expect(await app.diary.create({ date: day(11), content: '新的' })).toMatchObject({ pending: true });
    await expect(app.sync.now()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(app.sync.status()).toMatchObject({ pending: 1, error: 'UNAVAILABLE' });
    expect((await app.diary.list()).diaries.map(({ content }) => content)).toEqual(['新的', '旧的']);
    expect(await contents(world.openid)).toEqual({ [day(10)]: '旧的' });
  });

  test('Y2: an answer with an unknown status drops no mutation', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.sync.now();
    const restore = between(phone, 'sync', async (request) => {
      const { mutations, ...input } = syncInput(request);
      const answer = await world.server({ ...request, data: input });
      const results = mutations.map(({ mid }: { mid: number }) => ({ mid, status: 'postponed' }));
      return { ...answer, data: { ...answer.data, results } };
    });
    expect(await app.diary.create({ date: day(11), content: '还在' })).toMatchObject({ pending: true });
    await expect(app.sync.now()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    restore();
    await app.sync.now();
    expect(await contents(world.openid)).toEqual({ [day(11)]: '还在' });
  });

  test('Y3: a write during a push is sent with the next push', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.sync.now();
    let second: Promise<unknown> | null = null;
    between(phone, 'sync', async (_, pass) => {
      const answer = await pass();
      second ??= edit(app, day(11), { content: '路上又写了' });
      return answer;
    });
    await app.diary.create({ date: day(11), content: '先写的' });
    await second;
    expect(await contents(world.openid)).toEqual({ [day(11)]: '路上又写了' });
    const sent = phone.calls
      .filter(({ name }) => name === 'sync')
      .map((request) => syncInput(request).mutations.map(({ mid }: { mid: number }) => mid));
    expect(sent.slice(-2)).toEqual([[1], [2]]);
    expect(app.sync.conflicts()).toEqual([]);
  });

  test('Y5: a change refused for good is set aside and shown; those before and after it are done', async () => {
    const { openid, phone } = newWorld();
    const app = phone().start();
    await app.login();
    app.network(false);
    await app.diary.create({ date: day(10), content: '一' });
    await app.diary.create({ date: '2025-01-25', content: '三天后的' });
    await app.diary.create({ date: day(12), content: '三' });
    app.network(true);
    expect(await app.sync.now()).toMatchObject({ pushed: 3, pending: 0, setAside: 1 });
    expect(await contents(openid)).toEqual({ [day(10)]: '一', [day(12)]: '三' });
    const [aside] = app.sync.setAside();
    expect(aside).toMatchObject({ type: 'diary.put', args: { content: '三天后的' }, code: 'INVALID_INPUT' });
    app.sync.discard(aside?.id ?? '');
    expect(app.sync.status().setAside).toBe(0);
  });

  test('Y5: a change that was set aside can be retried', async () => {
    const { phone, clock } = newWorld();
    const app = phone().start();
    await app.login();
    app.network(false);
    await app.diary.create({ date: '2025-01-25', content: '三天后的' });
    app.network(true);
    await app.sync.now();
    clock.now += 3 * 24 * 3_600_000;
    await app.sync.retry(app.sync.setAside()[0]?.id ?? '');
    expect(app.sync.status()).toMatchObject({ setAside: 0, pending: 0 });
    expect((await app.diary.list()).diaries).toMatchObject([{ date: '2025-01-25', content: '三天后的' }]);
  });

  test('Y5: a refused text is dropped once its author saw the refusal and rewrote it', async () => {
    const phone = newWorld().phone();
    const app = phone.start();
    await app.login();
    const stop = between(phone, 'sync', refusing('QUOTA_EXCEEDED'));
    await expect(app.diary.create({ date: day(9), content: '没地方了' })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(app.sync.setAside()).toMatchObject([{ args: { content: '没地方了' } }]);
    stop();
    await edit(app, day(9), { content: '有地方了' });
    expect(app.sync.setAside()).toEqual([]);
  });

  test('Y5: a refused text is not dropped for an older one that was sent with it', async () => {
    const phone = newWorld().phone();
    const first = phone.start();
    await first.login();
    await first.sync.now();
    first.network(false);
    await first.diary.create({ date: day(9), content: '先写的' });
    await first.diary.create({ date: day(8), content: '另一天' });
    first.kill();
    phone.isOnline = true;
    const app = phone.start();
    between(
      phone,
      'sync',
      refusing('QUOTA_EXCEEDED', ({ args }) => args.content === '改好的'),
    );
    await expect(edit(app, day(9), { content: '改好的' })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(app.sync.setAside()).toMatchObject([{ args: { content: '改好的' } }]);
  });

  test('Y5: a refused spending rejects the waiting call and is not kept', async () => {
    const app = newWorld().phone().start();
    await app.login();
    await expect(app.points.deduct({ amount: 10, source: '家庭奖励' })).rejects.toMatchObject({ code: 'POINTS_INSUFFICIENT' });
    expect(app.sync.setAside()).toEqual([]);
    app.network(false);
    expect(await app.points.deduct({ amount: 10, source: '家庭奖励' })).toMatchObject({ pending: true });
    app.network(true);
    await app.sync.now();
    expect(app.sync.setAside()).toMatchObject([{ type: 'points.deduct', code: 'POINTS_INSUFFICIENT' }]);
  });

  test('Y5: an ended session is renewed once, and the queue goes on', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.sync.now();
    let refusals = 0;
    between(phone, 'sync', async (_, pass) => {
      refusals += 1;
      return refusals === 1 ? refusalOf('UNAUTHENTICATED') : pass();
    });
    expect(await app.diary.create({ date: day(10), content: '一' })).toMatchObject({ reward: null, diary: { content: '一' } });
    expect(phone.calls.filter(({ name }) => name === 'login')).toHaveLength(2);
    expect(await contents(world.openid)).toEqual({ [day(10)]: '一' });
  });

  test.each([
    ['a failing server', () => Promise.resolve(refusalOf('INTERNAL'))],
    ['a busy server', () => Promise.resolve(refusalOf('RATE_LIMITED', { retryAfter: 2 }))],
    ['a page of HTML', () => Promise.resolve('<html>502</html>')],
    ['a function that threw', () => Promise.resolve({ errorCode: 1, errorMessage: 'x' })],
    ['half an answer', () => Promise.resolve({ success: true, data: { results: [], changes: [] }, requestId: 'r' })],
    ['no network', broken],
  ])('Y5: %s is asked again, later and later, and nothing is lost', async (_, failure) => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.sync.now();
    const restore = between(phone, 'sync', failure);
    expect(await app.diary.create({ date: day(10), content: '一' })).toMatchObject({ pending: true });
    const asked = () => phone.calls.filter(({ name }) => name === 'sync').length;
    const before = asked();
    await app.pass(60_000);
    const inFirstMinute = asked() - before;
    await app.pass(60_000);
    expect(inFirstMinute).toBeGreaterThanOrEqual(3);
    expect(asked() - before - inFirstMinute).toBeLessThan(inFirstMinute);
    restore();
    await app.pass(300_000);
    await settle();
    await app.sync.now();
    expect(app.sync.status()).toMatchObject({ pending: 0, error: null });
    expect(await contents(world.openid)).toEqual({ [day(10)]: '一' });
  });

  test('Y5: a server that never answers is given up after a while', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.sync.now();
    const restore = between(phone, 'sync', () => new Promise(() => undefined));
    const writing = app.diary.create({ date: day(10), content: '一' });
    await settle();
    await app.pass(10_000);
    expect(await writing).toMatchObject({ pending: true });
    restore();
    await app.pass(60_000);
    await settle();
    await app.sync.now();
    expect(await contents(world.openid)).toEqual({ [day(10)]: '一' });
  });

  test('Y5: a mutation that makes the server refuse the whole call is set aside alone', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.sync.now();
    app.network(false);
    for (const number of [10, 11, 12]) await app.diary.create({ date: day(number), content: `第${number}天` });
    between(phone, 'sync', async (request, pass) => {
      const index = syncInput(request).mutations.findIndex(({ args }: { args: { date: string } }) => args.date === day(11));
      return index < 0 ? pass() : refusalOf('INVALID_INPUT', { details: [{ path: `mutations.${index}.args.content`, message: 'x' }] });
    });
    app.network(true);
    expect(await app.sync.now()).toMatchObject({ pending: 0, setAside: 1 });
    expect(await contents(world.openid)).toEqual({ [day(10)]: '第10天', [day(12)]: '第12天' });
    expect(app.sync.setAside()).toMatchObject([{ args: { content: '第11天' } }]);
  });

  test('a client that is too old gets UPGRADE_REQUIRED; its queue is kept', async () => {
    const phone = newWorld().phone();
    const app = phone.start();
    await app.sync.now();
    between(phone, 'sync', () => Promise.resolve(refusalOf('UPGRADE_REQUIRED')));
    await app.diary.create({ date: day(10), content: '一' });
    expect(app.sync.status()).toMatchObject({ pending: 1, error: 'UPGRADE_REQUIRED' });
    const asked = phone.calls.length;
    await app.pass(3_600_000);
    expect(phone.calls).toHaveLength(asked);
  });

  test('Y9: neither an error nor an empty page removes the shown rows', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.diary.create({ date: day(10), content: '一' });
    await app.pass(60_000);
    const restore = between(phone, 'sync', () => Promise.resolve(refusalOf('INTERNAL')));
    expect(await app.diary.list()).toMatchObject({ diaries: [{ content: '一' }], source: 'cache' });
    restore();
    await app.pass(60_000);
    between(phone, 'sync', async (_, pass) => {
      const answer = await pass();
      return { ...answer, data: { ...answer.data, changes: [], reset: true } };
    });
    expect(await app.diary.list()).toMatchObject({ diaries: [{ content: '一' }], source: 'cache' });
    expect(app.sync.status().error).toBe('UNAVAILABLE');
  });

  test('Y9: a list that is not known is an error, never an empty list', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.login();
    app.network(false);
    for (const asking of [
      app.diary.list(),
      app.diary.stats(),
      app.task.list(),
      app.points.records(),
      app.lottery.prizes(),
      app.lottery.records(),
      app.user.profile(),
    ]) {
      await expect(asking).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    }
  });

  test('Y11: killed with five changes waiting, the next start sends all five, in order, once', async () => {
    const world = newWorld();
    const phone = world.phone();
    const first = phone.start();
    await first.sync.now();
    first.network(false);
    for (const number of [10, 11, 12, 13]) await first.diary.create({ date: day(number), content: `第${number}天` });
    await first.user.update({ nickname: '小明' });
    first.kill();
    phone.isOnline = true;
    const second = phone.start();
    expect(second.sync.status().pending).toBe(5);
    await second.pass(1);
    await second.sync.now();
    expect(await contents(world.openid)).toEqual({ [day(10)]: '第10天', [day(11)]: '第11天', [day(12)]: '第12天', [day(13)]: '第13天' });
    const sent = phone.calls.filter(({ name }) => name === 'sync').flatMap((request) => syncInput(request).mutations);
    expect(sent.map(({ mid }) => mid)).toEqual([1, 2, 3, 4, 5]);
    expect((await second.user.profile()).nickname).toBe('小明');
  });

  test('Y11: a retry after a lost answer has no second effect', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    const { userInfo } = await app.login();
    await grant(userInfo.id, 100);
    await app.pass(0);
    await app.sync.now();
    const restore = between(phone, 'sync', async (_, pass) => {
      await pass();
      return broken();
    });
    expect(await app.points.deduct({ amount: 30, source: '家庭奖励' })).toMatchObject({ pending: true, points: 70 });
    expect(await app.diary.create({ date: TODAY, content: '一' })).toMatchObject({ pending: true });
    await app.pass(120_000);
    restore();
    await app.pass(300_000);
    await settle();
    await app.sync.now();
    expect(await app.points.balance()).toMatchObject({ points: 75 });
    expect(await select('SELECT amount FROM point_records WHERE user_id = ? ORDER BY seq', [userInfo.id])).toEqual([
      { amount: 100 },
      { amount: -30 },
      { amount: 5 },
    ]);
    expect(app.sync.status()).toMatchObject({ pending: 0, conflicts: 0, setAside: 0 });
  });

  test('Y12: two triggers at once are one run', async () => {
    const phone = newWorld().phone();
    const app = phone.start();
    await app.sync.now();
    const asked = phone.calls.length;
    const [first, second] = await Promise.all([app.sync.now(), app.sync.now()]);
    expect(second).toBe(first);
    expect(phone.calls.length - asked).toBe(1);
    app.show();
    expect(app.sync.status().running).toBe(true);
    await app.sync.now();
    expect(phone.calls.length - asked).toBe(2);
  });

  test.each([
    ['when runs go well', false],
    ['when they fail', true],
  ])('Y12: a page that reads from the cache after each run starts no other, %s', async (_, fails) => {
    const phone = newWorld().phone();
    const app = phone.start();
    await app.diary.create({ date: day(10), content: '一' });
    await app.pass(60_000);
    if (fails) between(phone, 'sync', broken);
    app.sync.on('change', ({ running }) => {
      if (!running) app.diary.list({}, { prefer: 'cache' }).catch(() => {});
    });
    const asked = phone.calls.length;
    await app.sync.now().catch(() => {});
    await settle();
    expect(phone.calls.length - asked).toBe(1);
    await app.pass(6_000);
    await app.diary.list({}, { prefer: 'cache' });
    await settle();
    expect(phone.calls.length - asked).toBeGreaterThan(1);
    expect(phone.calls.length - asked).toBeLessThan(6);
  });

  test('Y12: a failed run is retried without a new write', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.sync.now();
    let failures = 2;
    between(phone, 'sync', (_, pass) => {
      failures -= 1;
      return failures >= 0 ? broken() : pass();
    });
    await app.diary.create({ date: day(10), content: '一' });
    await app.pass(10_000);
    await settle();
    await app.sync.now();
    expect(await contents(world.openid)).toEqual({ [day(10)]: '一' });
  });

  test.each([
    ['two hours ahead', 2 * 3_600_000],
    ['two hours behind', -2 * 3_600_000],
    ['in 1970', -Date.parse('2025-01-22T04:00:00.000Z')],
  ])('Y13: a phone whose clock is %s decides nothing by it', async (_, offset) => {
    const world = newWorld();
    const wrong = world.phone();
    wrong.clock.now += offset;
    const right = world.phone();
    const [a, b] = [wrong.start(), right.start()];
    await a.sync.now();
    await b.sync.now();
    a.network(false);
    b.network(false);
    await a.diary.create({ date: day(10), content: '先写的' });
    for (const clock of [world.clock, wrong.clock, right.clock]) clock.now += 60_000;
    await b.diary.create({ date: day(10), content: '后写的' });
    for (const clock of [world.clock, wrong.clock, right.clock]) clock.now += 60_000;
    b.network(true);
    await b.sync.now();
    a.network(true);
    await a.sync.now();
    expect(await contents(world.openid)).toEqual({ [day(10)]: '后写的' });
    expect(a.sync.conflicts()).toMatchObject([{ mine: { content: '先写的' }, theirs: { content: '后写的' } }]);
    await a.diary.create({ date: TODAY, content: '今天' });
    const { tasks } = await a.task.list();
    expect(await a.task.complete({ id: tasks[0]?.id ?? 0 })).toMatchObject({ points: { awarded: 10 } });
    expect(await a.diary.stats()).toMatchObject({ continuousDays: 1, thisMonth: 2 });
  });

  test('Y15: a child’s queue is never sent under another account, and is sent when the child signs in again', async () => {
    const [mei, jun] = [newOpenid(), newOpenid()];
    let holder = mei;
    const world = newWorld();
    const phone = world.phone();
    phone.cloud = (request) => newWorld(holder).server(request);
    const app = phone.start();
    await app.login();
    app.network(false);
    await app.diary.create({ date: day(10), content: '小美的秘密' });
    app.network(true);
    between(phone, 'sync', broken);
    await app.logout();
    await expect(app.diary.list()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    phone.cloud = (request) => newWorld(holder).server(request);
    holder = jun;
    await app.login();
    await app.sync.now();
    expect((await app.diary.list()).diaries).toEqual([]);
    expect(app.sync.status().pending).toBe(0);
    await app.diary.create({ date: day(11), content: '小军的' });
    expect(await contents(jun)).toEqual({ [day(11)]: '小军的' });
    await app.logout();
    holder = mei;
    await app.login();
    await app.sync.now();
    expect(await contents(mei)).toEqual({ [day(10)]: '小美的秘密' });
    expect(await contents(jun)).toEqual({ [day(11)]: '小军的' });
  });

  test('Y15: a phone used by another child stops syncing until the app signs in', async () => {
    const [mei, jun] = [newOpenid(), newOpenid()];
    let holder = mei;
    const phone = newWorld().phone();
    phone.cloud = (request) => newWorld(holder).server(request);
    const first = phone.start();
    await first.login();
    first.network(false);
    await first.diary.create({ date: day(10), content: '小美的秘密' });
    first.kill();
    phone.isOnline = true;
    holder = jun;
    const second = phone.start();
    await expect(second.sync.now()).rejects.toMatchObject({ code: 'ACCOUNT_CHANGED' });
    await expect(second.diary.list()).rejects.toMatchObject({ code: 'ACCOUNT_CHANGED' });
    expect(second.sync.status()).toMatchObject({ pending: 0, error: 'ACCOUNT_CHANGED' });
    await second.login();
    await second.sync.now();
    expect(await contents(jun)).toEqual({});
  });

  test('Y15: several calls at the first start sign in as one child, whichever answer comes first', async () => {
    const phone = newWorld().phone();
    let first = true;
    between(phone, 'login', async (_, pass) => {
      const answer = await pass();
      if (first) await settle();
      first = false;
      return answer;
    });
    const app = phone.start();
    const answers = await Promise.all([app.login(), app.diary.list(), app.migration.status(), app.login(), app.sync.now()]);
    expect(answers[1].diaries).toEqual([]);
    expect(app.sync.status().error).toBe(null);
  });

  test('Y16: a write without room on the phone is refused, and nothing of it is stored', async () => {
    const { openid, phone: newPhone } = newWorld();
    const phone = newPhone();
    const app = phone.start();
    await app.sync.now();
    app.network(false);
    phone.onWrite = (key) => {
      if (key.includes(':out:')) throw new Error('setStorage:fail exceed storage max size 10Mb');
    };
    await expect(app.diary.create({ date: day(10), content: '写不下' })).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    expect(app.sync.status().pending).toBe(0);
    expect((await app.diary.list()).diaries).toEqual([]);
    phone.onWrite = null;
    await app.diary.create({ date: day(10), content: '写得下' });
    app.network(true);
    await app.sync.now();
    expect(await contents(openid)).toEqual({ [day(10)]: '写得下' });
  });

  test('Y16: rows are evicted for a write, oldest first; an evicted row is fetched when it is needed', async () => {
    const { openid, phone: newPhone } = newWorld();
    for (const number of [1, 2, 3, 4])
      await ok(diary, openid, 'create', { date: day(number), content: `${number}`.repeat(2_000) }).catch(async () => {
        await newWorld(openid).phone().start().login();
        await ok(diary, openid, 'create', { date: day(number), content: `${number}`.repeat(2_000) });
      });
    const phone = newPhone();
    const app = phone.start();
    await app.sync.now();
    phone.quota = [...phone.storage].reduce((sum, [key, value]) => sum + key.length + JSON.stringify(value).length, 0) + 100;
    app.network(false);
    await app.diary.create({ date: day(9), content: '新' });
    await expect(app.diary.get({ date: day(1) })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await app.diary.get({ date: day(4) })).toMatchObject({ source: 'cache' });
    app.network(true);
    expect(await app.diary.get({ date: day(1) })).toMatchObject({ diary: { content: '1'.repeat(2_000) } });
    expect((await app.diary.list()).diaries.map(({ date }) => date)).toEqual([day(9), day(4), day(3), day(2), day(1)]);
  });

  test('Y16: rows are evicted until there is enough room, those of another child first', async () => {
    const [mei, jun] = [newOpenid(), newOpenid()];
    let holder = mei;
    const phone = newWorld().phone();
    phone.cloud = (request) => newWorld(holder).server(request);
    const app = phone.start();
    const write = async (content: string) => {
      for (let number = 1; number <= 12; number += 1) await app.diary.create({ date: day(number), content });
      await app.sync.now();
    };
    await app.login();
    await write('小美'.repeat(300));
    await app.logout();
    holder = jun;
    await app.login();
    await write('小军'.repeat(300));
    phone.quota = [...phone.storage].reduce((sum, [key, value]) => sum + key.length + JSON.stringify(value).length, 0);
    app.network(false);
    await app.diary.create({ date: day(20), content: '长'.repeat(5_000) });
    expect(await app.diary.get({ date: day(1) })).toMatchObject({ source: 'cache' });
    expect([...phone.storage.keys()].filter((key) => key.includes(':row:diary:'))).toHaveLength(12);
    await app.diary.create({ date: day(21), content: '长'.repeat(9_000) });
    app.network(true);
    await app.sync.now();
    expect(Object.keys(await contents(jun))).toHaveLength(14);
    await app.logout();
    holder = mei;
    await app.login();
    expect((await app.diary.list({ limit: 100 })).diaries).toHaveLength(12);
  });

  test('Y16: a corrupt key in the queue is set aside, and the rest goes out', async () => {
    const world = newWorld();
    const phone = world.phone();
    const first = phone.start();
    await first.login();
    first.network(false);
    for (const number of [10, 11, 12]) await first.diary.create({ date: day(number), content: `第${number}天` });
    first.kill();
    const damaged = [...phone.storage.keys()].find((key) => key.endsWith(':0000000002')) ?? '';
    phone.storage.set(damaged, '{"clientId":"x","mid":2,"ty');
    phone.isOnline = true;
    const second = phone.start();
    await second.sync.now();
    expect(await contents(world.openid)).toEqual({ [day(10)]: '第10天', [day(12)]: '第12天' });
    expect([...phone.storage.keys()].some((key) => key.includes('corrupt:out:'))).toBe(true);
    expect(second.sync.status().pending).toBe(0);
  });

  test.each([
    ['garbage', 'x'],
    ['another type', 7],
    ['a truncated text', '{"clientId":"abc'],
    ['nothing', undefined],
  ])('Y16: with %s in place of the meta key, the queue is sent once all the same', async (_, garbage) => {
    const world = newWorld();
    const phone = world.phone();
    const first = phone.start();
    const { userInfo } = await first.login();
    await grant(userInfo.id, 100);
    await first.diary.create({ date: day(1), content: '旧的' });
    between(phone, 'sync', async (_request, pass) => {
      await pass();
      return broken();
    });
    await first.points.deduct({ amount: 30, source: '家庭奖励' });
    await first.diary.create({ date: day(2), content: '新的' });
    first.kill();
    phone.cloud = world.server;
    const meta = [...phone.storage.keys()].find((key) => key.endsWith(':meta')) ?? '';
    if (garbage === undefined) phone.storage.delete(meta);
    else phone.storage.set(meta, garbage);
    const second = phone.start();
    await second.sync.now();
    expect(await contents(world.openid)).toEqual({ [day(1)]: '旧的', [day(2)]: '新的' });
    expect(await ok(points, world.openid, 'balance')).toEqual({ points: 70 });
    expect(second.sync.status()).toMatchObject({ pending: 0, conflicts: 0 });
  });

  test('two instances on one phone lose no change and apply none twice', async () => {
    const { openid, phone: newPhone } = newWorld();
    const phone = newPhone();
    const [one, two] = [phone.start(), phone.start()];
    const { userInfo } = await one.login();
    await grant(userInfo.id, 100);
    await two.login();
    await one.sync.now();
    await two.sync.now();
    one.network(false);
    await one.diary.create({ date: day(1), content: '第一页写的' });
    await two.diary.create({ date: day(2), content: '第二页写的' });
    await one.points.deduct({ amount: 10, source: '家庭奖励' });
    await two.points.deduct({ amount: 20, source: '家庭奖励' });
    await one.diary.create({ date: day(3), content: '又写的' });
    expect((await two.diary.list()).diaries.map(({ date }) => date)).toEqual([day(3), day(2), day(1)]);
    two.network(true);
    await Promise.allSettled([one.sync.now(), two.sync.now()]);
    await one.sync.now();
    await two.diary.create({ date: day(4), content: '最后写的' });
    await one.sync.now();
    expect(await contents(openid)).toEqual({
      [day(1)]: '第一页写的',
      [day(2)]: '第二页写的',
      [day(3)]: '又写的',
      [day(4)]: '最后写的',
    });
    expect(await ok(points, openid, 'balance')).toEqual({ points: 70 });
    for (const app of [one, two]) {
      await app.sync.now();
      expect(app.sync.status()).toMatchObject({ pending: 0, setAside: 0, conflicts: 0 });
    }
  });

  test('a listener that reads at every change does not call a failing server in a loop', async () => {
    const phone = newWorld().phone();
    const app = phone.start();
    await app.login();
    await app.sync.now();
    phone.clock.now += 60_000;
    between(phone, 'sync', broken);
    app.sync.on('change', () => {
      app.diary.list().catch(() => undefined);
    });
    const before = phone.calls.length;
    await app.diary.list();
    await app.pass(500);
    expect(phone.calls.length - before).toBeLessThan(4);
  });

  test('several writes that overwrite each other resolve together with the last', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.login();
    await app.sync.now();
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const open = between(phone, 'sync', async (_, pass) => {
      await gate;
      return pass();
    });
    const running = app.sync.now();
    const writes = ['一', '一二', '一二三'].map((content) => app.diary.create({ date: day(5), content, isDraft: true }));
    await settle();
    go();
    open();
    await running;
    await app.pass(100);
    for (const write of writes) expect(await write).toMatchObject({ diary: { content: '一二三' } });
  });

  test('a queue that is full refuses clearly', async () => {
    const app = newWorld().phone().start();
    await app.login();
    app.network(false);
    for (let count = 0; count < 500; count += 1) await app.points.deduct({ amount: 1, source: `第${count}次` });
    await expect(app.diary.create({ date: day(10), content: '一' })).rejects.toMatchObject({ code: 'OUTBOX_FULL', retryable: true });
    expect(app.sync.status().pending).toBe(500);
  });
});

describe('a conflict', () => {
  async function twoPhones(policy: ConflictPolicy) {
    const world = newWorld();
    const [a, b] = [world.phone(), world.phone()];
    const [mine, theirs] = [a.start({ conflictPolicy: policy }), b.start({ conflictPolicy: policy })];
    await mine.sync.now();
    await theirs.sync.now();
    const pass = (ms: number): void => {
      for (const clock of [world.clock, a.clock, b.clock]) clock.now += ms;
    };
    return { ...world, mine, theirs, pass };
  }

  test.each([
    ['newest', '后写的'],
    ['server', '先写的'],
    ['ask', '先写的'],
  ] as const)('Y6: with the policy %s, the later edit of the later phone: one stands, the other is kept', async (policy, stands) => {
    const { openid, mine, theirs, pass } = await twoPhones(policy);
    await mine.diary.create({ date: day(10), content: '先写的' });
    theirs.network(false);
    pass(60_000);
    await theirs.diary.create({ date: day(10), content: '后写的' });
    theirs.network(true);
    await theirs.sync.now();
    await mine.sync.now();
    expect(await contents(openid)).toEqual({ [day(10)]: stands });
    const kept = await select<{ content: string }>('SELECT content FROM diary_revisions');
    const loser = stands === '先写的' ? '后写的' : '先写的';
    expect(kept.map(({ content }) => content)).toContain(loser);
    expect(theirs.sync.conflicts().map(({ mine: text }) => text?.content)).toEqual(stands === '先写的' ? ['后写的'] : []);
    for (const app of [mine, theirs]) expect((await app.diary.get({ date: day(10) })).diary?.content).toBe(stands);
  });

  test('Y8: an older edit that arrives late loses and is in conflicts unchanged', async () => {
    const { openid, mine, theirs, pass } = await twoPhones('newest');
    theirs.network(false);
    await theirs.diary.create({ date: day(10), content: '离线时 写的\n第二行😀', mood: 'happy', tags: ['周末'] });
    pass(60_000);
    await mine.diary.create({ date: day(10), content: '在线写的' });
    theirs.network(true);
    await theirs.sync.now();
    expect(await contents(openid)).toEqual({ [day(10)]: '在线写的' });
    expect(theirs.sync.conflicts()).toMatchObject([
      {
        date: day(10),
        mine: { content: '离线时 写的\n第二行😀', mood: 'happy', tags: ['周末'] },
        theirs: { content: '在线写的' },
        policy: 'newest',
      },
    ]);
    expect((await theirs.diary.list()).diaries).toMatchObject([{ content: '在线写的' }]);
  });

  test('Y8: equal texts are none', async () => {
    const { mine, theirs } = await twoPhones('ask');
    theirs.network(false);
    await theirs.diary.create({ date: day(10), content: '一样的' });
    await mine.diary.create({ date: day(10), content: '一样的' });
    theirs.network(true);
    await theirs.sync.now();
    expect(theirs.sync.status()).toMatchObject({ conflicts: 0, setAside: 0, pending: 0 });
  });

  test.each([
    ['mine', '后写的'],
    ['theirs', '先写的'],
    [{ content: '合起来的' }, '合起来的'],
  ] as const)('is resolved as the user chooses: %j', async (choice, stands) => {
    const { openid, mine, theirs, pass } = await twoPhones('ask');
    theirs.network(false);
    await mine.diary.create({ date: day(10), content: '先写的' });
    pass(60_000);
    await theirs.diary.create({ date: day(10), content: '后写的' });
    theirs.network(true);
    await theirs.sync.now();
    const [conflict] = theirs.sync.conflicts();
    await theirs.sync.resolve(conflict?.id ?? '', choice);
    expect(theirs.sync.status()).toMatchObject({ conflicts: 0, pending: 0 });
    expect(await contents(openid)).toEqual({ [day(10)]: stands });
  });

  test('resolved on a phone whose storage cannot delete is resolved once', async () => {
    const world = newWorld();
    const phone = world.phone();
    const [mine, theirs] = [phone.start({ conflictPolicy: 'ask' }), world.phone().start()];
    await mine.sync.now();
    mine.network(false);
    await mine.diary.create({ date: day(10), content: '我的' });
    await theirs.diary.create({ date: day(10), content: '她的' });
    mine.network(true);
    await mine.sync.now();
    mine.network(false);
    phone.onWrite = (_, value) => {
      if (value === undefined) throw new Error('removeStorage:fail');
    };
    expect(await mine.sync.resolve(mine.sync.conflicts()[0]?.id ?? '', 'mine')).toMatchObject({ pending: true });
    mine.kill();
    phone.onWrite = null;
    phone.isOnline = true;
    const next = phone.start();
    await next.sync.now();
    expect(next.sync.status()).toMatchObject({ conflicts: 0, pending: 0 });
    expect(await contents(world.openid)).toEqual({ [day(10)]: '我的' });
  });

  test('found while the write waits rejects it, and the text is kept', async () => {
    const { mine, theirs } = await twoPhones('server');
    await mine.diary.create({ date: day(10), content: '先写的' });
    await expect(theirs.diary.create({ date: day(10), content: '后写的' })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      details: { current: { content: '先写的' } },
    });
    expect(theirs.sync.conflicts()).toMatchObject([{ mine: { content: '后写的' } }]);
  });

  test('a deletion never beats an edit that its author had not seen', async () => {
    const { openid, mine, theirs } = await twoPhones('newest');
    await mine.diary.create({ date: day(10), content: '一' });
    await theirs.sync.now();
    theirs.network(false);
    await theirs.diary.delete({ date: day(10) });
    expect((await theirs.diary.list()).diaries).toEqual([]);
    await edit(mine, day(10), { content: '二' });
    theirs.network(true);
    await theirs.sync.now();
    expect(await contents(openid)).toEqual({ [day(10)]: '二' });
    expect((await theirs.diary.list()).diaries).toMatchObject([{ content: '二' }]);
  });
});

describe('a phone', () => {
  test('restored from an old backup takes a new number and loses nothing', async () => {
    const world = newWorld();
    const phone = world.phone();
    const first = phone.start();
    const { userInfo } = await first.login();
    await grant(userInfo.id, 100);
    await first.pass(0);
    first.network(false);
    await first.diary.create({ date: day(10), content: '备份前' });
    await first.points.deduct({ amount: 10, source: '一' });
    const backup = new Map(phone.storage);
    await first.points.deduct({ amount: 20, source: '二' });
    first.network(true);
    await first.sync.now();
    first.kill();
    phone.storage = backup;
    phone.isOnline = false;
    const restored = phone.start();
    await restored.points.deduct({ amount: 40, source: '三' });
    restored.network(true);
    await restored.sync.now();
    expect(restored.sync.status()).toMatchObject({ pending: 0, setAside: 0 });
    expect(await ok(points, world.openid, 'balance')).toEqual({ points: 30 });
    expect(await contents(world.openid)).toEqual({ [day(10)]: '备份前' });
  });

  test('that has to read from the beginning shows its cached rows until it has all, and no deleted rows after', async () => {
    const world = newWorld();
    const phone = world.phone();
    const app = phone.start();
    await app.diary.create({ date: day(10), content: '一' });
    await app.diary.create({ date: day(11), content: '二' });
    await app.pass(0);
    app.network(false);
    await ok(diary, world.openid, 'delete', { id: 1 });
    await select('DELETE d FROM diaries d JOIN users u ON u.id = d.user_id WHERE u.openid = ? AND d.deleted_at IS NOT NULL', [
      world.openid,
    ]);
    await select('UPDATE users SET gc_rev = rev WHERE openid = ?', [world.openid]);
    const shown: string[][] = [];
    let isReading = true;
    between(phone, 'sync', async (request) => {
      if (isReading) shown.push((await app.diary.list({}, { prefer: 'cache' })).diaries.map(({ content }) => content));
      const answer = await world.server({ ...request, data: { ...request.data, limit: 1 } });
      isReading = answer.data.hasMore;
      return answer;
    });
    app.network(true);
    await app.sync.now();
    expect(shown.length).toBeGreaterThan(1);
    for (const contentsThen of shown) expect(contentsThen).toEqual(['二', '一']);
    expect((await app.diary.list()).diaries.map(({ content }) => content)).toEqual(['二']);
  });
});
