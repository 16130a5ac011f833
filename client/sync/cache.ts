import type { Change, ChangeKind } from '../../shared/sync/contract';
import type { Storage } from '../platform/storage';
import { isBag } from '../platform/text';
import type { Mark } from './diary-marks';
import { openGaps } from './gaps';
import { dropSurplus, KINDS, makeRoom } from './make-room';
import type { MetaStore } from './meta';
import { isDraftRow, openRows, type Row, type Rows, UNREADABLE } from './rows';

interface Usage {
  currentSize: number;
  limitSize: number;
}

const MOST_OF_THE_STORAGE = 0.8;
/** Below this share of the storage, evicted rows may be cached again. */
const ROOM_TO_REFILL = 0.6;
const NEWEST = 30;

/** The version below 0 of this phone's edit that became a server's version; null: another phone wrote it. */
type EditOf = (date: string, version: number) => number | null;

/** The server's rows on this phone. */
export interface Cache {
  /** Keys with a row, oldest first: dates of diaries, ids of the rest. */
  keys(kind: ChangeKind): readonly string[];
  /** A diary whose row cannot be read counts as evicted. */
  get(kind: ChangeKind, key: string): Row | null;
  /** The rows of a kind that are not deleted, oldest first. */
  rows<Kept>(kind: ChangeKind): Kept[];
  /** The state of a diary, without reading its row; null: published and on the phone, or no diary at all. */
  markOf(date: string): Mark | null;
  /** Dates whose diary is not on this phone: evicted, or, with `unknown` alone, not to be read. */
  missing(mark: RegExp): string[];
  /** Whether the answer of `rows` for the kind may be incomplete. */
  hasGaps(kind: ChangeKind): boolean;
  /** Writes rows; the caller moves the cursor afterwards. `editOf` tells which versions this phone wrote. */
  apply(changes: readonly Change[], editOf: EditOf): void;
  /** Caches a diary that was fetched because its row was missing, if there is room. */
  refill(diary: { date: string; version: number }): void;
  /** The server has no diary of this date, so that the unreadable row was a deleted one. */
  dropUnknown(date: string): void;
  /** Reads storage again, because another instance has written. */
  forget(): void;
  /** After a complete read: removes rows that the server did not send. */
  sweep(): void;
  /** Removes what can be fetched again, oldest first; false when nothing is left to remove. */
  makeRoom(): boolean;
  trim(): void;
}

interface Parts {
  storage: Storage;
  meta: MetaStore;
  usage(): Usage;
  /** Removes the rows of another account on this phone; false when there are none. */
  dropOthers(): boolean;
}

/** If there is no room even after evictions, a row is stored as evicted. */
function putOrEvict(rows: Rows, kind: ChangeKind, key: string, row: Row): void {
  try {
    rows.put(kind, key, row);
  } catch {
    rows.put(kind, key, { ...row, row: 'evicted', isDraft: isDraftRow(row) });
  }
}

function applyChange(rows: Rows, generation: string, change: Change, editOf: EditOf): void {
  const { kind, key, rev } = change;
  const known = rows.get(kind, key);
  if (known && known.generation === generation && known.rev >= rev) return;
  if ('row' in change) {
    const version = change.kind === 'diary' ? change.row.version : 0;
    const edit = version > 0 ? editOf(key, version) : null;
    const { own, ownEdit = 0 } = edit === null ? (known ?? {}) : { own: version, ownEdit: edit };
    putOrEvict(rows, kind, key, { rev, generation, row: change.row, ...(own !== undefined && { own, ownEdit }) });
  } else if (kind === 'diary') putOrEvict(rows, kind, key, { rev, generation, row: 'deleted' });
  else if (known) rows.remove(kind, key);
}

export function openCache({ storage, meta, usage, dropOthers }: Parts): Cache {
  const rows = openRows(storage);
  const gaps = openGaps(storage);
  const { marks } = rows;
  let isMakingRoom = false;

  const evictSome = (spared: number): boolean => {
    if (isMakingRoom) return false;
    isMakingRoom = true;
    try {
      return makeRoom({ rows, gaps }, spared);
    } catch {
      return false;
    } finally {
      isMakingRoom = false;
    }
  };

  /** An unreadable diary is fetched by its date when it is needed; for other kinds everything is read again. */
  const get = (kind: ChangeKind, key: string): Row | null => {
    const row = rows.get(kind, key);
    if (row !== UNREADABLE) return row;
    if (kind === 'diary') {
      marks.change(key, 'unknown', () => undefined);
      return row;
    }
    gaps.note(kind);
    if (meta.get().cursor !== null) meta.set({ cursor: null, sweeping: false });
    return null;
  };

  return {
    keys: rows.keys,
    get,
    rows: <Kept>(kind: ChangeKind) =>
      rows
        .keys(kind)
        .map((key) => get(kind, key)?.row)
        .filter((row): row is Kept & object => isBag(row)),
    markOf: marks.of,
    missing: (mark) => [...marks.all()].filter(([, each]) => mark.test(each)).map(([date]) => date),
    hasGaps: gaps.has,
    apply: (changes, editOf) => {
      const { generation } = meta.get();
      for (const change of changes) applyChange(rows, generation, change, editOf);
      marks.save();
    },
    refill: (diary) => {
      const known = rows.get('diary', diary.date);
      const { currentSize, limitSize } = usage();
      if (known?.row !== 'evicted' || currentSize > limitSize * ROOM_TO_REFILL) return;
      // The row's rev is at least its version; every later change is above both.
      putOrEvict(rows, 'diary', diary.date, {
        ...known,
        rev: Math.max(known.rev, diary.version),
        generation: meta.get().generation,
        row: diary,
      });
      marks.save();
    },
    dropUnknown: (date) => {
      if (marks.of(date) === 'unknown') rows.remove('diary', date);
      marks.save();
    },
    forget: () => {
      rows.forget();
      gaps.forget();
    },
    sweep: () => {
      const { generation } = meta.get();
      for (const kind of KINDS) {
        for (const key of rows.keys(kind).slice()) if (rows.get(kind, key)?.generation !== generation) rows.remove(kind, key);
      }
      marks.save();
      gaps.clear();
    },
    makeRoom: () => dropOthers() || evictSome(0),
    trim: () => {
      dropSurplus({ rows, gaps });
      const { currentSize, limitSize } = usage();
      // The storage may be full with other data: the newest rows are always kept.
      if (currentSize > limitSize * MOST_OF_THE_STORAGE && !dropOthers()) evictSome(NEWEST);
      marks.save();
    },
  };
}
