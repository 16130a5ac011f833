import type { ChangeKind } from '../../shared/sync/contract';
import type { Gaps } from './gaps';
import { isDraftRow, type Rows } from './rows';

/** Most rows that are kept; older ones are fetched when they are needed. Diaries are kept as long as there is room. */
const keptRows: Record<ChangeKind, number> = { job: 50, draw: 200, record: 500, mood: 1_000, task: 1_000, profile: 1, diary: 1e6 };
export const KINDS: readonly ChangeKind[] = ['job', 'draw', 'record', 'mood', 'task', 'profile', 'diary'];

interface Parts {
  rows: Rows;
  gaps: Gaps;
}

/** Evicts one row. A diary leaves a small row that says that the server has it. False when nothing was gained. */
function evict({ rows, gaps }: Parts, kind: ChangeKind, key: string): boolean {
  const row = kind === 'diary' ? rows.get(kind, key) : null;
  if (row?.row === 'evicted') return false;
  if (row) rows.put(kind, key, { ...row, row: 'evicted', isDraft: isDraftRow(row) });
  else {
    gaps.note(kind);
    rows.remove(kind, key);
  }
  return true;
}

const canBeEvicted = ({ marks }: Rows, kind: ChangeKind, key: string): boolean => {
  if (kind === 'profile') return false;
  const mark = kind === 'diary' ? marks.of(key) : null;
  return mark === null || mark === 'draft';
};

/** Evicts a quarter of each kind, oldest first, and never the newest `spared`. False when nothing is left to evict. */
export function makeRoom(parts: Parts, spared: number): boolean {
  let given = 0;
  for (const kind of KINDS) {
    const candidates = parts.rows.keys(kind).filter((key) => canBeEvicted(parts.rows, kind, key));
    const count = Math.max(0, Math.min(Math.ceil(candidates.length / 4), candidates.length - spared));
    given += candidates.slice(0, count).filter((key) => evict(parts, kind, key)).length;
  }
  return given > 0;
}

export function dropSurplus({ rows, gaps }: Parts): void {
  for (const kind of KINDS) {
    const surplus = rows.keys(kind).length - keptRows[kind];
    if (surplus <= 0) continue;
    gaps.note(kind);
    for (const key of rows.keys(kind).slice(0, surplus)) rows.remove(kind, key);
  }
}
