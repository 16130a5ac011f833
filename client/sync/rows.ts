import type { ChangeKind } from '../../shared/sync/contract';
import type { Storage } from '../platform/storage';
import { isBag, isInteger, isText } from '../platform/text';
import { type Mark, type Marks, openMarks } from './diary-marks';

/** A row as the server last sent it. A deleted diary keeps its rev; an evicted one is only marked as such. */
export interface Row {
  rev: number;
  generation: string;
  row: object | 'deleted' | 'evicted';
  /** Of an evicted diary; absent where that is not known. */
  isDraft?: boolean;
  /** Of a diary: the last version that this phone wrote, and how its pages knew it before the server gave that version. */
  own?: number;
  ownEdit?: number;
}

const isRow = (value: unknown): value is Row =>
  isBag(value) &&
  isInteger(value.rev) &&
  isText(value.generation) &&
  (isBag(value.row) || value.row === 'deleted' || value.row === 'evicted');

export const isDraftRow = ({ row, isDraft = false }: Row): boolean => (isBag(row) ? row.isDraft === true : isDraft);

function markOfRow(row: Row): Mark | null {
  if (row.row === 'deleted') return 'deleted';
  if (row.row !== 'evicted') return isDraftRow(row) ? 'draft' : null;
  if (row.isDraft === undefined) return 'unknown';
  return row.isDraft ? 'evicted-draft' : 'evicted';
}

/** Stands for a stored row that cannot be read. */
export const UNREADABLE: Row = { rev: 0, generation: '', row: 'evicted' };

const nameOf = (kind: ChangeKind, key: string): string => `row:${kind}:${key}`;
const byAge = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : 1);

/** The rows in storage; each is read on first use. */
export interface Rows {
  marks: Marks;
  /** Keys with a row, oldest first: dates of diaries, ids of the rest. */
  keys(kind: ChangeKind): readonly string[];
  /** Null when there is none. UNREADABLE when there is one and the phone cannot read it. */
  get(kind: ChangeKind, key: string): Row | null;
  /** Throws STORAGE_FULL. */
  put(kind: ChangeKind, key: string, row: Row): void;
  remove(kind: ChangeKind, key: string): void;
  forget(): void;
}

interface Known {
  /** undefined: stored, and not yet read. */
  rows: Map<string, Row | undefined>;
  /** Keys in order; null after one was added or removed. */
  sorted: string[] | null;
}

export function openRows(storage: Storage): Rows {
  const kinds = new Map<ChangeKind, Known>();

  const of = (kind: ChangeKind): Known => {
    let known = kinds.get(kind);
    if (!known) {
      const names = storage.names(nameOf(kind, ''));
      // Dates come in order; ids have to be put in order of their length first.
      known = { rows: new Map(names.map((key) => [key, undefined])), sorted: kind === 'diary' ? names : null };
      kinds.set(kind, known);
    }
    return known;
  };

  const keys = (kind: ChangeKind): readonly string[] => {
    const known = of(kind);
    known.sorted ??= [...known.rows.keys()].sort(byAge);
    return known.sorted;
  };

  const get = (kind: ChangeKind, key: string): Row | null => {
    const { rows } = of(kind);
    if (!rows.has(key)) return null;
    const known = rows.get(key);
    if (known) return known;
    try {
      const row = storage.read(nameOf(kind, key), isRow) ?? UNREADABLE;
      rows.set(key, row);
      return row;
    } catch {
      return UNREADABLE;
    }
  };

  const marks = openMarks(storage, () => {
    const counted = new Map<string, Mark>();
    for (const date of keys('diary')) {
      const mark = markOfRow(get('diary', date) ?? UNREADABLE);
      if (mark) counted.set(date, mark);
    }
    return counted;
  });

  const change = (kind: ChangeKind, key: string, mark: Mark | null, write: () => void): void =>
    kind === 'diary' ? marks.change(key, mark, write) : write();

  return {
    marks,
    keys,
    get,
    put: (kind, key, row) => {
      change(kind, key, markOfRow(row), () => storage.write(nameOf(kind, key), row));
      const known = of(kind);
      if (!known.rows.has(key)) known.sorted = null;
      known.rows.set(key, row);
    },
    remove: (kind, key) => {
      change(kind, key, null, () => storage.remove(nameOf(kind, key)));
      const known = of(kind);
      if (known.rows.delete(key)) known.sorted = null;
    },
    forget: () => {
      kinds.clear();
      marks.forget();
    },
  };
}
