import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { png } from '../../dev/fakes/ai-tricks';
import { buildClient } from '../../scripts/build/client';
import { copySdkToExample } from '../../scripts/build/example';
import { buildFunctions } from '../../scripts/build/functions';
import { newOpenid } from '../harness';
import { startLocalCloud } from '../local-cloud';
import { example, launch, type MiniProgram, newPhone, type Phone } from './mini-program';

vi.setConfig({ testTimeout: 60_000 });

const TODAY = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);

const stops: (() => Promise<void>)[] = [];
const apps: MiniProgram[] = [];
let lib = '';
let local = '';

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'example-'));
  stops.push(() => rm(folder, { recursive: true }));
  lib = join(folder, 'client');
  await Promise.all([buildClient({ outDir: lib }), buildFunctions({ outDir: folder, minify: false })]);
  local = (await startLocalCloud(folder, stops)).url;
});
afterAll(async () => {
  for (const app of apps) app.kill();
  for (const stop of stops.reverse()) await stop();
});

/** The app on this child's phone, connected to a local cloud as it comes out of the box. */
function start(openid: string, phone: Phone = newPhone()): MiniProgram {
  const app = launch({ config: { env: '', local, openid }, lib, phone });
  apps.push(app);
  return app;
}

const soon = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

test('its types hold, with the SDK that the build copies into lib/', async () => {
  await copySdkToExample(lib);
  const tsc = promisify(execFile)(process.execPath, ['node_modules/typescript/lib/tsc.js', '-p', 'examples/miniprogram/jsconfig.json']);
  await expect(tsc.catch(({ stdout }) => stdout)).resolves.toMatchObject({ stdout: '' });
});

test('DevTools opens it as it is: test account, no check of domains, every page in four files, nothing but the listed APIs', () => {
  const { appid, setting } = JSON.parse(readFileSync(join(example, 'project.config.json'), 'utf8'));
  expect({ appid, urlCheck: setting.urlCheck }).toEqual({ appid: 'touristappid', urlCheck: false });
  const { pages, tabBar } = JSON.parse(readFileSync(join(example, 'app.json'), 'utf8'));
  for (const path of pages) {
    const kinds = readdirSync(join(example, dirname(path))).map((file) => file.split('.')[1]);
    expect(kinds.sort()).toEqual(['js', 'json', 'wxml', 'wxss']);
  }
  expect(pages).toEqual(expect.arrayContaining(tabBar.list.map(({ pagePath }: { pagePath: string }) => pagePath)));
});

test('every page can be opened by a new child, and says something', async () => {
  const app = start(newOpenid());
  const { pages }: { pages: string[] } = JSON.parse(readFileSync(join(example, 'app.json'), 'utf8'));
  for (const path of pages) {
    const page = await app.open(path);
    expect(page.text().length, path).toBeGreaterThan(5);
    await page.leave();
  }
  expect(app.toasts).toEqual([]);
});

describe('a child', () => {
  test('writes with a picture, is paid, and sees the day in the list and in the calendar', async () => {
    const phone = newPhone();
    phone.files.set('http://tmp/new.png', png);
    const app = start(newOpenid(), phone);
    const editor = await app.open('pages/editor/editor');
    await editor.enter('今天发生了什么？', '今天去了动物园');
    await editor.enter('标签，用空格隔开', '周末 家人');
    await editor.tap('开心');
    await editor.tap('加一张图片');
    await editor.tap('保存');
    expect(app.toasts).toEqual(['已保存，+5 积分']);
    expect(app.visited).toEqual(['back']);
    const list = await app.open('pages/diaries/diaries');
    expect(list.text()).toMatch(/^1天连续记录写日记😊 \d{4}-\d\d-\d\d今天去了动物园周末家人$/);
    const picture = list.data.diaries[0].picture;
    expect((await fetch(picture)).headers.get('content-type')).toBe('image/png');
    const calendar = await app.open('pages/calendar/calendar');
    await calendar.tap('😊');
    expect(app.visited.at(-1)).toBe(`/pages/editor/editor?date=${TODAY}`);
  });

  test('loses no unsaved text when the app is killed, and leaves a draft when the page is closed', async () => {
    const openid = newOpenid();
    const phone = newPhone();
    const first = start(openid, phone);
    const editor = await first.open('pages/editor/editor');
    await editor.enter('今天发生了什么？', '写到一半');
    first.kill();
    const second = start(openid, phone);
    const again = await second.open('pages/editor/editor');
    expect(again.text()).toContain('上次没保存的文字还在');
    expect(again.data.content).toBe('写到一半');
    await again.leave();
    const other = start(openid);
    const list = await other.open('pages/diaries/diaries');
    expect(list.text()).toContain('草稿写到一半');
    const onOther = await other.open('pages/editor/editor', { date: TODAY });
    await onOther.enter('今天发生了什么？', '写完了');
    await onOther.tap('保存');
    expect(other.toasts).toContain('已保存，+5 积分');
  });

  test('leaves the editor open: after a few seconds the other device has the draft', async () => {
    const openid = newOpenid();
    const editor = await start(openid).open('pages/editor/editor');
    await editor.enter('今天发生了什么？', '写着写着');
    const other = start(openid);
    await soon(async () => (await other.open('pages/diaries/diaries')).text()).toContain('草稿写着写着');
    await editor.enter('今天发生了什么？', '写着写着，写完了');
    await editor.tap('保存');
    await soon(async () => (await other.open('pages/diaries/diaries')).text()).toContain('写着写着，写完了');
  });

  test('turns the page to another day: the half-written text of the first day is kept', async () => {
    const app = start(newOpenid());
    const editor = await app.open('pages/editor/editor');
    await editor.enter('今天发生了什么？', '今天的');
    await editor.enter('日期', '2025-01-10');
    expect(editor.data.content).toBe('');
    await editor.enter('日期', TODAY);
    expect(editor.data.content).toBe('今天的');
  });

  test('goes on with a published day, compares with the history and brings an earlier text back', async () => {
    const app = start(newOpenid());
    await app.growth.diary.create({ date: TODAY, content: '去了动物园，看到大象' });
    const editor = await app.open('pages/editor/editor', { date: TODAY });
    await editor.enter('今天发生了什么？', '去了动物园');
    await editor.tap('保存');
    const again = await app.open('pages/editor/editor', { date: TODAY });
    await again.enter('接着写一段', '晚上下雨了');
    await again.tap('接上');
    expect(again.data.content).toMatch(/^去了动物园\n[\s\S]*晚上下雨了$/);
    await again.tap('历史');
    expect(app.visited.at(-1)).toBe(`/pages/history/history?date=${TODAY}`);
    const history = await app.open('pages/history/history', { date: TODAY });
    await history.tap('去了动物园，看到大象');
    expect(history.data.chosen.parts).toMatchObject({ head: '去了动物园', removed: '，看到大象' });
    await history.tap('恢复成这一份');
    expect((await app.open('pages/diaries/diaries')).data.diaries).toMatchObject([{ content: '去了动物园，看到大象' }]);
  });

  test('deletes a day and brings it back from 最近删除', async () => {
    const app = start(newOpenid());
    await app.growth.diary.create({ date: TODAY, content: '差点没了' });
    const editor = await app.open('pages/editor/editor', { date: TODAY });
    await editor.tap('删除');
    const trash = await app.open('pages/trash/trash');
    await trash.tap('恢复');
    expect(app.toasts.at(-1)).toBe(`${TODAY} 恢复好了`);
    expect(trash.text()).toContain('最近没有删除的日记');
    expect((await app.open('pages/diaries/diaries')).text()).toContain('差点没了');
  });

  test('writes without a network, and the text is sent when the network is back', async () => {
    const openid = newOpenid();
    const app = start(openid);
    await app.open('pages/diaries/diaries');
    app.network(false);
    const editor = await app.open('pages/editor/editor');
    await editor.enter('今天发生了什么？', '地铁里写的');
    await editor.tap('保存');
    expect(app.toasts).toContain('已存在手机里，联网后上传');
    const list = await app.open('pages/diaries/diaries');
    expect(list.text()).toContain('待上传');
    app.network(true);
    await soon(() => app.growth.sync.status().pending).toBe(0);
    const other = await start(openid).open('pages/diaries/diaries');
    expect(other.text()).toContain('地铁里写的');
  });

  test('does tasks, adds one, spends points and reads where they came from', async () => {
    const app = start(newOpenid());
    const tasks = await app.open('pages/tasks/tasks');
    await tasks.tap('阅读20分钟');
    expect(app.toasts.at(-1)).toMatch(/^\+\d+ 积分$/);
    await tasks.enter('自己加一个任务', '练琴');
    await tasks.tap('加上');
    expect(tasks.text()).toContain('今天完成1/ 6');
    await tasks.tap('练琴');
    await tasks.tap('删除这个任务');
    const points = await app.open('pages/points/points');
    await points.enter('换什么，例如看电影', '看电影');
    await points.enter('分', '3');
    await points.tap('换');
    expect(points.text()).toContain('−3');
    await points.tap('用掉');
    expect(points.data.records).toMatchObject([{ source: '看电影', amount: -3 }]);
  });

  test('draws: the wheel stops on the sector that the server chose', async () => {
    const app = start(newOpenid());
    const tasks = await app.open('pages/tasks/tasks');
    for (const { title } of tasks.data.tasks) await tasks.tap(title);
    const lottery = await app.open('pages/lottery/lottery');
    await lottery.tap('抽一次');
    const [record] = lottery.data.records;
    expect(app.toasts.at(-1)).toBe(record.isWinner ? `🎉 ${record.prize.name}` : '谢谢参与');
    const at = (360 - (lottery.data.angle % 360)) / 360;
    let from = 0;
    const sector = lottery.data.prizes.find(({ probability }: { probability: number }) => {
      from += probability;
      return at < from;
    });
    expect(sector?.id ?? null).toBe(record.isWinner ? record.prize.id : null);
  });

  test('records the mood of the day, also without a network; the first one of a day is paid, and the month shows it', async () => {
    const app = start(newOpenid());
    const page = await app.open('pages/mood/mood');
    await page.tap('开心');
    expect(app.toasts).toEqual(['记下了，+5 积分']);
    app.network(false);
    await page.tap('困惑');
    expect(app.toasts.at(-1)).toBe('已存在手机里，联网后上传');
    expect(page.data.counts).toMatchObject([{ name: '困惑', count: 1 }]);
    app.network(true);
    await soon(() => app.growth.sync.status().pending).toBe(0);
    expect((await app.growth.points.balance()).points).toBe(5);
  });

  test('looks back at the week and the month: numbers, bars, moods, words and a poster', async () => {
    const app = start(newOpenid());
    await app.growth.diary.create({ date: TODAY, content: '公园里看到松鼠，公园真好玩', mood: 'happy' });
    const page = await app.open('pages/report/report');
    expect(page.text()).toContain('1篇日记');
    expect(page.text()).toContain('😊 开心1 次');
    expect(page.data.bars).toHaveLength(7);
    await page.tap('月报');
    expect(page.text()).toContain('公园 2');
    await page.tap('看海报');
    expect(decodeURIComponent(page.data.poster)).toContain('<svg');
    await page.tap('往前');
    expect(page.text()).toContain('0篇日记');
    expect(app.toasts).toEqual([]);
  });

  test('finds words with their place marked, narrowed by mood, and sees what was written on this day years ago', async () => {
    const app = start(newOpenid());
    const years = [1, 2].map((ago) => `${Number(TODAY.slice(0, 4)) - ago}-${TODAY.slice(5) === '02-29' ? '02-28' : TODAY.slice(5)}`);
    for (const [index, date] of years.entries())
      await app.growth.diary.create({ date, content: `第${index}年去了公园玩`, mood: index === 0 ? 'happy' : 'sad' });
    const page = await app.open('pages/search/search');
    expect(page.text()).toContain('1 年前的今天 😊第0年去了公园玩2 年前的今天');
    await page.enter('找日记里的字词', '公园');
    await page.tap('搜索');
    expect(page.data.found).toMatchObject([
      { date: years[0], parts: { before: '第0年去了', word: '公园', after: '玩' } },
      { date: years[1] },
    ]);
    await page.tap('难过');
    expect(page.data.found).toMatchObject([{ date: years[1] }]);
    await page.enter('找日记里的字词', '%_');
    await page.tap('搜索');
    expect(page.text()).toContain('没有找到');
  });

  test('chooses when two phones wrote one day', async () => {
    const openid = newOpenid();
    const [mine, theirs] = [start(openid), start(openid)];
    await mine.growth.sync.now();
    mine.network(false);
    await mine.growth.diary.create({ date: TODAY, content: '我的' });
    await theirs.growth.diary.create({ date: TODAY, content: '她的' });
    mine.network(true);
    await mine.growth.sync.now();
    const page = await mine.open('pages/conflicts/conflicts');
    await page.tap('合在一起');
    expect(page.text()).toContain('都处理好了');
    expect((await mine.open('pages/diaries/diaries')).data.diaries).toMatchObject([{ content: '她的\n\n我的' }]);
  });

  test('has the AI say something, exports everything, switches the AI off, and erases the account', async () => {
    const app = start(newOpenid());
    await app.growth.diary.create({ date: TODAY, content: '今天学会了骑车' });
    const editor = await app.open('pages/editor/editor', { date: TODAY });
    await editor.tap('请');
    expect(editor.text()).toContain('AI 生成');
    const settings = await app.open('pages/settings/settings');
    await settings.tap('导出');
    expect(app.clipboard[0]).toContain('今天学会了骑车');
    await settings.enter('AI 点评和画画', false);
    expect(settings.data.profile.settings.aiEnabled).toBe(false);
    app.dialogues.push({ content: '注销账号' });
    await settings.tap('注销账号');
    expect(app.visited.at(-1)).toBe('/pages/diaries/diaries');
  });

  test('is guided to import the data of the former version, and sees them', async () => {
    const phone = newPhone();
    phone.storage.set('diaries', [{ id: '1736511600000', date: '2025-1-10', content: '旧版写的' }]);
    phone.storage.set('points', 30);
    const app = start(newOpenid(), phone);
    await soon(() => app.visited).toContain('/pages/migration/migration');
    const page = await app.open('pages/migration/migration');
    await page.tap('开始搬家');
    expect(page.text()).toContain('搬好了1 段文字，合成 1 天，丢失 0');
    expect(page.text()).toContain('手机上记着 30 分，发放 10 分');
    expect((await app.open('pages/diaries/diaries')).text()).toContain('旧版写的');
  });
});

describe('a family', () => {
  const PIN = '482915';

  async function unlocked(app: MiniProgram) {
    const page = await app.open('pages/family/family');
    await page.enter('家长密码', PIN);
    await page.tap('设为家长密码');
    expect(app.toasts).toEqual(['密码设好了']);
    return page;
  }

  test('a guardian sets the PIN, asks for approval, approves and rejects tasks, gives points, and locks', async () => {
    const app = start(newOpenid());
    const page = await unlocked(app);
    await page.enter('完成任务要不要确认', 2);
    const tasks = await app.open('pages/tasks/tasks');
    await tasks.tap('阅读20分钟');
    expect(app.toasts.at(-1)).toBe('做完了，等家长确认');
    await tasks.tap('⬜');
    expect(tasks.text()).toMatch(/⏳.*⏳/);
    const again = await app.open('pages/family/family');
    await soon(() => again.data.tasks.length).toBe(2);
    await again.tap('不通过');
    await again.tap('认可');
    expect(again.data.tasks).toEqual([]);
    const { points } = await app.growth.points.balance();
    expect(points).toBeGreaterThan(0);
    await again.enter('±分', '20');
    await again.enter('为什么', '帮妈妈洗碗');
    await again.tap('记上');
    expect(app.toasts.at(-1)).toBe(`现在 ${points + 20} 分`);
    await again.tap('退出家长模式');
    expect(again.text()).toContain('请家长输入 6 位密码');
    await again.enter('家长密码', '000000');
    await again.tap('进入');
    expect(app.toasts.at(-1)).toBe('家长密码不正确');
    await again.enter('家长密码', PIN);
    await again.tap('进入');
    expect(again.text()).toContain('要确认的任务');
  });

  test('a family has its own prizes and cost; the wheel shows them with emoji, and a won one is handed over', async () => {
    const app = start(newOpenid());
    await unlocked(app);
    const prizes = await app.open('pages/prizes/prizes');
    await prizes.enter('奖品，例如去动物园', '去动物园');
    await prizes.enter('表情', '🦁');
    await prizes.tap('加上');
    expect(prizes.text()).toContain('转盘上是家里的奖品');
    await prizes.enter('花费', '4');
    await prizes.enter('次数', '3');
    await prizes.tap('保存');
    await app.growth.points.bonus({ amount: 10, reason: '试试' });
    const lottery = await app.open('pages/lottery/lottery');
    expect(lottery.text()).toContain('🦁 去动物园');
    expect(lottery.data).toMatchObject({ cost: 4, prizes: [{ odds: '100%' }] });
    await lottery.tap('抽一次');
    const page = await app.open('pages/family/family');
    await page.tap('兑现了');
    expect(page.data.prizes).toEqual([]);
    await prizes.tap('改回系统奖品');
    expect(prizes.text()).toContain('转盘上是系统的奖品');
  });

  test('a second guardian joins with a code from another account, approves, and is removed', async () => {
    const [child, father] = [start(newOpenid()), start(newOpenid())];
    const page = await unlocked(child);
    await page.enter('完成任务要不要确认', 2);
    await page.tap('邀请另一位家长');
    const theirs = await unlocked(father);
    await theirs.enter('邀请码', page.data.invitation);
    await theirs.tap('加入');
    expect(father.toasts.at(-1)).toBe('你是孩子的家长了');
    const { childId } = theirs.data;
    await (await child.open('pages/tasks/tasks')).tap('阅读20分钟');
    const again = await father.open('pages/family/family');
    await again.tap(`孩子 ${childId}`);
    expect(again.text()).toContain('阅读20分钟');
    await again.tap('认可');
    expect(again.data.tasks).toEqual([]);
    const own = await child.open('pages/family/family');
    await own.tap('移除');
    expect(own.data.guardians).toEqual([]);
  });
});

test('without npm start it says what to do, and what is on the phone stays', async () => {
  const app = launch({ config: { env: '', local: 'http://127.0.0.1:1', openid: newOpenid() }, lib, phone: newPhone() });
  apps.push(app);
  const list = await app.open('pages/diaries/diaries');
  expect(list.text()).toContain('写日记');
  expect(app.toasts.length).toBeGreaterThan(0);
});
