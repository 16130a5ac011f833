import { describe, expect, test } from 'vitest';
import { newOpenid, select, TODAY, withoutRateLimits } from '../harness';
import { between, newWorld, refusalOf } from './world';

withoutRateLimits();

const day = (number: number): string => `2025-01-${`0${number}`.slice(-2)}`;
/** Texts that the server keeps beside the diaries; `AND r.is_unread` names those that lost against a text their author had not seen. */
const revisionsOf = async (openid: string, more = ''): Promise<string[]> =>
  (
    await select<{ content: string }>(
      `SELECT r.content FROM diary_revisions r JOIN users u ON u.id = r.user_id WHERE u.openid = ? ${more} ORDER BY r.id`,
      [openid],
    )
  ).map(({ content }) => content);

describe('1: a draft of another phone', () => {
  test('that no page has opened is kept as a revision when `create` writes over it', async () => {
    const { openid, phone } = newWorld();
    const [first, second] = [phone().start(), phone().start()];
    await first.diary.create({ date: day(20), content: 'long', isDraft: true });
    await first.sync.now();
    await second.sync.now();
    expect((await second.diary.create({ date: day(20), content: 'x' })).diary.content).toBe('x');
    expect(await revisionsOf(openid)).toEqual(['long']);
  });

  test('that a page has opened counts as seen and is overwritten', async () => {
    const { openid, phone } = newWorld();
    const [first, second] = [phone().start(), phone().start()];
    await first.diary.create({ date: day(20), content: 'long', isDraft: true });
    await second.sync.now();
    await second.diary.get({ date: day(20) });
    await second.diary.create({ date: day(20), content: 'x' });
    expect(await revisionsOf(openid, 'AND r.is_unread')).toEqual([]);
  });

  test('a phone’s own draft counts as seen and is published, also after a restart', async () => {
    const { openid, phone: newPhone } = newWorld();
    const phone = newPhone();
    const app = phone.start({ conflictPolicy: 'ask' });
    await app.diary.create({ date: day(20), content: '草稿', isDraft: true });
    await app.sync.now();
    app.kill();
    const next = phone.start({ conflictPolicy: 'ask' });
    expect((await next.diary.create({ date: day(20), content: '发布' })).diary).toMatchObject({ content: '发布', isDraft: false });
    expect(await revisionsOf(openid, 'AND r.is_unread')).toEqual([]);
  });
});

describe('2: a page behind its own phone', () => {
  test('gets VERSION_CONFLICT; the newer text stays, and the refused one is in `conflicts`', async () => {
    const { phone } = newWorld();
    const app = phone().start();
    const { diary: v1 } = await app.diary.create({ date: TODAY, content: 'A' });
    await app.diary.update({ date: TODAY, version: v1.version, content: 'B' });
    await expect(app.diary.update({ date: TODAY, version: v1.version, content: 'C' })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect((await app.diary.get({ date: TODAY })).diary?.content).toBe('B');
    expect(app.sync.conflicts()).toMatchObject([{ date: TODAY, mine: { content: 'C' }, theirs: { content: 'B' } }]);
  });

  test('is noticed before the first sync and after a restart', async () => {
    const { openid, phone: newPhone } = newWorld();
    const phone = newPhone();
    const app = phone.start();
    await app.login();
    app.network(false);
    const { diary: a } = await app.diary.create({ date: TODAY, content: 'A' });
    const { diary: b } = await app.diary.update({ date: TODAY, version: a.version, content: 'B' });
    expect(b.version).not.toBe(a.version);
    await expect(app.diary.update({ date: TODAY, version: a.version, content: 'C' })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    app.kill();
    const next = phone.start();
    next.network(true);
    await next.sync.now();
    await expect(next.diary.update({ date: TODAY, version: a.version, content: 'D' })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect((await next.diary.update({ date: TODAY, version: b.version, content: 'E' })).diary.content).toBe('E');
    expect(await revisionsOf(openid, 'AND r.is_unread')).toEqual([]);
    expect(next.sync.conflicts().map(({ mine }) => mine?.content)).toEqual(['C', 'D']);
  });

  test('a local version stays valid after the text was sent, and after a restart', async () => {
    const phone = newWorld().phone();
    const app = phone.start();
    await app.login();
    app.network(false);
    const { diary } = await app.diary.create({ date: TODAY, content: 'A' });
    app.network(true);
    await app.sync.now();
    app.kill();
    const next = phone.start();
    expect((await next.diary.update({ date: TODAY, version: diary.version, content: 'B' })).diary.content).toBe('B');
    expect(next.sync.conflicts()).toEqual([]);
  });

  test('one that continues writing after the refusal is kept once', async () => {
    const app = newWorld().phone().start();
    const { diary: v1 } = await app.diary.create({ date: TODAY, content: 'A' });
    await app.diary.update({ date: TODAY, version: v1.version, content: 'B' });
    for (const content of ['C', 'C1', 'C12'])
      await expect(app.diary.update({ date: TODAY, version: v1.version, content })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect(app.sync.conflicts().map(({ mine }) => mine?.content)).toEqual(['C12']);
  });

  test('`update` without a version answers INVALID_INPUT', async () => {
    const app = newWorld().phone().start();
    await app.diary.create({ date: TODAY, content: 'A' });
    // @ts-expect-error the types require it
    await expect(app.diary.update({ date: TODAY, content: 'B' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path: 'version' }],
    });
  });
});

describe('3: a row that cannot be read', () => {
  const corrupted = async () => {
    const { phone: newPhone } = newWorld();
    const phone = newPhone();
    const app = phone.start();
    for (const number of [18, 19, 20]) await app.diary.create({ date: day(number), content: `第${number}天` });
    await app.sync.now();
    app.kill();
    const key = [...phone.storage.keys()].find((name) => name.endsWith(`row:diary:${day(19)}`)) ?? '';
    phone.storage.set(key, 'rubbish');
    return { phone, app: phone.start() };
  };

  test('is fetched again: all three are listed, and then without a network as well', async () => {
    const { app } = await corrupted();
    expect((await app.diary.list()).diaries.map(({ date }) => date)).toEqual([day(20), day(19), day(18)]);
    app.network(false);
    expect((await app.diary.list()).diaries).toHaveLength(3);
  });

  test('without a network the list says `partial`, `get` never says that there is none, and statistics count it', async () => {
    const { app } = await corrupted();
    app.network(false);
    const listed = await app.diary.list();
    expect(listed).toMatchObject({ partial: true });
    expect(listed.diaries).toHaveLength(2);
    await expect(app.diary.get({ date: day(19) })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await app.diary.stats()).toMatchObject({ totalDiaries: 3, longestStreak: 3, thisMonth: 3 });
  });
});

test('4: statistics count evicted rows correctly: drafts do not count as diaries', async () => {
  const phone = newWorld().phone();
  const app = phone.start();
  for (let number = 1; number <= 11; number += 1)
    await app.diary.create({ date: day(number), content: '长'.repeat(500), isDraft: number % 4 === 1 });
  await app.sync.now();
  phone.quota = [...phone.storage].reduce((sum, [key, value]) => sum + key.length + JSON.stringify(value).length, 0) + 200;
  app.network(false);
  await app.diary.create({ date: day(20), content: '新'.repeat(1_000) });
  expect(
    [...phone.storage].filter(([key, value]) => key.includes('row:diary') && String(value).includes('evicted')).length,
  ).toBeGreaterThan(0);
  expect(await app.diary.stats()).toMatchObject({ totalDiaries: 9, thisMonth: 9 });
});

describe('5: a phone that wrongly reports no network', () => {
  test('syncs when the app is shown, without a network event', async () => {
    const phone = newWorld().phone();
    const app = phone.start();
    await app.login();
    app.network(false);
    await app.diary.create({ date: TODAY, content: '地铁里' });
    phone.isOnline = true;
    app.show();
    await app.pass(1);
    expect(app.sync.status()).toMatchObject({ pending: 0, online: true });
  });

  test('syncs with the next write, and by its timer', async () => {
    const phone = newWorld().phone();
    const app = phone.start();
    await app.login();
    app.network(false);
    await app.diary.create({ date: day(20), content: '一' });
    phone.isOnline = true;
    await app.pass(400_000);
    expect(app.sync.status().pending).toBe(0);
    app.network(false);
    phone.isOnline = true;
    expect(await app.diary.create({ date: day(21), content: '二' })).not.toHaveProperty('pending');
  });
});

describe('6: texts written before the first sign-in', () => {
  const written = async () => {
    const phone = newWorld().phone();
    const app = phone.start();
    app.network(false);
    expect(await app.diary.create({ date: TODAY, content: '第一篇' })).toMatchObject({ pending: true });
    expect((await app.diary.get({ date: TODAY })).diary?.content).toBe('第一篇');
    await expect(app.points.deduct({ amount: 1, source: '书' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(app.sync.status()).toMatchObject({ unclaimed: 1, pending: 1 });
    app.kill();
    phone.isOnline = true;
    return phone;
  };

  test('are adopted by the first account after the app confirms it', async () => {
    const app = (await written()).start();
    await app.login();
    expect((await app.diary.list()).diaries).toEqual([]);
    expect(app.sync.setAside()).toMatchObject([{ args: { content: '第一篇' }, code: 'UNAUTHENTICATED' }]);
    await app.login({ adopt: true });
    await app.sync.now();
    expect((await app.diary.list()).diaries).toMatchObject([{ date: TODAY, content: '第一篇' }]);
    expect(app.sync.status()).toMatchObject({ unclaimed: 0, pending: 0, setAside: 0 });
  });

  test('are never adopted by a second account', async () => {
    const phone = await written();
    const app = phone.start();
    await app.login();
    await app.logout();
    phone.cloud = newWorld(newOpenid()).server;
    await app.login({ adopt: true });
    await app.sync.now();
    expect((await app.diary.list()).diaries).toEqual([]);
    expect(app.sync.setAside()).toEqual([]);
    expect(app.sync.status().unclaimed).toBe(1);
  });
});

test('8: a platform error keeps its code and has a message', async () => {
  const phone = newWorld().phone();
  const app = phone.start();
  await app.login();
  for (const [errCode, message] of [
    [-504003, '等了太久没有回应，请稍后再试'],
    [-501000, '云函数还没有部署好'],
    [-601034, '云开发没有初始化或没有权限'],
    [-404011, '云函数执行出错，请稍后再试'],
    [-502005, '云开发出错（-502005）'],
  ] as const) {
    const stop = between(phone, 'lottery', () => Promise.reject(Object.assign(new Error(`errCode: ${errCode}`), { errCode })));
    await expect(app.lottery.draw()).rejects.toMatchObject({ code: 'UNAVAILABLE', message, details: { errCode } });
    stop();
  }
});

describe('9: the type of a picture', () => {
  const JPEG = [0xff, 0xd8, 0xff, 0xe0];
  const HEIC = [0, 0, 0, 24, 0x66, 0x74, 0x79, 0x70, 0x68, 0x65, 0x69, 0x63];

  test.each(['wxfile://tmp_1234', 'http://tmp/a.unknown', 'http://tmp/a.png?x=1', 'http://tmp/A.HEIC'])(
    'is read from the first bytes: %s',
    async (path) => {
      const phone = newWorld().phone();
      phone.files.set(path, 10);
      phone.heads.set(path, JPEG);
      const app = phone.start();
      await app.login();
      expect(await app.image.upload(path)).toMatch(/\.jpg$/);
    },
  );

  test('HEIC is converted, or refused with what to do', async () => {
    const phone = newWorld().phone();
    phone.files.set('wxfile://tmp_1', 10);
    phone.heads.set('wxfile://tmp_1', HEIC);
    const app = phone.start();
    await app.login();
    await expect(app.image.upload('wxfile://tmp_1')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('截图'),
    });
    phone.files.set('wxfile://tmp_1.jpg', 9);
    phone.heads.set('wxfile://tmp_1.jpg', JPEG);
    expect(await app.image.upload('wxfile://tmp_1')).toMatch(/\.jpg$/);
    expect(phone.uploads).toMatchObject([{ filePath: 'wxfile://tmp_1.jpg' }]);
  });
});

test('10: a text dated tomorrow by a clock that is ahead waits and is sent after midnight', async () => {
  const { phone: newPhone, clock } = newWorld();
  clock.now = Date.parse('2025-01-22T15:58:00.000Z');
  const phone = newPhone();
  phone.clock.now = clock.now + 5 * 60_000;
  const app = phone.start();
  expect(await app.diary.create({ date: day(23), content: '零点刚过' })).toMatchObject({ pending: true });
  expect(app.sync.status()).toMatchObject({ pending: 1, setAside: 0 });
  expect((await app.diary.get({ date: day(23) })).diary).toMatchObject({ content: '零点刚过', pending: true });
  app.kill();
  const next = phone.start();
  await next.sync.now();
  expect(next.sync.status().pending).toBe(1);
  clock.now += 3 * 60_000;
  await next.pass(3 * 60_000);
  expect(next.sync.status()).toMatchObject({ pending: 0, setAside: 0 });
  expect((await next.diary.list()).diaries).toMatchObject([{ date: day(23), content: '零点刚过' }]);
});

test('11: a validation error that the page saw is not set aside', async () => {
  const phone = newWorld().phone();
  const app = phone.start();
  await app.login();
  const other = 'cloud://env.x/users/999999/a.jpg';
  await expect(app.diary.create({ date: day(9), content: '图片不对', images: [other] })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect(app.sync.setAside()).toEqual([]);
});

test('12: moods and tags are compared in NFC', async () => {
  const app = newWorld().phone().start();
  const decomposed = 'cafe\u0301';
  expect((await app.diary.create({ date: TODAY, content: '咖啡', mood: decomposed, tags: [decomposed, 'café'] })).diary.tags).toEqual([
    'café',
  ]);
  for (const filter of [{ mood: decomposed }, { tag: decomposed }, { tag: 'café' }])
    expect((await app.diary.list(filter)).diaries).toHaveLength(1);
  app.network(false);
  await app.diary.create({ date: day(21), content: '昨天', tags: [decomposed] });
  expect((await app.diary.list({ tag: 'café' })).diaries).toHaveLength(2);
});

describe('13: a diary that is moved to another date', () => {
  test('is one mutation, pays once, and leaves the old day empty', async () => {
    const phone = newWorld().phone();
    const app = phone.start();
    const { diary } = await app.diary.create({ date: TODAY, content: '写错日子了' });
    const moved = await app.diary.update({ id: diary.id, version: diary.version, date: day(21) });
    expect(moved).toMatchObject({ diary: { id: diary.id, date: day(21) }, reward: null });
    const sent = phone.calls.flatMap(({ data }) => ('mutations' in data ? (data.mutations as { mid: number }[]) : []));
    expect(sent.map(({ mid }) => mid)).toEqual([1, 2]);
    expect((await app.diary.list()).diaries.map(({ date }) => date)).toEqual([day(21)]);
    expect((await app.points.balance()).points).toBe(5);
  });

  test('offline it is shown on the new day alone, and arrives there', async () => {
    const app = newWorld().phone().start();
    const { diary } = await app.diary.create({ date: TODAY, content: '一' });
    await app.sync.now();
    app.network(false);
    const { diary: moved } = await app.diary.update({ id: diary.id, version: diary.version, date: day(21), content: '二' });
    expect((await app.diary.list()).diaries).toMatchObject([{ id: diary.id, date: day(21), content: '二', pending: true }]);
    await app.diary.update({ date: day(21), version: moved.version, content: '三' });
    app.network(true);
    await app.sync.now();
    expect((await app.diary.list()).diaries).toMatchObject([{ date: day(21), content: '三' }]);
    expect(app.sync.conflicts()).toEqual([]);
  });

  test('to a day that another phone has written meanwhile stays where it is, and its text is in `conflicts`', async () => {
    const { phone } = newWorld();
    const [mine, theirs] = [phone().start(), phone().start()];
    const { diary } = await mine.diary.create({ date: TODAY, content: '我的' });
    await mine.sync.now();
    mine.network(false);
    await theirs.diary.create({ date: day(21), content: '别的' });
    await mine.diary.update({ id: diary.id, version: diary.version, date: day(21) });
    mine.network(true);
    await mine.sync.now();
    expect((await mine.diary.list()).diaries).toMatchObject([
      { date: TODAY, content: '我的' },
      { date: day(21), content: '别的' },
    ]);
    expect(mine.sync.conflicts()).toMatchObject([{ date: day(21), mine: { content: '我的' }, theirs: { content: '别的' } }]);
  });
});

test('14: ids are taken as the strings that `dataset` makes of them', async () => {
  const app = newWorld().phone().start();
  const { diary } = await app.diary.create({ date: TODAY, content: '一' });
  expect((await app.diary.get({ id: String(diary.id) })).diary?.content).toBe('一');
  expect((await app.diary.update({ id: String(diary.id), version: String(diary.version), content: '二' })).diary.content).toBe('二');
  const { task } = await app.task.create({ title: '练琴' });
  expect((await app.task.complete({ id: String(task.id) })).task.isCompleted).toBe(true);
  expect((await app.task.uncomplete({ id: String(task.id) })).task.isCompleted).toBe(false);
  await app.task.delete({ id: String(task.id) });
  expect(await app.diary.delete({ id: String(diary.id) })).toMatchObject({ deleted: true });
  await expect(app.diary.delete({ id: 'abc' })).rejects.toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'id' }] });
});

describe('15: smaller promises', () => {
  test('`today` is the Beijing day by the server’s clock', async () => {
    const { phone: newPhone } = newWorld();
    const phone = newPhone();
    phone.clock.now += 3 * 86_400_000;
    const app = phone.start();
    expect(app.today()).toBe(day(25));
    await app.sync.now();
    expect(app.today()).toBe(TODAY);
  });

  test('`get` of a day without a diary resolves with null, online and offline', async () => {
    const app = newWorld().phone().start();
    expect(await app.diary.get({ date: TODAY })).toMatchObject({ diary: null });
    app.network(false);
    expect(await app.diary.get({ date: TODAY })).toMatchObject({ diary: null });
  });

  test('`ai.waitFor` rejects with the job’s error when it has failed', async () => {
    const phone = newWorld().phone();
    const app = phone.start();
    await app.login();
    const job = { id: 5, status: 'failed', result: null, error: { code: 'PROVIDER_ERROR', message: '没写出来', retryable: true } };
    between(phone, 'ai', () => Promise.resolve({ success: true, data: { job }, requestId: 'r' }));
    await expect(app.ai.waitFor({ id: '5' })).rejects.toMatchObject({ code: 'PROVIDER_ERROR', message: '没写出来', details: { job } });
  });

  test('INVALID_INPUT says in its message what is wrong with the first field, on the phone and from the server', async () => {
    const app = newWorld().phone().start();
    await app.login();
    await expect(app.diary.create({ date: TODAY, content: ' ' })).rejects.toMatchObject({ message: '写点内容再发布吧' });
    await expect(app.diary.create({ date: TODAY, content: 'x', mood: '很'.repeat(21) })).rejects.toMatchObject({ message: '最多 20 个字' });
  });
});

describe('an erasure whose answer was lost', () => {
  test('answers as done on a retry', async () => {
    const phone = newWorld().phone();
    const app = phone.start();
    await app.diary.create({ date: TODAY, content: '要删掉的' });
    const stop = between(phone, 'user', async (_, pass) => {
      await pass();
      throw new Error('request:fail');
    });
    await expect(app.user.erase({ confirm: '注销账号' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    stop();
    expect(await app.user.erase({ confirm: '注销账号' })).toEqual({ erased: true });
    expect([...phone.storage.values()].join()).not.toContain('要删掉的');
  });

  test('a logout that answers UNAUTHENTICATED is done', async () => {
    const phone = newWorld().phone();
    const app = phone.start();
    await app.login();
    between(phone, 'login', () => Promise.resolve(refusalOf('UNAUTHENTICATED')));
    expect(await app.logout()).toEqual({ loggedOut: true });
  });
});
