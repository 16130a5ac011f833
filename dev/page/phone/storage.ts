/** One phone's storage: structured values by key, kept in the browser under the phone's own prefix. */
export interface PhoneStorage {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  remove(key: string): void;
  keys(): string[];
  bytes(): number;
}

export function openPhoneStorage(prefix: string): PhoneStorage {
  const own = (): string[] => Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  return {
    get: (key) => {
      const text = localStorage.getItem(prefix + key);
      // As `wx.getStorageSync` answers for a key that is not there.
      return text === null ? '' : JSON.parse(text);
    },
    set: (key, value) => localStorage.setItem(prefix + key, JSON.stringify(value)),
    remove: (key) => localStorage.removeItem(prefix + key),
    keys: () => own().map((key) => key.slice(prefix.length)),
    bytes: () => own().reduce((sum, key) => sum + key.length + (localStorage.getItem(key)?.length ?? 0), 0),
  };
}
