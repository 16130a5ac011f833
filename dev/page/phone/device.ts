import type { GrowthDiary, Options, Wx } from '../../../client/types';
import { openFiles, uploadFile } from './files';
import { type Network, openNetwork } from './network';
import { openPhoneStorage } from './storage';
import { inBeijing } from './time';
import { openUnsaved, type UnsavedTexts } from './unsaved';

export type PhoneName = 'a' | 'b';
export type Policy = NonNullable<Options['conflictPolicy']>;
type Clock = 'right' | 'ahead' | 'behind' | 'old';

declare global {
  /** The built SDK as /page/growth-diary.js brings it; each call loads it anew. */
  function loadGrowthDiary(): { createGrowthDiary(options?: Options): GrowthDiary };
}

const hour = 3_600_000;

const skewOf = (clock: Clock): number => ({ right: 0, ahead: 24 * hour, behind: -3 * hour, old: -Date.now() })[clock];

const reads = new Set([
  'list',
  'get',
  'calendar',
  'stats',
  'profile',
  'balance',
  'records',
  'prizes',
  'job',
  'home',
  'login',
  'history',
  'trash',
]);

/** A call after which the child's other phone has something new to see. */
function changesSomething(name: string, data: object): boolean {
  const { action, data: input } = { action: '', data: {}, ...data };
  if (name !== 'sync') return !reads.has(String(action));
  return action === 'import' || ('mutations' in input && Array.isArray(input.mutations) && input.mutations.length > 0);
}

/** How far the server's clock is ahead of the phone's, where an answer tells. */
function aheadIn(result: unknown, now: number): number | null {
  const { data }: { data?: unknown } = { ...(typeof result === 'object' && result) };
  if (typeof data !== 'object' || data === null || !('serverTime' in data)) return null;
  return Date.parse(String(data.serverTime)) - now;
}

/** One run of the app on a phone: killed, it hears nothing any more and nothing it still does reaches the phone. */
interface Run {
  app: GrowthDiary;
  show(): void;
  networkChanged(isConnected: boolean): void;
  end(): void;
}

export interface Device {
  name: PhoneName;
  app(): GrowthDiary;
  /** Counts the runs of the app: a new one begins with an empty memory. */
  runs(): number;
  /** Counts what the app said has changed. */
  changes(): number;
  network: Network;
  clock(): Clock;
  now(): number;
  /** The day in Beijing; by the server's clock, once that has been heard. */
  today(): string;
  openid(): string;
  setOnline(online: boolean): void;
  setNetwork(faults: Partial<Pick<Network, 'dropNext' | 'twiceNext'>>): void;
  setClock(clock: Clock): void;
  /** Ends the app at once, as the system does; it starts again, perhaps as another child or with another policy. */
  restart(as?: { openid?: string; policy?: Policy }): void;
  /** The child looks at this phone again. */
  pickUp(): void;
  hold(picture: Blob, path?: string): string;
  unsaved: UnsavedTexts;
  queue(): { key: string; type: string; about: string }[];
  store(values: Record<string, unknown>): void;
  subscribe(listener: () => void): () => void;
}

interface DeviceOptions {
  name: PhoneName;
  openid: string;
  policy: Policy;
  /** Something of this child's has changed on the server. */
  onWritten: (openid: string) => void;
}

export function createDevice({ name, openid, policy, onWritten }: DeviceOptions): Device {
  const listeners = new Set<() => void>();
  const storage = openPhoneStorage(`phone:${name}:`);
  const files = openFiles();
  const who = { openid, policy };
  let clock: Clock = 'right';
  let runs = 0;
  let changes = 0;
  let announced = false;
  let serverAheadMs = 0;

  function changed(): void {
    if (announced) return;
    announced = true;
    setTimeout(() => {
      announced = false;
      for (const listener of listeners) listener();
    }, 16);
  }

  const { network, set, call } = openNetwork(() => who.openid, changed);
  const now = (): number => Date.now() + skewOf(clock);

  function start(): Run {
    let alive = true;
    const shown: (() => void)[] = [];
    const heard: ((result: { isConnected: boolean }) => void)[] = [];
    const timers = new Set<ReturnType<typeof setTimeout>>();
    /** An app that is no more gets no answer. */
    const ifAlive = <T>(answer: Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        answer.then(
          (value) => alive && resolve(value),
          (error: unknown) => alive && reject(error),
        );
      });

    const wx: Wx = {
      getStorageSync: (key) => storage.get(key),
      setStorageSync: (key, value) => {
        if (alive) storage.set(key, value);
      },
      removeStorageSync: (key) => {
        if (alive) storage.remove(key);
      },
      getStorageInfoSync: () => ({ keys: storage.keys(), currentSize: Math.ceil(storage.bytes() / 1024), limitSize: 10_240 }),
      getNetworkType: ({ success }) => success({ networkType: network.online ? 'wifi' : 'none' }),
      onNetworkStatusChange: (listener) => heard.push(listener),
      onAppShow: (listener) => shown.push(listener),
      getFileSystemManager: () => ({
        getFileInfo: ({ filePath, success, fail }) => {
          const picture = files.get(filePath);
          if (picture) success({ size: picture.size });
          else fail({ errMsg: 'getFileInfo:fail no such file' });
        },
      }),
      cloud: {
        callFunction: ({ name: fn, data }) =>
          ifAlive(
            call(fn, data).then((result) => {
              serverAheadMs = aheadIn(result, now()) ?? serverAheadMs;
              if (changesSomething(fn, data)) onWritten(who.openid);
              return { result };
            }),
          ),
        uploadFile: ({ cloudPath, filePath, success, fail }) => {
          const picture = files.get(filePath);
          if (!picture || !network.online) return fail({ errMsg: 'cloud.uploadFile:fail' });
          ifAlive(uploadFile(cloudPath, picture)).then((fileID) => success({ fileID }), fail);
        },
      },
    };

    const app = loadGrowthDiary().createGrowthDiary({
      wx,
      conflictPolicy: who.policy,
      now,
      schedule: (run, ms) => {
        const timer = setTimeout(() => {
          timers.delete(timer);
          if (alive) run();
        }, ms);
        timers.add(timer);
        return () => {
          clearTimeout(timer);
          timers.delete(timer);
        };
      },
    });
    let pendingBefore = 0;
    let entering = false;
    app.sync.on('change', ({ running, pending, error }) => {
      if (!alive) return;
      // The first call signs in by itself; only when another child holds the phone has the app to ask.
      if (error === 'ACCOUNT_CHANGED' && !entering) {
        entering = true;
        const left = (): void => {
          entering = false;
        };
        app.login().then(left, left);
      }
      // A run under way brings news of itself; what it has brought of the diary is read once, at its end.
      if (!running || pending !== pendingBefore) changes += 1;
      pendingBefore = pending;
      changed();
    });
    return {
      app,
      show: () => {
        for (const listener of shown) listener();
      },
      networkChanged: (isConnected) => {
        for (const listener of heard) listener({ isConnected });
      },
      end: () => {
        alive = false;
        for (const timer of timers) clearTimeout(timer);
      },
    };
  }

  let run = start();

  return {
    name,
    app: () => run.app,
    runs: () => runs,
    changes: () => changes,
    network,
    clock: () => clock,
    now,
    today: () => inBeijing(now() + serverAheadMs).slice(0, 10),
    openid: () => who.openid,
    setOnline(online) {
      set({ online });
      run.networkChanged(online);
    },
    setNetwork: set,
    setClock(next) {
      clock = next;
      serverAheadMs = 0;
      run.show();
      changed();
    },
    restart(as = {}) {
      run.end();
      Object.assign(who, as);
      runs += 1;
      run = start();
      changed();
    },
    pickUp: () => run.show(),
    hold: files.hold,
    unsaved: openUnsaved(name, () => who.openid),
    queue: () => queueIn(storage.keys(), storage.get),
    store(values) {
      for (const [key, value] of Object.entries(values)) storage.set(key, value);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The outbox as it lies in storage, one key per change: what is there survives whatever happens to the app. */
function queueIn(keys: readonly string[], get: (key: string) => unknown): ReturnType<Device['queue']> {
  return keys
    .filter((key) => key.includes(':out:'))
    .sort()
    .flatMap((key) => {
      const text = get(key);
      const entry: unknown = typeof text === 'string' && text !== '' ? JSON.parse(text) : null;
      if (typeof entry !== 'object' || entry === null || !('type' in entry)) return [];
      const args = 'args' in entry && typeof entry.args === 'object' && entry.args !== null ? entry.args : {};
      const about = ['date', 'title', 'source', 'id'].map((field) => Object.getOwnPropertyDescriptor(args, field)?.value);
      return [{ key, type: String(entry.type), about: String(about.find((value) => value !== undefined) ?? '') }];
    });
}
