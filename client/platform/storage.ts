import type { Wx } from '../types';
import { refusal } from './error';
import { isText } from './text';

type Shape<T> = (value: unknown) => value is T;

/** The phone's storage: one key, one JSON text. Each write is whole or did not happen; nothing holds across two keys. */
export interface Storage {
  /** Names after `prefix`, in order. */
  names(prefix: string): string[];
  /**
   * Null when there is none. A value without the shape counts as none and is moved to `corrupt:`; a cached row is only left out,
   * because the server has it. A storage that fails throws.
   */
  read<T>(key: string, isShape: Shape<T>): T | null;
  /** Throws STORAGE_FULL when the phone did not take it. */
  write(key: string, value: unknown): void;
  remove(key: string): void;
  /** Lists the keys again: another instance has written. */
  forget(): void;
}

const parse = (text: unknown): unknown => {
  if (!isText(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** `row:diary:2025-01-22` is listed under `row:diary:`, `out:<client>:<number>` under `out:`. */
const folderOf = (name: string): string => name.slice(0, name.indexOf(':', name.startsWith('row:') ? 4 : 0) + 1);

/** Every name in storage by folder: a phone with 10,000 rows lists its keys once. */
function openListing(wx: Wx, root: string) {
  let folders: Map<string, Set<string>> | null = null;
  const add = (name: string): void => {
    const folder = folderOf(name);
    const names = folders?.get(folder) ?? new Set();
    folders?.set(folder, names.add(name));
  };
  const load = (): Map<string, Set<string>> => {
    if (folders) return folders;
    folders = new Map();
    for (const key of wx.getStorageInfoSync().keys) if (key.startsWith(root)) add(key.slice(root.length));
    return folders;
  };
  return {
    add,
    remove: (name: string): unknown => folders?.get(folderOf(name))?.delete(name),
    forget: () => {
      folders = null;
    },
    names: (prefix: string): string[] => {
      const folder = prefix === '' ? undefined : load().get(prefix);
      if (folder) return [...folder].map((name) => name.slice(prefix.length)).sort();
      const names = ([] as string[]).concat(...[...load().values()].map((each) => [...each]));
      return names
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length))
        .sort();
    },
  };
}

/** `makeRoom` removes what can be fetched again; false when nothing is left to remove. */
export function openStorage(wx: Wx, root: string, makeRoom: () => boolean = () => false): Storage {
  const listing = openListing(wx, root);
  const put = (key: string, text: string): void => {
    wx.setStorageSync(root + key, text);
    listing.add(key);
  };

  const remove = (key: string): void => {
    wx.removeStorageSync(root + key);
    listing.remove(key);
  };

  const bury = (key: string, value: unknown): void => {
    try {
      put(`corrupt:${key}`, isText(value) ? value : JSON.stringify(value));
      remove(key);
    } catch {
      // It stays where it is, and is passed over again next time.
    }
  };

  return {
    names: listing.names,

    read: (key, isShape) => {
      const text = wx.getStorageSync(root + key);
      if (text === '' || text === undefined || text === null) return null;
      const value = parse(text);
      if (isShape(value)) return value;
      if (!key.startsWith('row:')) bury(key, text);
      return null;
    },

    write: (key, value) => {
      const text = JSON.stringify(value);
      for (;;) {
        try {
          return put(key, text);
        } catch {
          if (!makeRoom()) throw refusal('STORAGE_FULL');
        }
      }
    },

    remove,
    forget: listing.forget,
  };
}
