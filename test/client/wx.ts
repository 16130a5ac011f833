import { createGrowthDiary } from '../../client/index';
import type { CallRequest, GrowthDiary, Options, Wx } from '../../client/types';

/** Thrown into a process that is killed in the middle of a storage write; nothing that process does afterwards reaches the phone. */
class Killed extends Error {}

interface Upload {
  cloudPath: string;
  filePath: string;
}

/** How a cloud function answers one call: with its envelope, or by rejecting as a broken network does. */
export type Cloud = (request: CallRequest) => Promise<unknown>;

export interface Phone {
  /** What survives a restart. */
  storage: Map<string, unknown>;
  /** Files that exist, with their sizes. */
  files: Map<string, number>;
  /** Their first bytes, where a name does not say what they are. */
  heads: Map<string, number[]>;
  uploads: Upload[];
  /** Milliseconds; moved by `pass` and by hand. */
  clock: { now: number };
  cloud: Cloud;
  calls: CallRequest[];
  /** Bytes of all values; beyond them a write throws. */
  quota: number;
  /** Kills the process before or after the storage write with this number (1 = the next one). */
  killAt: { write: number; when: 'before' | 'after' } | null;
  /** Called before each write; throwing makes the write fail. */
  onWrite: ((key: string, value: unknown) => void) | null;
  onRead: ((key: string) => void) | null;
  isOnline: boolean;
  writes: number;
  /** A fresh process of the app on this phone. */
  start(options?: Options): App;
}

export interface App extends GrowthDiary, Process {
  /** Lets time go by; timers that become due run. */
  pass(ms: number): Promise<void>;
}

/** One run of a mini-program on a phone. */
interface Process {
  wx: Wx;
  isKilled(): boolean;
  /** Ends it as the system does: without a word. */
  kill(): void;
  network(isConnected: boolean): void;
  show(): void;
}

const HEADS: Record<string, number[]> = {
  jpg: [0xff, 0xd8, 0xff, 0xe0],
  jpeg: [0xff, 0xd8, 0xff, 0xe1],
  png: [0x89, 0x50, 0x4e, 0x47],
  gif: [0x47, 0x49, 0x46, 0x38],
  webp: [0x52, 0x49, 0x46, 0x46, 0, 0, 0, 0, 0x57, 0x45, 0x42, 0x50],
};
const headOf = (path: string): number[] | undefined => HEADS[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''];

const sizeOf = (storage: Map<string, unknown>): number =>
  [...storage].reduce((sum, [key, value]) => sum + key.length + String(JSON.stringify(value)).length, 0);

/** Lets everything that waits for nothing but its turn run. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

let seed = 0;
/** Seeded: the same run draws the same names. */
const randomFrom = (start: number): (() => number) => {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

export function newPhone(cloud: Cloud, now = Date.parse('2025-01-22T04:00:00.000Z')): Phone {
  const phone: Phone = {
    storage: new Map(),
    files: new Map(),
    heads: new Map(),
    uploads: [],
    clock: { now },
    cloud,
    calls: [],
    quota: Number.POSITIVE_INFINITY,
    killAt: null,
    onWrite: null,
    onRead: null,
    isOnline: true,
    writes: 0,
    start: (options) => startApp(phone, options),
  };
  return phone;
}

function newProcess(phone: Phone): Process {
  let isKilled = false;
  const alive = (): void => {
    if (isKilled) throw new Killed('this process is gone');
  };
  const killNow = (when: 'before' | 'after'): void => {
    if (phone.killAt?.when !== when || phone.killAt.write !== 0) return;
    phone.killAt = null;
    isKilled = true;
    throw new Killed(`killed ${when} a write`);
  };
  const change = (key: string, value: unknown, write: () => void): void => {
    alive();
    phone.writes += 1;
    if (phone.killAt) phone.killAt.write -= 1;
    killNow('before');
    phone.onWrite?.(key, value);
    const previous = new Map(phone.storage);
    write();
    if (sizeOf(phone.storage) > phone.quota && sizeOf(phone.storage) > sizeOf(previous)) {
      phone.storage = previous;
      throw new Error('setStorage:fail exceed storage max size 10Mb');
    }
    killNow('after');
  };

  const appListeners: (() => void)[] = [];
  const networkListeners: ((result: { isConnected: boolean }) => void)[] = [];

  const wx: Wx = {
    getStorageSync: (key) => {
      alive();
      phone.onRead?.(key);
      return phone.storage.has(key) ? structuredClone(phone.storage.get(key)) : '';
    },
    setStorageSync: (key, value) => change(key, value, () => phone.storage.set(key, structuredClone(value))),
    removeStorageSync: (key) => change(key, undefined, () => phone.storage.delete(key)),
    getStorageInfoSync: () => {
      alive();
      return { keys: [...phone.storage.keys()], currentSize: sizeOf(phone.storage) / 1_024, limitSize: 10_240 };
    },
    getNetworkType: ({ success }) => success({ networkType: phone.isOnline ? 'wifi' : 'none' }),
    onNetworkStatusChange: (listener) => networkListeners.push(listener),
    onAppShow: (listener) => appListeners.push(listener),
    getFileSystemManager: () => ({
      getFileInfo: ({ filePath, success, fail }) => {
        const size = phone.files.get(filePath);
        if (size === undefined) fail({ errMsg: 'getFileInfo:fail no such file or directory' });
        else success({ size });
      },
      readFile: ({ filePath, success, fail }) => {
        const head = phone.heads.get(filePath) ?? headOf(filePath);
        if (head) success({ data: new Uint8Array(head).buffer });
        else fail({ errMsg: 'readFile:fail' });
      },
    }),
    compressImage: ({ src, success, fail }) => {
      const converted = phone.heads.has(`${src}.jpg`) ? `${src}.jpg` : null;
      if (converted) success({ tempFilePath: converted });
      else fail({ errMsg: 'compressImage:fail' });
    },
    cloud: {
      callFunction: async ({ name, data }) => {
        alive();
        const request: CallRequest = { name, ...(data as { action: string; data: object }) };
        phone.calls.push(request);
        if (!phone.isOnline) throw new Error('cloud.callFunction:fail request:fail');
        const result = await phone.cloud(structuredClone(request));
        // An answer to a process that is gone is heard by nobody.
        if (isKilled) return new Promise(() => undefined);
        return { result: structuredClone(result), errMsg: 'cloud.callFunction:ok' };
      },
      uploadFile: ({ cloudPath, filePath, success, fail }) => {
        alive();
        if (!phone.isOnline || !phone.files.has(filePath)) {
          fail(new Error('uploadFile:fail'));
          return undefined;
        }
        phone.uploads.push({ cloudPath, filePath });
        queueMicrotask(() => success({ fileID: `cloud://env-1.6c6f/${cloudPath}` }));
        return { onProgressUpdate: (listener: (progress: { progress: number }) => void) => listener({ progress: 100 }) };
      },
    },
  };

  return {
    wx,
    isKilled: () => isKilled,
    kill: () => {
      isKilled = true;
    },
    network: (isConnected) => {
      phone.isOnline = isConnected;
      for (const listener of networkListeners) listener({ isConnected });
    },
    show: () => {
      for (const listener of appListeners) listener();
    },
  };
}

function startApp(phone: Phone, options: Options = {}): App {
  const process = newProcess(phone);
  const timers = new Set<{ at: number; run(): void }>();
  seed += 1;
  const app = createGrowthDiary({
    wx: process.wx,
    now: () => phone.clock.now,
    random: randomFrom(seed),
    schedule: (run, ms) => {
      if (ms === 0) {
        const soon = setImmediate(run);
        return () => clearImmediate(soon);
      }
      const timer = { at: phone.clock.now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    ...options,
  });

  return {
    ...app,
    ...process,
    pass: async (ms) => {
      const until = phone.clock.now + ms;
      const idle = async (): Promise<void> => {
        await settle();
        for (let turn = 0; turn < 40 && !process.isKilled() && app.sync.status().running; turn += 1)
          await new Promise((resolve) => setTimeout(resolve, 2));
      };
      await idle();
      for (;;) {
        const [next] = [...timers].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at);
        if (!next) break;
        timers.delete(next);
        phone.clock.now = Math.max(phone.clock.now, next.at);
        if (!process.isKilled()) next.run();
        await idle();
      }
      phone.clock.now = until;
    },
  };
}
