import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { budgetsKb } from '../../scripts/build/budget';
import { buildClient } from '../../scripts/build/client';
import { configure, grant, ok, withoutRateLimits } from '../harness';
import { newWorld, type World } from './world';
import { newProcess, type Phone, type Process } from './wx';

withoutRateLimits();
configure({ migration: { mode: 'dual', percent: 100, salt: 'x' } });

const example = fileURLToPath(new URL('../../examples/miniprogram/', import.meta.url));
let built = '';
let sizes: { name: string; bytes: number }[] = [];

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'sdk-'));
  sizes = await buildClient({ outDir: built });
});
/** The apps live on when their tests are over; from then on nobody answers them. */
let isOver = false;
afterAll(async () => {
  isOver = true;
  await rm(built, { recursive: true });
});

// biome-ignore lint/suspicious/noExplicitAny: pages are plain JavaScript
type Loose = any;

/** What came after ES2017, and what a mini-program does not have: old phones have none of it. */
const FORGET = `
  for (const name of ['globalThis', 'structuredClone', 'URL', 'TextEncoder', 'crypto', 'fetch', 'AggregateError', 'WeakRef', 'BigInt']) delete this[name];
  for (const name of ['flat', 'flatMap', 'at', 'findLast', 'findLastIndex', 'toSorted', 'toReversed', 'toSpliced', 'with']) delete Array.prototype[name];
  for (const name of ['trimStart', 'trimEnd', 'matchAll', 'replaceAll', 'at', 'isWellFormed', 'toWellFormed']) delete String.prototype[name];
  for (const name of ['fromEntries', 'hasOwn', 'groupBy']) delete Object[name];
  for (const name of ['allSettled', 'any', 'withResolvers', 'try']) delete Promise[name];
  delete Promise.prototype.finally;
`;

interface MiniProgram {
  process: Process;
  growth: Loose;
  toasts: string[];
  page(path: string, query?: object): Promise<Loose>;
}

/** Runs a mini-program's own files, as WeChat does: each in its function, with \`wx\`, \`App\`, \`Page\` and \`require\`. */
function launch(phone: Phone): MiniProgram {
  const process = newProcess(phone);
  const toasts: string[] = [];
  const nothing = () => undefined;
  const wx: Loose = {
    ...process.wx,
    cloud: {
      ...process.wx.cloud,
      init: nothing,
      callFunction: (options: Loose) => (isOver ? new Promise(() => {}) : (process.wx as Loose).cloud.callFunction(options)),
    },
    showToast: ({ title }: { title: string }) => toasts.push(title),
    showLoading: nothing,
    hideLoading: nothing,
    navigateTo: ({ url }: { url: string }) => toasts.push(`→ ${url}`),
    navigateBack: nothing,
    stopPullDownRefresh: nothing,
    showModal: async ({ title }: { title: string }) => {
      toasts.push(title);
      return { confirm: true };
    },
    chooseMedia: async () => ({ tempFiles: [{ tempFilePath: 'http://tmp/new.png' }] }),
  };
  let app: Loose;
  let page: Loose;
  const context: Loose = vm.createContext({ wx, console, setTimeout, clearTimeout, getApp: () => app });
  context.App = (definition: Loose) => {
    app = definition;
  };
  context.Page = (definition: Loose) => {
    page = definition;
  };
  vm.runInContext(FORGET, context);

  const modules = new Map<string, Loose>();
  const load = (file: string): Loose => {
    const known = modules.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    modules.set(file, module);
    const source = readFileSync(file, 'utf8');
    const path = (name: string): string => {
      const wanted = resolve(dirname(file), name.endsWith('.js') ? name : `${name}.js`);
      return wanted.startsWith(join(example, 'lib')) ? join(built, wanted.slice(join(example, 'lib').length)) : wanted;
    };
    vm.runInContext(`(function (require, module, exports) {${source}\n})`, context, { filename: file })(
      (name: string) => load(path(name)),
      module,
      module.exports,
    );
    return module.exports;
  };

  load(join(example, 'app.js'));
  app.onLaunch();
  return {
    process,
    growth: app.growth,
    toasts,
    page: async (path, query = {}) => {
      modules.delete(join(example, `${path}.js`));
      load(join(example, `${path}.js`));
      const shown = page;
      shown.data = JSON.parse(JSON.stringify(shown.data));
      shown.setData = (changes: object) => Object.assign(shown.data, changes);
      await shown.onLoad?.(query);
      await shown.onShow?.();
      return shown;
    },
  };
}

const typed = (value: string) => ({ detail: { value } });
const tapped = (dataset: object) => ({ currentTarget: { dataset } });

/** A world whose clock is the test's machine's: the example makes the SDK without options. */
function worldOfToday(): World {
  const world = newWorld();
  world.clock.now = Date.now();
  return world;
}
const TODAY = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);

describe('the SDK as it is built', () => {
  test('does nothing as it is loaded, and needs nothing beyond ES2017', () => {
    const read: string[] = [];
    const world = new Proxy({}, { get: (_, name) => read.push(String(name)), has: () => true });
    const context: Loose = vm.createContext({ module: { exports: {} } });
    vm.runInContext(`${FORGET}; (function (wx, App, Page, require) {${readFileSync(join(built, 'growth-diary.js'), 'utf8')}\n})`, context)(
      world,
      null,
      null,
      () => {
        throw new Error('nothing may be required');
      },
    );
    expect(read).toEqual([]);
    expect(Object.keys(context.module.exports)).toEqual(['GrowthDiaryError', 'createGrowthDiary']);
  });

  test('fits its budget', () => {
    for (const { name, bytes } of sizes) expect([name, bytes]).toEqual([name, Math.min(bytes, (budgetsKb[name] ?? 0) * 1_000)]);
  });
});

describe('the example mini-program', () => {
  test('names pages that exist, in all four files, and each page only calls what it has', async () => {
    const { pages } = JSON.parse(await readFile(join(example, 'app.json'), 'utf8'));
    for (const path of pages) {
      const folder = join(example, dirname(path));
      expect(
        readdirSync(folder)
          .map((file) => file.split('.')[1])
          .sort(),
      ).toEqual(['js', 'json', 'wxml', 'wxss']);
      const script = await readFile(join(example, `${path}.js`), 'utf8');
      const markup = await readFile(join(example, `${path}.wxml`), 'utf8');
      for (const [, handler] of markup.matchAll(/bind\w+="(\w+)"/g))
        expect([path, script]).toEqual([path, expect.stringContaining(`${handler}(`)]);
    }
  });

  test('writes online, goes on offline, and sends it when the network is back', async () => {
    const world = worldOfToday();
    const phone = world.phone();
    phone.files.set('http://tmp/new.png', 1_000);
    const mini = launch(phone);
    const editor = await mini.page('pages/editor/editor');
    editor.onText(typed('今天去了动物园'));
    editor.onMood(tapped({ mood: 'happy' }));
    await editor.addPicture();
    await editor.save();
    expect(mini.toasts).toContain('已保存，+5 积分');
    const diaries = await mini.page('pages/diaries/diaries');
    expect(diaries.data).toMatchObject({
      streak: 1,
      isStale: false,
      diaries: [{ face: '😊', content: '今天去了动物园', picture: expect.stringMatching(/^cloud:/) }],
    });

    mini.process.network(false);
    const again = await mini.page('pages/editor/editor', { date: TODAY });
    expect(again.data).toMatchObject({ content: '今天去了动物园', isNew: false });
    again.onText(typed('今天去了动物园，看到熊猫'));
    await again.save();
    expect(mini.toasts).toContain('已存在手机里，联网后上传');
    await diaries.onShow();
    expect(diaries.data).toMatchObject({
      isStale: true,
      status: { pending: 1, online: false },
      diaries: [{ content: '今天去了动物园，看到熊猫', pending: true }],
    });

    mini.process.network(true);
    await vi.waitFor(() => expect(diaries.data.diaries[0].pending).toBeUndefined());
    expect((await ok(diary, world.openid, 'get', { date: TODAY }, { now: new Date().toISOString() })).diary.content).toBe(
      '今天去了动物园，看到熊猫',
    );
    await again.remove();
    await diaries.onShow();
    expect(diaries.data.diaries).toEqual([]);
    mini.process.kill();
  });

  test('lets the child choose when two phones wrote one day', async () => {
    const world = worldOfToday();
    const [mine, theirs] = [launch(world.phone()), launch(world.phone())];
    await mine.growth.sync.now();
    mine.process.network(false);
    await mine.growth.diary.create({ date: TODAY, content: '我的' });
    await theirs.growth.diary.create({ date: TODAY, content: '她的' });
    mine.process.network(true);
    await mine.growth.sync.now();
    const page = await mine.page('pages/conflicts/conflicts');
    expect(page.data.conflicts).toMatchObject([{ mine: { content: '我的' }, theirs: { content: '她的' } }]);
    await page.joinBoth(tapped({ id: page.data.conflicts[0].id }));
    expect(page.data.conflicts).toEqual([]);
    const diaries = await mine.page('pages/diaries/diaries');
    expect(diaries.data.diaries).toMatchObject([{ content: '她的\n\n我的' }]);
    mine.process.kill();
    theirs.process.kill();
  });

  test('does tasks and draws', async () => {
    const world = worldOfToday();
    const mini = launch(world.phone());
    const { userInfo } = await mini.growth.login();
    await grant(userInfo.id, 50);
    const tasks = await mini.page('pages/tasks/tasks');
    expect(tasks.data).toMatchObject({ total: 5, completed: 0, points: 50 });
    await tasks.toggle(tapped({ id: tasks.data.tasks[0].id, done: false }));
    expect(tasks.data).toMatchObject({ completed: 1, points: 60 });
    tasks.onTitle(typed('练琴'));
    await tasks.add();
    expect(tasks.data).toMatchObject({ total: 6, title: '' });
    const lottery = await mini.page('pages/lottery/lottery');
    expect(lottery.data.prizes.length).toBeGreaterThan(0);
    await lottery.draw();
    expect(lottery.data).toMatchObject({ isDrawing: false, records: [{ costPoints: 10 }] });
    expect(mini.toasts.filter((toast) => /🎉|谢谢参与/.test(toast))).toHaveLength(1);
    mini.process.kill();
  });

  test('brings over what the former version left, from the second file', async () => {
    const world = worldOfToday();
    const phone = world.phone();
    phone.storage.set('diaries', [{ id: '1736511600000', date: '2025-1-10', content: '旧版写的' }]);
    phone.storage.set('points', 3);
    const mini = launch(phone);
    await vi.waitFor(() => expect(mini.toasts).toContain('搬家完成'));
    const diaries = await mini.page('pages/diaries/diaries');
    expect(diaries.data.diaries).toMatchObject([{ date: '2025-01-10', content: '旧版写的' }]);
    mini.process.kill();
  });
});
