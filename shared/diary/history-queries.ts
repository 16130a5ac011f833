import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { Database } from '../runtime/mysql';
import type { Revision } from './contract';
import type { RevisionReason } from './revision-reasons';

interface RevisionRow {
  id: number;
  diary_date: string;
  reason: RevisionReason;
  content: string;
  mood: string;
  weather: string;
  images: string[];
  tags: string[];
  is_draft: 0 | 1;
  modified_at: Date;
  created_at: Date;
}

type Joined = { [Column in keyof RevisionRow]: RevisionRow[Column] | null };

const COLUMNS = 'r.id, r.diary_date, r.reason, r.content, r.mood, r.weather, r.images, r.tags, r.is_draft, r.modified_at, r.created_at';

const toRevision = (row: RevisionRow): Revision => ({
  id: row.id,
  date: row.diary_date,
  reason: row.reason,
  content: row.content,
  mood: row.mood,
  weather: row.weather,
  images: row.images,
  tags: row.tags,
  isDraft: row.is_draft === 1,
  writtenAt: row.modified_at.toISOString(),
  replacedAt: row.created_at.toISOString(),
});

const revisionsIn = (rows: readonly Joined[]): Revision[] => {
  requireAccount(rows);
  return rows.filter((row): row is RevisionRow => row.id !== null).map(toRevision);
};

/**
 * What was kept of a diary since an instant, newest first: by its id, also from days it was moved away from, or by its date.
 * Null when no diary ever had the id.
 */
export async function selectHistory(
  db: Database,
  account: Account,
  { id = null, date = null }: { id?: number | undefined | null; date?: string | undefined | null },
  since: Date,
): Promise<Revision[] | null> {
  const rows = await db.rows<Joined & { is_known: 0 | 1 }>(
    'diary.history',
    `SELECT ${COLUMNS}, ? IS NULL OR own.id IS NOT NULL AS is_known
       FROM users u LEFT JOIN diaries own ON own.user_id = u.id AND own.id = ?
       LEFT JOIN diary_revisions r ON r.user_id = u.id AND (r.diary_id = ? OR r.diary_date = COALESCE(?, own.diary_date))
        AND (r.created_at >= ? OR r.reason = 'imported')
      WHERE ${guard('u')} ORDER BY r.id DESC`,
    [id, id, id, date, since, ...guardValues(account)],
  );
  const revisions = revisionsIn(rows);
  return revisions.length === 0 && rows[0]?.is_known === 0 ? null : revisions;
}

/** Diaries that were deleted since an instant and not restored, newest first; `total` counts all of them. */
export async function selectTrash(
  db: Database,
  account: Account,
  { since, limit, offset }: { since: Date; limit: number; offset: number },
): Promise<{ revisions: Revision[]; total: number }> {
  const rows = await db.rows<Joined & { total: number }>(
    'diary.trash',
    `SELECT ${COLUMNS}, COALESCE(r.total, 0) AS total
       FROM users u LEFT JOIN (
         SELECT kept.*, COUNT(*) OVER () AS total FROM diary_revisions kept
          WHERE kept.user_id = ? AND kept.reason = 'deleted' AND kept.created_at >= ? ORDER BY kept.id DESC LIMIT ? OFFSET ?
       ) AS r ON TRUE
      WHERE ${guard('u')} ORDER BY r.id DESC`,
    [account.userId, since, limit, offset, ...guardValues(account)],
  );
  return { revisions: revisionsIn(rows), total: requireAccount(rows).total };
}

/** One revision; null when there is none with this id. */
export async function selectRevision(db: Database, account: Account, id: number): Promise<Revision | null> {
  const [revision] = revisionsIn(
    await db.rows<Joined>(
      'diary.revision',
      `SELECT ${COLUMNS} FROM users u LEFT JOIN diary_revisions r ON r.user_id = u.id AND r.id = ? WHERE ${guard('u')}`,
      [id, ...guardValues(account)],
    ),
  );
  return revision ?? null;
}

const SWEPT = "reason IN ('overwritten', 'deleted', 'draft', 'conflict')";

/** Accounts that have revisions from before an instant. */
export async function selectOldRevisions(db: Database, before: Date, limit: number): Promise<number[]> {
  const rows = await db.rows<{ user_id: number }>(
    'diary.old-revisions',
    `SELECT DISTINCT user_id FROM diary_revisions WHERE ${SWEPT} AND created_at < ? LIMIT ?`,
    [before, limit],
  );
  return rows.map((row) => row.user_id);
}

/** Removes an account's revisions from before an instant, at most `limit`. */
export const postRevisionSweep = (db: Database, userId: number, before: Date, limit: number): Promise<{ swept: number }> =>
  call.postRevisionSweep(db, { userId, before, limit });
