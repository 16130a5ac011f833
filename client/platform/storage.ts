import type { Wx } from '../types';
import { refusal } from './error';
import { isText } from './text';

type Shape<T> = (value: unknown) => value is T;

/** The phone's storage: one key, one JSON text. Each write is whole or did not happen; nothing holds across two keys. */
export interface Storage {
  /** Names after `prefix`, in order. */
  names(prefix: string): string[];
  /** Null when there is none. What has not the shape is moved to `corrupt:` and counts as none; a storage that fails throws. */
  read<T>(key: string, isShape: Shape<T>): T | null;
  /** Throws STORAGE_FULL when the phone did not take it. */
  write(key: string, value: unknown): void;
  remove(key: string): void;
}

const parse = (text: unknown): unknown => {
  if (!isText(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** `makeRoom` gives up what can be fetched again; false when there is nothing left to give up. */
export function openStorage(wx: Wx, root: string, makeRoom: () => boolean = () => false): Storage {
  const put = (key: string, text: string): void => wx.setStorageSync(root + key, text);

  const bury = (key: string, value: unknown): void => {
    try {
      put(`corrupt:${key}`, isText(value) ? value : JSON.stringify(value));
      wx.removeStorageSync(root + key);
    } catch {
      // It stays where it is, and is passed over again next time.
    }
  };

  return {
    names: (prefix) =>
      wx
        .getStorageInfoSync()
        .keys.filter((key) => key.startsWith(root + prefix))
        .map((key) => key.slice(root.length + prefix.length))
        .sort(),

    read: (key, isShape) => {
      const text = wx.getStorageSync(root + key);
      if (text === '' || text === undefined || text === null) return null;
      const value = parse(text);
      if (isShape(value)) return value;
      bury(key, text);
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

    remove: (key) => wx.removeStorageSync(root + key),
  };
}
