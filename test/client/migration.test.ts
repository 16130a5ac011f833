import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { readLegacy } from '../../client/legacy/read-old-keys';
import { main as diary } from '../../functions/diary/index';
import { main as points } from '../../functions/points/index';
import { main as task } from '../../functions/task/index';
import { normaliseText } from '../../shared/sync/content-hash';
import { configure, grant, newOpenid, ok, select, withoutRateLimits } from '../harness';
import { between, broken, edit, newWorld, refusalOf, syncInput, type World } from './world';
import type { App, Phone } from './wx';

withoutRateLimits();
configure({ migration: { mode: 'dual', percent: 100, salt: 'x' } });

type Bag = Record<string, unknown>;
const sample: Bag = JSON.parse(readFileSync(new URL('legacy-storage.json', import.meta.url), 'utf8'));

/** A phone on which the former version was used. */
function usedPhone(world: World, legacy: Bag = sample): Phone {
  const phone = world.phone();
  for (const [key, value] of Object.entries(legacy)) if (!key.startsWith('_')) phone.storage.set(key, value);
  phone.files.set('http://tmp/aBcD1.jpg', 1_000);
  return phone;
}

const untouched = (phone: Phone, legacy: Bag): void => {
  for (const [key, value] of Object.entries(legacy)) {
    if (!key.startsWith('_') && key !== 'dataMigrated') expect(phone.storage.get(key)).toEqual(value);
  }
};

const diariesOf = async (openid: string) => {
  const { diaries } = await ok(diary, openid, 'list', { limit: 100 });
  return diaries as { date: string; content: string; mood: string; images: string[]; tags: string[]; isDraft: boolean }[];
};

async function migrated(
  world = newWorld(),
  legacy: Bag = sample,
): Promise<{ world: World; phone: Phone; app: App; report: Awaited<ReturnType<App['migration']['run']>> }> {
  const phone = usedPhone(world, legacy);
  const app = phone.start();
  const report = await app.migration.run();
  return { world, phone, app, report };
}

describe('the first run', () => {
  test('M1: keeps every text; two of one day become one, in the order they were written', async () => {
    const { world, report } = await migrated();
    expect((await diariesOf(world.openid)).reverse()).toMatchObject([
      { date: '2025-01-08', content: '日期没有补零的旧记录', images: [], tags: [], isDraft: false },
      { date: '2025-01-09', content: '谢谢妈妈。', mood: 'grateful' },
      {
        date: '2025-01-10',
        content: '—— 16:20 · 😪 · 风 ——\n晚上写作业到九点。\n\n—— 20:20 ——\n上午和同学打球。',
        mood: 'happy',
        tags: ['学习', '运动', '朋友'],
        isDraft: false,
      },
      { date: '2025-01-11', content: '草稿', mood: 'calm', isDraft: true },
    ]);
    expect(report).toMatchObject({
      textsIn: 5,
      daysOut: 4,
      merged: [{ date: '2025-01-10', texts: 2 }],
      imported: 4,
      same: 0,
      keptServer: [],
      invalid: [],
      lost: 0,
      verified: true,
    });
    const kept = await select<{ content: string }>(
      'SELECT content FROM diary_revisions r JOIN users u ON u.id = r.user_id WHERE u.openid = ?',
      [world.openid],
    );
    expect(kept.map(({ content }) => content).sort()).toEqual(['上午和同学打球。', '晚上写作业到九点。']);
  });

  test('M1: shows progress, and then what came over', async () => {
    const phone = usedPhone(newWorld());
    const app = phone.start();
    expect(await app.migration.status()).toEqual({ mode: 'dual', hasLocalData: true, state: 'waiting' });
    const phases: string[] = [];
    await app.migration.run({ onProgress: ({ phase, done, total }) => phases.push(`${phase} ${done}/${total}`) });
    expect(phases).toEqual(expect.arrayContaining(['pictures 1/2', 'pictures 2/2', 'diaries 4/4', 'verifying 1/1', 'points 1/1']));
    expect(await app.migration.status()).toEqual({ mode: 'dual', hasLocalData: true, state: 'verified' });
    expect((await app.diary.list()).diaries.map(({ date }) => date)).toEqual(['2025-01-11', '2025-01-10', '2025-01-09', '2025-01-08']);
  });

  test('M3: credits the balance once, by the server’s rule, and says what it found', async () => {
    const { world, phone, report } = await migrated();
    expect(report.points).toMatchObject({
      claimed: 95,
      found: { points: 95, userPoints: 85, totalPoints: 70, userInfo: 95, records: 70 },
    });
    expect(report.points.granted).toBeGreaterThan(0);
    expect(report.points.granted).toBeLessThanOrEqual(95);
    expect(await ok(points, world.openid, 'balance')).toEqual({ points: report.points.granted });
    const again = await phone.start().migration.run();
    expect(again).toMatchObject({ imported: 4, lost: 0, verified: true });
    phone.storage = new Map(usedPhone(world).storage);
    const reinstalled = await phone.start().migration.run();
    expect(reinstalled).toMatchObject({ imported: 0, same: 4, lost: 0, verified: true });
    expect(await ok(points, world.openid, 'balance')).toEqual({ points: report.points.granted });
  });

  test('M3: points the server already holds are not given again', async () => {
    const world = newWorld();
    const phone = usedPhone(world);
    const app = phone.start();
    const { userInfo } = await app.login();
    await grant(userInfo.id, 500);
    expect((await app.migration.run()).points).toMatchObject({ claimed: 95, granted: 0, balance: 500 });
  });

  test.each([
    [9_999_999, 9_999_999],
    [-5, 0],
    ['95', 0],
    [Number.NaN, 0],
    [1.5, 0],
    [null, 0],
  ])('M3: a balance of %j claims %i, and is reported', async (balance, claimed) => {
    const { report } = await migrated(newWorld(), {
      ...sample,
      points: balance,
      userPoints: 0,
      totalPoints: undefined,
      userInfo: null,
      pointsRecords: [],
    });
    expect(report.points.claimed).toBe(claimed);
    expect(report.points.granted).toBeLessThanOrEqual(3_000);
    expect(report.points.found.points).toEqual(balance);
  });

  test('M5: done tasks are done on their day, under their own name, and pay nothing', async () => {
    const { world, report } = await migrated();
    const { tasks } = await ok(task, world.openid, 'list', { date: '2025-01-08' });
    expect(
      tasks
        .filter(({ isCompleted }: { isCompleted: boolean }) => isCompleted)
        .map(({ title }: { title: string }) => title)
        .sort(),
    ).toEqual(['早起打卡', '练琴']);
    expect(report.tasks).toEqual({ imported: 4, invalid: 0 });
    const paid = await select('SELECT source_key FROM point_records r JOIN users u ON u.id = r.user_id WHERE u.openid = ?', [world.openid]);
    expect(paid).toEqual([{ source_key: 'migration' }]);
  });

  test('M6: templates keep title, points, time and repeat', async () => {
    const { world, report } = await migrated();
    expect(report.templates).toEqual({ imported: 2, invalid: 0 });
    const rules = await select<{ title: string }>(
      'SELECT title, description, remind_at, points_reward, weekdays FROM task_rules r JOIN users u ON u.id = r.user_id WHERE u.openid = ? ORDER BY title',
      [world.openid],
    );
    expect(rules).toMatchObject([
      { title: '早起打卡', remind_at: '07:00', points_reward: 10 },
      { title: '练琴', description: '20分钟', remind_at: '19:30', points_reward: 15 },
    ]);
  });

  test('M7: reads every shape that the former version left', () => {
    const { days, draws, accounts } = readLegacy(
      (key) =>
        ({
          diaries: [
            { id: '1736511600000', date: '2025/1/8', content: 'a', mood: '没见过的心情', aiComment: { text: 'x', time: '21:03' } },
            { date: '2025-1-9', content: 'b', images: null, tags: null, aiComment: 'y' },
            {
              id: 1736424000000,
              content: 'c',
              tags: '不是数组',
              images: ['https://a.b/c.png', { url: 'http://tmp/x.jpg' }, null, { url: 7 }],
            },
            { date: '2025-01-12', content: '', mood: '', images: [], tags: [] },
            { date: '2025-01-13', content: 42 },
            { date: '2025-01-14', content: '坏\ud83d字\u0007' },
            { date: '2025-01-15', content: '', images: [{ url: 'https://a.b/c.png' }] },
            null,
            'garbage',
            { date: '2025-02-30', content: 'd' },
          ],
          'mood_2025-1-9': { mood: 'happy' },
          achievements: [{}],
          lotteryRecords: [{ id: 'l', prizeName: '小红花', timestamp: 1736424000000 }, {}, null],
        })[key],
      ['diaries', 'mood_2025-1-9'],
    );
    expect(
      days.map(({ date, content, mood, images, tags, isDraft }) => [date, content, mood, images.length, tags.length, isDraft]),
    ).toEqual([
      ['2025-01-08', 'a', '没见过的心情', 0, 0, false],
      // An entry without a day goes to the day its id was made on.
      ['2025-01-09', 'b\n\n—— 20:00 ——\nc', 'happy', 3, 0, false],
      ['2025-01-13', '42', '', 0, 0, false],
      ['2025-01-14', '坏\ufffd字', '', 0, 0, false],
      ['2025-01-15', '', '', 1, 0, true],
    ]);
    expect(draws).toEqual([{ key: 'l', prizeName: '小红花', drawnAt: '2025-01-09T12:00:00.000Z' }]);
    for (const { found, fates } of accounts) expect(fates).toHaveLength(found);
    expect(days.map(({ aiComment }) => aiComment)).toEqual(['x', 'y', undefined, undefined, undefined]);
  });

  test('M8: a picture whose file is there goes up; one whose file is gone is reported, and its diary comes over', async () => {
    const world = newWorld();
    const gone = {
      ...sample,
      diaries: [
        ...(sample.diaries as Bag[]),
        { date: '2025-01-05', content: '有图', images: [{ url: 'wxfile://tmp_gone.png' }], createTime: '2025-01-05T12:00:00Z' },
      ],
    };
    const { phone, report } = await migrated(world, gone);
    const rows = await diariesOf(world.openid);
    expect(phone.uploads.map(({ filePath }) => filePath)).toEqual(['http://tmp/aBcD1.jpg']);
    expect(rows.find(({ date }) => date === '2025-01-10')?.images).toEqual([expect.stringMatching(/^cloud:\/\/.*\/users\/\d+\/.*\.jpg$/)]);
    expect(rows.find(({ date }) => date === '2025-01-05')).toMatchObject({ content: '有图', images: [] });
    // The AI's picture was a link to a host that is not allowed.
    expect(rows.find(({ date }) => date === '2025-01-09')).toMatchObject({ content: '谢谢妈妈。', images: [] });
    expect(report.pictures).toEqual({
      uploaded: 1,
      kept: 0,
      missing: [
        { date: '2025-01-05', url: 'wxfile://tmp_gone.png' },
        { date: '2025-01-09', url: 'https://example.invalid/ai/1.png' },
      ],
    });
    expect(report).toMatchObject({ lost: 0, invalid: [], verified: true });
  });

  test('M9: sends nothing of another child’s data, and never hands one child’s data to another account', async () => {
    const world = newWorld();
    const phone = usedPhone(world);
    const app = phone.start();
    await app.migration.run();
    expect(JSON.stringify(phone.calls)).not.toContain('别的孩子');
    expect((await diariesOf(world.openid)).map(({ content }) => content).join()).not.toContain('别的孩子');
    app.kill();
    const sibling = newWorld();
    phone.cloud = sibling.server;
    const theirs = phone.start();
    await theirs.login();
    expect(await theirs.migration.status()).toMatchObject({ hasLocalData: false, state: 'none' });
    await expect(theirs.migration.run()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await diariesOf(sibling.openid)).toEqual([]);
  });

  test('M9: changes nothing on the phone but the flag, and that only after the verification has passed', async () => {
    const world = newWorld();
    const phone = usedPhone(world);
    const app = phone.start();
    const restore = between(phone, 'sync', (request, pass) => (request.action === 'verify' ? broken() : pass()));
    await expect(app.migration.run()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(phone.storage.get('dataMigrated')).toBe(sample.dataMigrated);
    expect(await app.migration.status()).toMatchObject({ state: 'started' });
    restore();
    expect(await app.migration.run()).toMatchObject({ verified: true });
    expect(phone.storage.get('dataMigrated')).toBe(true);
    untouched(phone, sample);
  });
});

describe('a migration', () => {
  test('sends a day again that the verification does not find', async () => {
    const world = newWorld();
    const phone = usedPhone(world);
    const app = phone.start();
    let forgotten = false;
    between(phone, 'sync', async (request, pass) => {
      const { days = [] } = syncInput(request);
      if (request.action !== 'import' || forgotten || days.length === 0) return pass();
      forgotten = true;
      // A server that says it has everything, and has not.
      const report = days.map(({ date }: { date: string }) => ({ date, status: 'imported' }));
      return { success: true, data: { days: report, tasks: [], rules: [], draws: [], stats: {} }, requestId: 'r' };
    });
    expect(await app.migration.run()).toMatchObject({ lost: 0, verified: true, imported: 4 });
    expect(await diariesOf(world.openid)).toHaveLength(4);
  });

  test('that cannot be verified reports it, and sets no flag', async () => {
    const phone = usedPhone(newWorld());
    const app = phone.start();
    between(phone, 'sync', async (request, pass) => {
      const answer = await pass();
      if (request.action !== 'verify') return answer;
      const { months, days } = answer.data;
      const worse = {
        months: months.map((each: object) => ({ ...each, same: false })),
        days: days.map((each: object) => ({ ...each, status: 'missing' })),
      };
      return { ...answer, data: worse };
    });
    const report = await app.migration.run();
    expect(report).toMatchObject({ verified: false, lost: 4, points: { granted: 0 } });
    expect(phone.storage.get('dataMigrated')).toBe(null);
  });

  test('keeps the server’s text of a day that was written elsewhere, and the phone’s beside it', async () => {
    const world = newWorld();
    await world.phone().start().login();
    await ok(diary, world.openid, 'create', { date: '2025-01-09', content: '云端的' });
    const { report } = await migrated(world);
    expect(report).toMatchObject({ imported: 3, keptServer: ['2025-01-09'], lost: 0, verified: true });
    expect((await diariesOf(world.openid)).find(({ date }) => date === '2025-01-09')?.content).toBe('云端的');
    const kept = await select<{ content: string }>(
      "SELECT content FROM diary_revisions r JOIN users u ON u.id = r.user_id WHERE u.openid = ? AND reason = 'imported'",
      [world.openid],
    );
    expect(kept).toContainEqual({ content: '谢谢妈妈。' });
  });

  test('does not begin while the server says `off`, gives no points in `shadow`, and gives them in `dual`', async () => {
    const world = newWorld();
    const phone = usedPhone(world);
    const mode = (value: string) =>
      between(phone, 'login', async (_, pass) => {
        const answer = await pass();
        return { ...answer, data: { ...answer.data, migration: { mode: value } } };
      });
    const restore = mode('off');
    expect(await phone.start().migration.status()).toMatchObject({ mode: 'off', state: 'none' });
    await expect(phone.start().migration.run()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    restore();
    mode('shadow');
    expect(await phone.start().migration.run()).toMatchObject({ verified: true, imported: 4, points: { granted: 0 } });
    expect(phone.storage.get('dataMigrated')).toBe(null);
    expect(await ok(points, world.openid, 'balance')).toEqual({ points: 0 });
    phone.cloud = world.server;
    const inDual = await phone.start().migration.run();
    expect(inDual).toMatchObject({ verified: true, imported: 4 });
    expect(inDual.points.granted).toBeGreaterThan(0);
    expect(phone.storage.get('dataMigrated')).toBe(true);
  });

  test('loses nothing of texts that are too long for one day: what does not fit is kept beside it', async () => {
    const world = newWorld();
    const [half, more, most, rest] = ['一'.repeat(6_000), '二'.repeat(6_000), '😀'.repeat(10_000), `${'四'.repeat(9_999)}完`];
    const diaries = [
      { date: '2025-01-08', content: half, createTime: '2025-01-08T01:00:00Z' },
      { date: '2025-01-08', content: more, createTime: '2025-01-08T02:00:00Z' },
      { date: '2025-01-09', content: `${most}${rest}\n`, createTime: '2025-01-09T02:00:00Z' },
    ];
    const { report, phone } = await migrated(world, { diaries });
    expect(report).toMatchObject({
      textsIn: 3,
      imported: 2,
      keptServer: ['2025-01-08', '2025-01-09'],
      invalid: [],
      lost: 0,
      verified: true,
    });
    expect((await diariesOf(world.openid)).map(({ content }) => content)).toEqual([most, half]);
    const kept = await select<{ content: string }>(
      'SELECT content FROM diary_revisions r JOIN users u ON u.id = r.user_id WHERE u.openid = ? ORDER BY diary_date',
      [world.openid],
    );
    expect(kept.map(({ content }) => content)).toEqual([more, rest]);
    untouched(phone, { diaries });
  });

  test('of a day with more pictures and tags than one holds keeps the text and the first of them; the rest is in the text or listed', async () => {
    const world = newWorld();
    const phone = usedPhone(world, {});
    const diaries = [0, 1, 2, 3].map((entry) => {
      const names = Array.from({ length: 9 }, (_, index) => `${entry}${index}`);
      for (const name of names) phone.files.set(`wxfile://${name}.jpg`, 1_000);
      return {
        date: '2025-01-08',
        content: `第${entry}篇`,
        images: names.map((name) => ({ url: `wxfile://${name}.jpg` })),
        tags: names.slice(0, 8).map((name) => `标签${name}`),
        createTime: `2025-01-08T0${entry}:00:00Z`,
      };
    });
    phone.files.delete('wxfile://00.jpg');
    phone.storage.set('diaries', diaries);
    const report = await phone.start().migration.run();
    const [day] = await diariesOf(world.openid);
    expect(day?.content).toMatch(/^第0篇\n(.*\n)*第3篇\n\n标签：标签24、.*、标签37$/);
    expect([day?.images.length, day?.tags.length]).toEqual([30, 20]);
    expect(phone.uploads).toHaveLength(30);
    expect(report.pictures).toMatchObject({ uploaded: 30, kept: 0 });
    expect(report.pictures.missing.map(({ url }) => url)).toEqual(
      ['00', '34', '35', '36', '37', '38'].map((name) => `wxfile://${name}.jpg`),
    );
    expect(report).toMatchObject({ textsIn: 4, daysOut: 1, invalid: [], lost: 0, verified: true });
  });

  test('keeps in the text what is too long for a mood, a weather or a tag', async () => {
    const world = newWorld();
    const [mood, weather, tag] = ['开'.repeat(25), '雨'.repeat(21), '标'.repeat(21)];
    const diaries = [
      { date: '2025-01-08', content: '上午', mood: 'happy', tags: ['短', tag, '\u202e反'], createTime: '2025-01-08T01:00:00Z' },
      { date: '2025-01-08', content: '下午', mood, weather, createTime: '2025-01-08T02:00:00Z' },
      { date: '2025-01-09', content: '', mood },
    ];
    const { report } = await migrated(world, { diaries });
    expect(await diariesOf(world.openid)).toMatchObject([
      { date: '2025-01-09', content: `心情：${mood}`, mood: '', isDraft: true },
      {
        content: `上午\n\n—— 10:00 ——\n下午\n\n心情：${mood}\n天气：${weather}\n标签：${tag}`,
        mood: 'happy',
        weather: '',
        tags: ['短', '反'],
        isDraft: false,
      },
    ]);
    expect(report).toMatchObject({ imported: 2, invalid: [], lost: 0, verified: true });
  });

  test('brings a text of the future as a draft of today that names its date, once', async () => {
    const world = newWorld();
    const future = { id: '1', date: '2025-01-23', content: '明天的', images: [{ url: 'http://tmp/aBcD1.jpg' }] };
    const { report, phone, app } = await migrated(world, { ...sample, diaries: [...(sample.diaries as Bag[]), future] });
    expect(report).toMatchObject({ imported: 5, invalid: [], verified: true });
    expect(phone.storage.get('dataMigrated')).toBe(true);
    const draft = { date: '2025-01-22', content: '2025-01-23\n明天的', isDraft: true, images: [expect.stringMatching(/^cloud:/)] };
    expect((await diariesOf(world.openid))[0]).toMatchObject(draft);
    world.clock.now += 2 * 86_400_000;
    expect(await app.migration.run()).toMatchObject({ imported: 5, verified: true });
    expect((await diariesOf(world.openid))[0]).toMatchObject(draft);
  });

  test('continues past items that are too large for a call', async () => {
    const world = newWorld();
    const data = `data:image/png;base64,${'A'.repeat(200_000)}`;
    const legacy = {
      diaries: [
        { date: '2025-01-08', content: '有图', images: [{ url: data }, { url: `https://a.b/${'c'.repeat(500)}` }] },
        {
          date: '2025-01-09',
          content: [...'写得很长'].map((each) => each.repeat(10_000)).join(''),
          aiComment: { text: '好'.repeat(40_000) },
        },
        { date: '2025-01-10', content: '平常' },
      ],
      userTasks: [
        { id: 1, title: '练琴', description: '弹'.repeat(40_000) },
        { id: 2, title: '早起' },
      ],
      lotteryRecords: [{ id: 'l', prizeName: '小红花', prizeImage: data, timestamp: 1_736_424_000_000 }],
    };
    const { report, phone } = await migrated(world, legacy);
    expect(JSON.stringify(phone.calls)).not.toContain('data:image');
    expect(await diariesOf(world.openid)).toMatchObject([
      { date: '2025-01-10', content: '平常' },
      { date: '2025-01-09', content: '写'.repeat(10_000), aiComment: '好'.repeat(2_000) },
      { date: '2025-01-08', content: '有图', images: [] },
    ]);
    expect(report.pictures.missing).toMatchObject([{ url: expect.stringMatching(/^data:image.{1,500}$/) }, { date: '2025-01-08' }]);
    expect(report).toMatchObject({
      imported: 3,
      keptServer: ['2025-01-09', '2025-01-09', '2025-01-09'],
      invalid: [],
      verified: true,
      templates: { imported: 1, invalid: 1 },
      draws: { imported: 1, invalid: 0 },
    });
    untouched(phone, legacy);
  });

  test('goes on without the one item for which the server refuses a whole call', async () => {
    const world = newWorld();
    const phone = usedPhone(world);
    between(phone, 'sync', (request, pass) => {
      const { days = [], tasks = [] } = syncInput(request);
      const refuse = (path: string) => Promise.resolve(refusalOf('INVALID_INPUT', { details: [{ path, message: '内容过大' }] }));
      const day = days.findIndex(({ date }: { date: string }) => date === '2025-01-09');
      if (day >= 0) return refuse(`days.${day}.content`);
      return tasks.length === 4 ? refuse('tasks.1') : pass();
    });
    const report = await phone.start().migration.run();
    expect(report).toMatchObject({
      imported: 3,
      invalid: [{ date: '2025-01-09', reason: 'content：内容过大' }],
      tasks: { imported: 3, invalid: 1 },
      verified: false,
    });
    expect((await diariesOf(world.openid)).map(({ date }) => date)).toEqual(['2025-01-11', '2025-01-10', '2025-01-08']);
  });

  test('brings a text without the pictures that the server refuses, uploaded ones too', async () => {
    const world = newWorld();
    const phone = usedPhone(world);
    between(phone, 'sync', (request, pass) => {
      for (const day of syncInput(request).days ?? [])
        day.images = day.images.map((url: string) => url.replace(/^cloud:.*/, 'cloud://elsewhere/users/0/a.jpg'));
      return pass();
    });
    expect(await phone.start().migration.run()).toMatchObject({
      imported: 4,
      invalid: [],
      pictures: { uploaded: 0, missing: [{ date: '2025-01-09' }, { date: '2025-01-10', url: 'http://tmp/aBcD1.jpg' }] },
      verified: true,
    });
    expect(await diariesOf(world.openid)).toHaveLength(4);
  });

  test('brings every picture of a day but the link that the server refuses, though other days have that link too', async () => {
    const world = newWorld();
    const phone = usedPhone(world, {});
    const images = [{ url: 'https://example.invalid/1.png' }, { url: 'http://tmp/aBcD1.jpg' }, { url: 'valueOf' }];
    phone.storage.set('diaries', [
      { date: '2025-01-08', content: '字'.repeat(15_000), images },
      { date: '2025-01-09', content: '也有图', images },
    ]);
    const report = await phone.start().migration.run();
    expect(report).toMatchObject({ invalid: [], pictures: { uploaded: 1, kept: 0 }, verified: true });
    expect(report.pictures.missing.map(({ date, url }) => `${date} ${url}`)).toEqual([
      '2025-01-08 https://example.invalid/1.png',
      '2025-01-08 valueOf',
      '2025-01-09 https://example.invalid/1.png',
      '2025-01-09 valueOf',
    ]);
    const cloudFile = [expect.stringMatching(/^cloud:/)];
    expect(await diariesOf(world.openid)).toMatchObject([{ images: cloudFile }, { images: cloudFile }]);
  });

  test('reads what was stored as JSON text; what cannot be read is listed and stays on the phone', async () => {
    const world = newWorld();
    const legacy = {
      diaries: JSON.stringify(sample.diaries),
      diary_drafts: '[{"date":"2025-01-1',
      userTasks: '{}',
      'tasks_2025-1-8': JSON.stringify(sample['tasks_2025-1-8']),
      'mood_2025-1-9': '坏',
      userInfo: JSON.stringify({ points: 40 }),
      pointsRecords: JSON.stringify(sample.pointsRecords),
    };
    const { report, phone } = await migrated(world, legacy);
    expect(report).toMatchObject({
      textsIn: 4,
      imported: 3,
      points: { found: { userInfo: 40, records: 70 } },
      keptOnPhone: ['diary_drafts', 'userTasks', 'mood_2025-1-9', 'pointsRecords'],
      verified: true,
    });
    expect(report.tasks.imported).toBe(2);
    untouched(phone, legacy);
  });

  test('of a hundred days goes in chunks that the server takes', async () => {
    const world = newWorld();
    const diaries = Array.from({ length: 100 }, (_, index) => ({
      date: new Date(Date.UTC(2024, 8, 1 + index)).toISOString().slice(0, 10),
      content: `第${index}天 ${'字'.repeat(index % 7 === 0 ? 9_000 : 10)}`,
    }));
    const { report, phone } = await migrated(world, { diaries });
    expect(report).toMatchObject({ textsIn: 100, daysOut: 100, imported: 100, lost: 0, verified: true });
    for (const { action, data } of phone.calls)
      if (action === 'import') expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(100 * 1_024);
  });

  test('killed at any storage write goes on from there: everything once, one grant', async () => {
    const whole = await migrated();
    const expected = await diariesOf(whole.world.openid);
    for (let write = 1; write < 40; write += 1) {
      const world = newWorld();
      const phone = usedPhone(world);
      phone.killAt = { write, when: write % 2 === 0 ? 'before' : 'after' };
      let app = phone.start();
      const first = app.migration.run().catch(() => undefined);
      await Promise.race([first, killed(app)]);
      const wasKilled = app.isKilled();
      phone.killAt = null;
      app.kill();
      app = phone.start();
      expect(await app.migration.run()).toMatchObject({ textsIn: 5, daysOut: 4, lost: 0, verified: true });
      expect((await diariesOf(world.openid)).map(({ date, content }) => ({ date, content }))).toEqual(
        expected.map(({ date, content }) => ({ date, content })),
      );
      expect((await ok(points, world.openid, 'balance')).points).toBe(whole.report.points.granted);
      untouched(phone, sample);
      if (!wasKilled) break;
    }
  });

  test('rejects on a busy server or a lost answer and can be run again', async () => {
    const world = newWorld();
    const phone = usedPhone(world);
    const app = phone.start();
    let calls = 0;
    between(phone, 'sync', async (request, pass) => {
      if (request.action !== 'import') return pass();
      calls += 1;
      if (calls === 1) return refusalOf('RATE_LIMITED', { retryAfter: 60 });
      if (calls === 2) {
        await pass();
        return broken();
      }
      return pass();
    });
    await expect(app.migration.run()).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfter: 60 });
    await expect(app.migration.run()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await app.migration.run()).toMatchObject({ same: 3, imported: 1, lost: 0, verified: true });
  });
});

describe('until the migration is verified', () => {
  let world: World;
  let phone: Phone;
  let app: App;
  beforeEach(async () => {
    world = newWorld();
    phone = usedPhone(world);
    app = phone.start();
    await app.migration.run();
  });

  test('a new diary is in the old keys too, beside the former version’s own entries, and is not brought over twice', async () => {
    await app.diary.create({ date: '2025-01-20', content: '新版写的', mood: 'happy', tags: ['学校'] });
    await edit(app, '2025-01-20', { content: '新版改的' });
    const entries = phone.storage.get('diaries') as Bag[];
    expect(entries.slice(0, 4)).toEqual(sample.diaries);
    expect(entries.slice(4)).toMatchObject([
      { date: '2025-01-20', content: '新版改的', mood: 'happy', tags: ['学校'], images: [], aiComment: null, isDraft: false },
    ]);
    expect(await phone.start().migration.run()).toMatchObject({ textsIn: 5, daysOut: 4, verified: true });
    await app.diary.delete({ date: '2025-01-20' });
    expect(phone.storage.get('diaries')).toEqual(sample.diaries);
  });

  test('changes made in the former version after a rollback are imported', async () => {
    await app.diary.create({ date: '2025-01-20', content: '新版写的' });
    const entries = phone.storage.get('diaries') as Bag[];
    phone.storage.set(
      'diaries',
      entries.map((entry) => (entry.date === '2025-01-20' ? { ...entry, content: '旧版改的' } : entry)),
    );
    expect(await phone.start().migration.run()).toMatchObject({ textsIn: 6, keptServer: ['2025-01-20'], lost: 0 });
  });
});

const killed = async (app: App): Promise<void> => {
  for (let turn = 0; turn < 2_000 && !app.isKilled(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('whatever the former version left', () => {
  const broken = fc.oneof(
    fc.constant(null),
    fc.constant(undefined),
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.string()),
    fc.dictionary(fc.string(), fc.string()),
  );
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom('字', '\n', '😀', ' '),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    ),
    maxLength: 12,
  });
  const maybe = <Value>(value: fc.Arbitrary<Value>) =>
    fc.oneof({ weight: 4, arbitrary: value as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: broken });
  const entry = fc.record(
    {
      id: maybe(fc.integer({ min: 1_700_000_000_000, max: 1_736_000_000_000 }).map(String)),
      date: maybe(fc.constantFrom('2025-01-08', '2025-1-8', '2025/1/9', '2025-02-30', '')),
      content: maybe(text),
      mood: maybe(fc.constantFrom('happy', '怪')),
      images: maybe(fc.array(maybe(fc.record({ url: maybe(fc.constantFrom('http://tmp/a.jpg', 'https://a.b/c.png')) })))),
      tags: maybe(fc.array(maybe(text))),
      aiComment: maybe(fc.record({ text })),
      createTime: maybe(fc.constantFrom('2025-01-08T01:00:00.000Z', '2025-01-08T13:00:00.000Z', 'gestern')),
      isDraft: maybe(fc.boolean()),
    },
    { requiredKeys: [] },
  );
  const storage = fc.record(
    {
      diaries: maybe(fc.array(maybe(entry))),
      diary_drafts: maybe(fc.array(maybe(entry))),
      userTasks: maybe(
        fc.array(
          maybe(
            fc.record({
              id: maybe(fc.integer()),
              title: maybe(text),
              points: maybe(fc.integer()),
              repeat: maybe(fc.constant('weekly')),
              createdAt: maybe(fc.constant('2025-01-08')),
            }),
          ),
        ),
      ),
      'tasks_2025-1-8': maybe(fc.dictionary(fc.string(), maybe(fc.boolean()))),
      'mood_2025-1-8': maybe(fc.record({ mood: maybe(text) })),
      points: maybe(fc.integer()),
      userInfo: maybe(fc.record({ points: maybe(fc.integer()) })),
      pointsRecords: maybe(
        fc.array(
          maybe(
            fc.record({
              type: maybe(fc.constant('spend')),
              amount: maybe(fc.integer()),
              taskId: maybe(fc.integer()),
              description: maybe(text),
            }),
          ),
        ),
      ),
      todayMood: maybe(text),
      achievements: maybe(fc.array(maybe(fc.record({ name: text })))),
      prizeList: maybe(fc.array(maybe(fc.record({ name: maybe(text), probability: maybe(fc.integer()) })))),
      lotteryCost: maybe(fc.integer()),
      'tasks_2025-13-8': maybe(fc.dictionary(fc.string(), maybe(fc.boolean()))),
      mood_gestern: maybe(fc.record({ mood: maybe(text) })),
      userData_didi: maybe(fc.record({ diaries: maybe(fc.array(maybe(entry))) })),
      unknownKey: maybe(text),
      lotteryRecords: maybe(fc.array(maybe(fc.record({ prizeName: maybe(text), timestamp: maybe(fc.integer()) })))),
    },
    { requiredKeys: [] },
  );
  test('is read without errors: no text is lost and none is added', () => {
    fc.assert(
      fc.property(storage, (legacy: Bag) => {
        const { days, texts, undated, accounts } = readLegacy((key) => legacy[key] ?? '', Object.keys(legacy));
        for (const { found, fates } of accounts) expect(fates).toHaveLength(found);
        const listed = (key: string): unknown[] => (Array.isArray(legacy[key]) ? (legacy[key] as unknown[]) : []);
        const typed = [...listed('diaries'), ...listed('diary_drafts')]
          .map((raw) => (raw as Bag | null)?.content)
          .filter((content) => typeof content === 'string' || typeof content === 'number')
          .map((content) => normaliseText(String(content)))
          .filter((content) => content.trim() !== '');
        expect(texts).toBe(typed.length);
        const all = days.map(({ content }) => content).join('\u0000');
        if (undated === 0) for (const content of typed) expect(all).toContain(content.trim());
        const rest = all
          .replace(/标签：[^\n\u0000]*/g, '')
          .replace(/—— [^\n\u0000]* ——/g, '')
          .replace(/——/g, '')
          .replace(/\u0000/g, '');
        // Characters are compared, not texts: one text may be part of another, or of two that stand behind each other.
        const unused = [...typed.join('').replace(/——/g, '')];
        const added = [...rest.replace(/\s/g, '')].filter((character) => {
          const index = unused.indexOf(character);
          if (index >= 0) unused.splice(index, 1);
          return index < 0;
        });
        expect(added).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is brought over or listed, against the real server', async () => {
    await fc.assert(
      fc.asyncProperty(storage, async (legacy: Bag) => {
        const { report, phone } = await migrated(newWorld(newOpenid()), legacy);
        for (const { found, moved, named } of report.accounts) expect(found).toBe(moved + named);
        expect(report).toMatchObject({ lost: 0, verified: report.invalid.every(({ date }) => date < '2000-01-01') });
        untouched(phone, legacy);
      }),
      { numRuns: 40 },
    );
  });
});
