import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as lottery } from '../../functions/lottery/index';
import { main as points } from '../../functions/points/index';
import { main as task } from '../../functions/task/index';
import { configure, ok, select, withoutRateLimits } from '../harness';
import { newWorld, type World } from './world';
import type { App, Phone } from './wx';

withoutRateLimits();
configure({ migration: { mode: 'dual', percent: 100, salt: 'x' } });

type Bag = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever field it is about
type Loose = any;

interface Moved {
  world: World;
  phone: Phone;
  app: App;
  report: Awaited<ReturnType<App['migration']['run']>>;
  at: { now: string };
}

async function move(storage: Bag, { now, files = {} }: { now: number; files?: Record<string, number> }): Promise<Moved> {
  const world = newWorld();
  world.clock.now = now;
  const phone = world.phone();
  for (const [key, value] of Object.entries(storage)) phone.storage.set(key, value);
  for (const [name, size] of Object.entries(files)) phone.files.set(name, size);
  const app = phone.start();
  const report = await app.migration.run();
  return { world, phone, app, report, at: { now: new Date(now).toISOString() } };
}

const lives = ['a', 'b'].map((name) =>
  JSON.parse(gunzipSync(readFileSync(new URL(`former-lives/${name}.json.gz`, import.meta.url))).toString('utf8')),
) as { life: string; zone: string; now: number; files: Record<string, number>; storage: Record<string, Loose> }[];

const dated = (key: string): string =>
  key
    .slice(key.indexOf('_') + 1)
    .split('-')
    .map((part) => part.padStart(2, '0'))
    .join('-');

const rowsOf = (table: string, { openid }: World): Promise<Loose[]> =>
  select(`SELECT t.* FROM ${table} t JOIN users u ON u.id = t.user_id WHERE u.openid = ?`, [openid]);

const marksIn = (storage: Bag): { date: string; id: string }[] =>
  Object.keys(storage)
    .filter((key) => key.startsWith('tasks_'))
    .flatMap((key) =>
      Object.entries(storage[key] as Bag)
        .filter(([, isDone]) => isDone === true)
        .map(([id]) => ({ date: dated(key), id })),
    );

describe('a former life arrives entry by entry', () => {
  test.each(lives)('life $life of $zone', async ({ storage, ...life }) => {
    const { world, report } = await move(storage, life);
    const differences: { entry: string; phone: unknown; cloud: unknown }[] = [];
    const compare = (entry: string, onPhone: unknown, inCloud: unknown): void => {
      if (JSON.stringify(onPhone) !== JSON.stringify(inCloud)) differences.push({ entry, phone: onPhone, cloud: inCloud });
    };
    const days = await rowsOf('diaries', world);
    const kept = await rowsOf('diary_revisions', world);
    for (const each of storage.diaries) {
      const row = days.find(({ diary_date }) => diary_date === each.date);
      compare(`diary ${each.id}`, true, row?.content.includes(each.content) === true && row.is_draft === 0);
      const whole = `${row?.mood} ${row?.weather} ${row?.content}`;
      const faces: Record<string, RegExp> = { sad: /sad|😢/, happy: /happy|😊/, rainy: /rainy|雨/, sunny: /sunny|晴/ };
      for (const line of [each.mood, each.weather]) if (faces[line]) compare(`${line} of ${each.id}`, true, faces[line].test(whole));
      compare(
        `tags of ${each.id}`,
        [],
        each.tags.filter((tag: string) => !row?.tags.includes(tag)),
      );
      if (each.aiComment) compare(`comment of ${each.id}`, true, row?.ai_comment?.includes(each.aiComment.text));
    }
    const dates = [...new Set(storage.diaries.map(({ date }: Bag) => date))] as string[];
    for (const date of dates) {
      const times = storage.diaries.filter((each: Bag) => each.date === date).map(({ createTime }: Bag) => String(createTime));
      compare(`createdAt of ${date}`, times.sort()[0], days.find(({ diary_date }) => diary_date === date)?.created_at.toISOString());
    }
    for (const draft of storage.diary_drafts) {
      const found = days.concat(kept).find(({ diary_date, content }) => diary_date === draft.date && content === draft.content);
      const isPrefix = storage.diaries.some(({ date, content }: Loose) => date === draft.date && content.startsWith(draft.content.trim()));
      compare(`draft ${draft.id}`, true, isPrefix || found?.is_draft === 1);
    }
    const moods = await rowsOf('moods', world);
    for (const key of Object.keys(storage).filter((each) => each.startsWith('mood_')))
      compare(key, storage[key].mood, moods.find(({ mood_date }) => mood_date === dated(key))?.mood);
    const done = (await rowsOf('tasks', world)).filter(({ is_completed }) => is_completed === 1);
    compare('done tasks', marksIn(storage).length, done.length);
    compare('points of done tasks', 0, done.filter(({ awarded, points_reward }) => awarded > 0 || points_reward > 0).length);
    const repeating = (storage.userTasks ?? []).filter(({ repeat }: Bag) => repeat !== 'once').length;
    compare('templates', repeating, (await rowsOf('task_rules', world)).length);
    compare('draws', storage.lotteryRecords.length, (await rowsOf('lottery_records', world)).length);
    compare('prizes', storage.prizeList.length, (await rowsOf('family_prizes', world)).length);
    compare('balance', report.points.granted, (await ok(points, world.openid, 'balance')).points);
    if (differences.length > 0) console.table(differences);
    expect(differences).toEqual([]);
    for (const { found, moved, named } of report.accounts) expect(found).toBe(moved + named);
    expect(report).toMatchObject({ verified: true, lost: 0, invalid: [] });
    console.table(report.accounts.filter(({ named }) => named > 0));
    console.table(report.notes);
  });
});

const { cases } = JSON.parse(readFileSync(new URL('migration-cases.json', import.meta.url), 'utf8')) as {
  cases: { name: string; storage: Bag }[];
};
const storageOf = (name: string): Bag => {
  const found = cases.find((each) => each.name === name);
  if (!found) throw new Error(`no case ${name}`);
  return structuredClone(found.storage);
};

const NOON = { now: Date.parse('2026-03-20T12:00:00+08:00') };
const read = async ({ world, at }: Moved, main: Parameters<typeof ok>[0], action: string, input: object = {}): Promise<Loose> =>
  ok(main, world.openid, action, input, at);

const checks: Record<string, (moved: Moved) => Promise<void>> = {
  'a done default task comes over though its template was never stored': async (moved) => {
    const { tasks } = await read(moved, task, 'list', { date: '2026-03-18' });
    expect(tasks.filter(({ isCompleted }: Loose) => isCompleted)).toMatchObject([{ title: '早起打卡' }]);
  },
  'default tasks count for the opening balance': async ({ report }) => expect(report.points.granted).toBe(45),
  'a child who only did tasks keeps points': async ({ report }) => expect(report.points.granted).toBe(200),
  'the earlier mood and weather of a day are not dropped': async (moved) => {
    const { diary: day } = await read(moved, diary, 'get', { date: '2026-03-18' });
    expect(day).toMatchObject({ mood: 'happy', content: '—— 18:00 · 😢 · 雨 ——\n早上\n\n—— 20:00 ——\n晚上' });
  },
  'a draft is not published with the day': async (moved) => {
    const { diary: day } = await read(moved, diary, 'get', { date: '2026-03-18' });
    expect(day).toMatchObject({ content: '公开的', isDraft: false });
    const { revisions } = await read(moved, diary, 'history', { date: '2026-03-18' });
    expect(revisions).toMatchObject([{ content: '不想给别人看的', isDraft: true, reason: 'imported' }]);
  },
  'the day keeps the time it was written': async (moved) =>
    expect((await read(moved, diary, 'get', { date: '2026-03-18' })).diary.createdAt).toBe('2026-03-18T10:00:00.000Z'),
  'a task done today is not paid again today': async (moved) => {
    const { tasks } = await read(moved, task, 'list');
    expect(tasks.filter(({ title }: Loose) => title === '练琴')).toMatchObject([{ isCompleted: true }]);
  },
  'a monthly task does not become a daily one': async ({ world }) =>
    expect(await rowsOf('task_rules', world)).toMatchObject([{ title: '大扫除', weekdays: 138 }]),
  'nickname and avatar': async ({ app }) =>
    expect(await app.user.profile()).toMatchObject({ nickname: '小明', avatar: 'https://thirdwx.qlogo.cn/mmopen/vi_32/abc/132' }),
  'the emoji of a prize in a draw': async (moved) =>
    expect((await read(moved, lottery, 'records')).records).toMatchObject([{ prize: { name: '看电影', emoji: '🍭' } }]),
  'a diary of the future does not hold the move open': async (moved) => {
    expect((await moved.app.migration.status()).state).toBe('verified');
    const { diary: day } = await read(moved, diary, 'get', { date: '2026-03-20' });
    expect(day).toMatchObject({ isDraft: true, content: '2035-12-25\n愿望' });
    expect(moved.report.notes).toContainEqual(expect.objectContaining({ what: '日期在未来的日记', count: 1 }));
  },
  'another child of the phone is named': async (moved) => {
    expect(moved.report.otherChildren).toEqual([{ child: 'didi', diaries: 1, tasks: 0, points: 195 }]);
    expect(JSON.stringify(moved.phone.calls)).not.toContain('弟弟的');
    expect(JSON.parse(await moved.app.migration.exportChild('didi')).data.diaries).toMatchObject([{ content: '弟弟的' }]);
    await expect(moved.app.migration.exportChild('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  },
  'after going back, what the former version wrote is asked for': async (moved) => {
    const entries = moved.phone.storage.get('diaries') as Bag[];
    moved.phone.storage.set('diaries', [...entries, { ...entries[0], id: '1773900000000', date: '2026-03-19', content: '退回后写的' }]);
    expect((await moved.app.migration.status()).state).toBe('waiting');
    await moved.app.migration.run();
    expect((await read(moved, diary, 'get', { date: '2026-03-19' })).diary).toMatchObject({ content: '退回后写的' });
    expect((await moved.app.migration.status()).state).toBe('verified');
  },
};

describe('a minimal storage', () => {
  test.each(Object.entries(checks))('%s', async (name, check) => check(await move(storageOf(name), NOON)));

  test('every case has its check', () => expect(cases.map(({ name }) => name)).toEqual(Object.keys(checks)));

  test('a text of which the server has another version is among the conflicts, until it is resolved', async () => {
    const world = newWorld();
    world.clock.now = NOON.now;
    const other = world.phone().start();
    await other.diary.create({ date: '2026-03-18', content: '云上的' });
    const phone = world.phone();
    for (const [key, value] of Object.entries(storageOf('the day keeps the time it was written'))) phone.storage.set(key, value);
    const app = phone.start();
    await app.migration.run();
    const [conflict, ...others] = app.sync.conflicts();
    expect([conflict, others]).toMatchObject([{ date: '2026-03-18', mine: { content: '文' }, theirs: { content: '云上的' } }, []]);
    await app.sync.resolve(String(conflict?.id), 'mine');
    await app.migration.run();
    expect(app.sync.conflicts()).toEqual([]);
    expect((await app.diary.get({ date: '2026-03-18' })).diary).toMatchObject({ content: '文' });
  });
});
