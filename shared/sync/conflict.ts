import { isDeepStrictEqual } from 'node:util';
import { contentOf, isAlive, type StoredDiary } from '../diary/change';
import type { ConflictPolicy, DiaryPut } from './contract';

/** A diary as a client wrote it, and what its author knew. */
export interface Put {
  wanted: DiaryPut;
  clientId: string;
  baseRev: number;
  prev: number;
  policy: ConflictPolicy;
  modifiedAt: Date;
}

/**
 * - `write`    nothing is lost by it
 * - `replace`  it wins over a text its author had not seen, which is to be kept
 * - `lose`     what stands stays; the sent text is to be kept
 * - `same`     it stands already
 */
export type Verdict = 'write' | 'replace' | 'lose' | 'same';

/** What becomes of a put, given the row (or tombstone) of its date. */
export function judge(row: StoredDiary | null, { wanted, clientId, baseRev, prev, policy, modifiedAt }: Put): Verdict {
  if ('deleted' in wanted) {
    if (!isAlive(row)) return 'same';
    return isSeen(row, clientId, baseRev, prev) ? 'write' : 'lose';
  }
  // An edit brings a deleted day back: whoever deleted it had not seen the edit.
  if (!isAlive(row)) return 'write';
  if (isDeepStrictEqual(contentOf(row), wanted)) return 'same';
  if (isSeen(row, clientId, baseRev, prev)) return 'write';
  // The same phone wrote since: its page was outdated, and no policy between phones decides that.
  if (row.last_client === clientId) return 'lose';
  return policy === 'newest' && modifiedAt >= row.modified_at ? 'replace' : 'lose';
}

const isSeen = (row: StoredDiary, clientId: string, baseRev: number, prev: number): boolean =>
  row.content_rev <= baseRev || (row.last_client === clientId && row.last_mutation !== null && row.last_mutation <= prev);
