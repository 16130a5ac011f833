import { isDeepStrictEqual } from 'node:util';
import { contentOf, isAlive, type StoredDiary } from '../diary/change';
import type { ConflictPolicy, DiaryPut } from './contract';

/** A diary as a client wrote it, and the versions that its author had seen. */
export interface Put {
  wanted: DiaryPut;
  clientId: string;
  baseRev: number;
  prev: number;
  policy: ConflictPolicy;
  modifiedAt: Date;
}

/**
 * - `write`    the put is stored; no text is lost
 * - `replace`  the put wins over a text that its author had not seen; that text is kept as a revision
 * - `lose`     the stored diary stays; the sent text is kept as a revision
 * - `same`     the stored diary already equals the put
 */
export type Verdict = 'write' | 'replace' | 'lose' | 'same';

/** Decides a put, given the row (or tombstone) of its date. */
export function judge(row: StoredDiary | null, { wanted, clientId, baseRev, prev, policy, modifiedAt }: Put): Verdict {
  if ('deleted' in wanted) {
    if (!isAlive(row)) return 'same';
    return isSeen(row, clientId, baseRev, prev) ? 'write' : 'lose';
  }
  // An edit revives a deleted day: the client that deleted it had not seen the edit.
  if (!isAlive(row)) return 'write';
  if (isDeepStrictEqual(contentOf(row), wanted)) return 'same';
  if (isSeen(row, clientId, baseRev, prev)) return 'write';
  // The same phone wrote a newer version, so this put comes from a stale page. Conflict policies apply between phones only.
  if (row.last_client === clientId) return 'lose';
  return policy === 'newest' && modifiedAt >= row.modified_at ? 'replace' : 'lose';
}

const isSeen = (row: StoredDiary, clientId: string, baseRev: number, prev: number): boolean =>
  row.content_rev <= baseRev || (row.last_client === clientId && row.last_mutation !== null && row.last_mutation <= prev);
