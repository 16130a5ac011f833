import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { allOf, render, type Shown, textOf } from './wxml';

export const example = fileURLToPath(new URL('../../examples/miniprogram/', import.meta.url));

// biome-ignore lint/suspicious/noExplicitAny: pages are plain JavaScript
export type Loose = any;

/** What came after ES2017, and what a mini-program does not have: old phones have none of it. */
export const FORGET = `
  for (const name of ['globalThis', 'structuredClone', 'URL', 'TextEncoder', 'crypto', 'fetch', 'AggregateError', 'WeakRef', 'BigInt']) delete this[name];
  for (const name of ['flat', 'flatMap', 'at', 'findLast', 'findLastIndex', 'toSorted', 'toReversed', 'toSpliced', 'with']) delete Array.prototype[name];
  for (const name of ['trimStart', 'trimEnd', 'matchAll', 'replaceAll', 'at', 'isWellFormed', 'toWellFormed']) delete String.prototype[name];
  for (const name of ['fromEntries', 'hasOwn', 'groupBy']) delete Object[name];
  for (const name of ['allSettled', 'any', 'withResolvers', 'try']) delete Promise[name];
  delete Promise.prototype.finally;
`;

/** A phone: what stays on it when the app is closed. */
export interface Phone {
  storage: Map<string, unknown>;
  files: Map<string, Buffer>;
  isOnline: boolean;
}

export const newPhone = (): Phone => ({ storage: new Map(), files: new Map(), isOnline: true });

interface ShownPage {
  path: string;
  data: Loose;
  /** Everything that can be read on it. */
  text(): string;
  /** Taps what shows this text, or is labelled with it. */
  tap(text: string): Promise<void>;
  /** Types into the field with this placeholder, or moves the control with this label. */
  enter(name: string, value: unknown): Promise<void>;
  leave(): Promise<void>;
}

export interface MiniProgram {
  growth: Loose;
  toasts: string[];
  /** Answers of the next dialogues; without one, 确定 is pressed. */
  dialogues: object[];
  /** Where the app went by itself. */
  visited: string[];
  clipboard: string[];
  open(path: string, query?: object): Promise<ShownPage>;
  network(isOnline: boolean): void;
  /** Ends the app without notice. */
  kill(): void;
}

interface Settings {
  /** What `config.js` says. */
  config: object;
  /** The folder with the built SDK. */
  lib: string;
  phone: Phone;
}

/** Runs the example's own files as WeChat does: each module in its function, with `wx`, `App`, `Page`, `getApp` and `require` and no more. */
export function launch({ config, lib, phone }: Settings): MiniProgram {
  let isAlive = true;
  const networkListeners: ((state: { isConnected: boolean }) => void)[] = [];
  const record = { toasts: [] as string[], dialogues: [] as object[], visited: [] as string[], clipboard: [] as string[] };

  async function request({ url, method, header, data, success, fail }: Loose): Promise<void> {
    const body = data instanceof ArrayBuffer ? Buffer.from(data) : JSON.stringify(data);
    const response = phone.isOnline ? await fetch(url, { method, headers: header, body }).catch(() => null) : null;
    if (!isAlive) return;
    if (!response) return fail({ errMsg: 'request:fail' });
    const text = await response.text();
    if (isAlive) success({ statusCode: response.status, data: text.startsWith('{') ? JSON.parse(text) : text });
  }

  const missing = { errMsg: 'fail no such file or directory' };
  const wx: Loose = {
    getStorageSync: (key: string) => (phone.storage.has(key) ? structuredClone(phone.storage.get(key)) : ''),
    setStorageSync: (key: string, value: unknown) => isAlive && phone.storage.set(key, structuredClone(value)),
    removeStorageSync: (key: string) => isAlive && phone.storage.delete(key),
    getStorageInfoSync: () => ({ keys: [...phone.storage.keys()], currentSize: 1, limitSize: 10_240 }),
    getNetworkType: ({ success }: Loose) => success({ networkType: phone.isOnline ? 'wifi' : 'none' }),
    onNetworkStatusChange: (listener: Loose) => networkListeners.push(listener),
    onAppShow: () => {},
    getFileSystemManager: () => ({
      getFileInfo: ({ filePath, success, fail }: Loose) => {
        const file = phone.files.get(filePath);
        return file ? success({ size: file.length }) : fail(missing);
      },
      readFile: ({ filePath, success, fail }: Loose) => {
        const file = phone.files.get(filePath);
        return file ? success({ data: new Uint8Array(file).buffer }) : fail(missing);
      },
    }),
    request,
    showToast: ({ title }: Loose) => record.toasts.push(title),
    showLoading: () => {},
    hideLoading: () => {},
    showModal: async ({ title }: Loose) => {
      record.toasts.push(title);
      return { confirm: true, ...record.dialogues.shift() };
    },
    setClipboardData: async ({ data }: Loose) => record.clipboard.push(data),
    chooseMedia: async () => ({ tempFiles: [{ tempFilePath: [...phone.files.keys()].at(-1) }] }),
    previewImage: ({ current }: Loose) => record.visited.push(current),
    stopPullDownRefresh: () => {},
    navigateTo: ({ url }: Loose) => record.visited.push(url),
    navigateBack: () => record.visited.push('back'),
    reLaunch: ({ url }: Loose) => record.visited.push(url),
  };

  let app: Loose;
  let definition: Loose;
  const context: Loose = vm.createContext({
    wx,
    console,
    setTimeout: (run: () => void, ms: number) => setTimeout(() => isAlive && run(), ms),
    clearTimeout,
    getApp: () => app,
    App: (given: Loose) => {
      app = given;
    },
    Page: (given: Loose) => {
      definition = given;
    },
  });
  vm.runInContext(FORGET, context);

  const modules = new Map<string, Loose>([[join(example, 'config.js'), { exports: config }]]);
  function load(file: string): Loose {
    const known = modules.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    modules.set(file, module);
    const place = file.startsWith(join(example, 'lib')) ? join(lib, file.slice(join(example, 'lib').length)) : file;
    const wrapped = vm.runInContext(`(function (require, module, exports) {${readFileSync(place, 'utf8')}\n})`, context, {
      filename: file,
    });
    const find = (name: string): string => resolve(dirname(file), name.endsWith('.js') ? name : `${name}.js`);
    wrapped((name: string) => load(find(name)), module, module.exports);
    return module.exports;
  }

  // Pages are registered before the app is launched.
  load(join(example, 'app.js'));
  const { pages }: { pages: string[] } = JSON.parse(readFileSync(join(example, 'app.json'), 'utf8'));
  const definitions = new Map(
    pages.map((path) => {
      load(join(example, `${path}.js`));
      return [path, definition];
    }),
  );
  app.onLaunch();

  async function open(path: string, query: object = {}): Promise<ShownPage> {
    const given = definitions.get(path);
    if (!given) throw new Error(`app.json does not name ${path}`);
    const markup = readFileSync(join(example, `${path}.wxml`), 'utf8');
    const page: Loose = { ...given, data: JSON.parse(JSON.stringify(given.data)) };
    page.setData = (changes: object) => Object.assign(page.data, JSON.parse(JSON.stringify(changes)));
    const shown = (): Shown => render(markup, page.data);

    async function act(event: string, element: Shown | undefined, what: string, detail: object): Promise<void> {
      const handler = element?.handlers[event];
      if (handler === undefined) throw new Error(`nothing on ${path} takes ${event} on ${what}: ${textOf(shown())}`);
      if (element?.attributes.disabled === true) throw new Error(`${what} is disabled`);
      if (typeof page[handler] !== 'function') throw new Error(`${path} has no ${handler}`);
      await page[handler]({ detail, currentTarget: { dataset: element?.dataset ?? {} } });
    }

    await page.onLoad?.(query);
    await page.onShow?.();
    return {
      path,
      get data() {
        return page.data;
      },
      text: () => textOf(shown()),
      tap: (text) => {
        const fits = (element: Shown) => textOf(element).includes(text) || element.attributes['aria-label'] === text;
        return act(
          'tap',
          allOf(shown()).findLast((element) => element.handlers.tap !== undefined && fits(element)),
          text,
          {},
        );
      },
      enter: (name, value) => {
        const fits = ({ attributes }: Shown) => attributes.placeholder === name || attributes['aria-label'] === name;
        const element = allOf(shown()).find(fits);
        return act(element?.handlers.input ? 'input' : 'change', element, name, { value });
      },
      async leave() {
        await page.onUnload?.();
      },
    };
  }

  return {
    ...record,
    growth: app.growth,
    open,
    network(isConnected) {
      phone.isOnline = isConnected;
      for (const listener of networkListeners) listener({ isConnected });
    },
    kill() {
      isAlive = false;
    },
  };
}
