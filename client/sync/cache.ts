import type { Change, ChangeKind } from '../../shared/sync/contract';
import type { Storage } from '../platform/storage';
import { isBag, isInteger, isText } from '../platform/text';
import type { MetaStore } from './meta';

/** A row as the server last told. Of a deleted diary the rev stays; of an evicted one, that there is something to fetch. */
interface Row {
  rev: number;
  generation: string;
  row: object | 'deleted' | 'evicted';
}

const isRow = (value: unknown): value is Row =>
  isBag(value) &&
  isInteger(value.rev) &&
  isText(value.generation) &&
  (isBag(value.row) || value.row === 'deleted' || value.row === 'evicted');

/** Kept at most; what is older is fetched when it is looked at. Diaries stay as long as there is room. */
const keptRows: Record<ChangeKind, number> = { job: 50, draw: 200, record: 500, mood: 1_000, task: 1_000, profile: 1, diary: 1e6 };
const KINDS: readonly ChangeKind[] = ['job', 'draw', 'record', 'mood', 'task', 'profile', 'diary'];
const MOST_OF_THE_STORAGE = 0.8;
const NEWEST = 30;

export interface Cache {
  /** Keys with a row, oldest first: dates of diaries, ids of the rest. */
  keys(kind: ChangeKind): string[];
  get(kind: ChangeKind, key: string): Row | null;
  /** What lives of a kind, oldest first. */
  rows<Kept>(kind: ChangeKind): Kept[];
  /** Rows first; the caller moves the cursor afterwards. */
  apply(changes: readonly Change[]): void;
  /** Reads again what is stored: another instance has written. */
  forget(): void;
  /** After a complete read: what has not come is gone. */
  sweep(): void;
  /** Gives up what can be fetched again, oldest first; false when nothing is left to give. */
  makeRoom(): boolean;
  trim(usage: { currentSize: number; limitSize: number }): void;
}

const age = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : 1);

/** `dropOthers` gives up what this phone keeps of another account's rows; false when there are none. */
export function openCache(storage: Storage, meta: MetaStore, dropOthers: () => boolean): Cache {
  const nameOf = (kind: ChangeKind, key: string): string => `row:${kind}:${key}`;

  /** undefined: there, and not yet read. */
  const kinds = new Map<ChangeKind, Map<string, Row | undefined>>();
  const rowsOf = (kind: ChangeKind): Map<string, Row | undefined> => {
    let rows = kinds.get(kind);
    if (!rows) {
      rows = new Map(storage.names(nameOf(kind, '')).map((key) => [key, undefined]));
      kinds.set(kind, rows);
    }
    return rows;
  };

  const get = (kind: ChangeKind, key: string): Row | null => {
    const rows = rowsOf(kind);
    if (!rows.has(key)) return null;
    const row = rows.get(key) ?? storage.read(nameOf(kind, key), isRow);
    if (row) rows.set(key, row);
    else rows.delete(key);
    return row;
  };

  const put = (kind: ChangeKind, key: string, row: Row): void => {
    try {
      storage.write(nameOf(kind, key), row);
      rowsOf(kind).set(key, row);
    } catch (error) {
      if (row.row === 'evicted') throw error;
      put(kind, key, { ...row, row: 'evicted' });
    }
  };

  const remove = (kind: ChangeKind, key: string): void => {
    storage.remove(nameOf(kind, key));
    rowsOf(kind).delete(key);
  };

  const keys = (kind: ChangeKind): string[] => [...rowsOf(kind).keys()].sort(age);

  const evict = (kind: ChangeKind, key: string): void => {
    const row = kind === 'diary' ? get(kind, key) : null;
    if (row) put(kind, key, { ...row, row: 'evicted' });
    else remove(kind, key);
  };

  let makingRoom = false;
  const makeRoom = (spared = 0): boolean => {
    if (makingRoom) return false;
    makingRoom = true;
    try {
      let given = 0;
      for (const kind of KINDS) {
        if (kind === 'profile') continue;
        const candidates = keys(kind).filter((key) => kind !== 'diary' || isBag(get(kind, key)?.row));
        for (const key of candidates.slice(0, Math.max(0, Math.min(Math.ceil(candidates.length / 4), candidates.length - spared)))) {
          evict(kind, key);
          given += 1;
        }
      }
      return given > 0;
    } catch {
      return false;
    } finally {
      makingRoom = false;
    }
  };

  return {
    keys,
    get,
    rows: <Kept>(kind: ChangeKind) =>
      keys(kind)
        .map((key) => get(kind, key)?.row)
        .filter((row): row is Kept & object => isBag(row)),
    apply: (changes) => {
      const { generation } = meta.get();
      for (const change of changes) {
        const { kind, key, rev } = change;
        const known = get(kind, key);
        if (known && known.generation === generation && known.rev >= rev) continue;
        if ('row' in change) put(kind, key, { rev, generation, row: change.row });
        else if (kind === 'diary') put(kind, key, { rev, generation, row: 'deleted' });
        else if (known) remove(kind, key);
      }
    },
    forget: () => kinds.clear(),
    sweep: () => {
      const { generation } = meta.get();
      for (const kind of KINDS) {
        for (const key of keys(kind)) if (get(kind, key)?.generation !== generation) remove(kind, key);
      }
    },
    makeRoom: () => dropOthers() || makeRoom(),
    trim: ({ currentSize, limitSize }) => {
      for (const kind of KINDS) {
        const all = keys(kind);
        for (const key of all.slice(0, Math.max(0, all.length - keptRows[kind]))) remove(kind, key);
      }
      // What fills the storage may not be ours: the newest stay in any case.
      if (currentSize > limitSize * MOST_OF_THE_STORAGE && !dropOthers()) makeRoom(NEWEST);
    },
  };
}
