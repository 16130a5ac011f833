import * as call from '../database/procedures';
import type { Database } from '../runtime/mysql';

/** An unchecked stored text, leased to a worker. */
export interface PendingCheck {
  userId: number;
  /** 0: the nickname. */
  diaryId: number;
  openid: string | null;
  tries: number;
  /** null: the text is no longer waiting for a check. */
  text: string | null;
  version: number | null;
  worker: string;
}

/** Leases at most `limit` due texts until `until`, fairly by child, imported ones last. At most `window` rows are read to choose them. */
export async function claimDueChecks(
  db: Database,
  worker: string,
  { now, until, window, limit }: { now: Date; until: Date; window: number; limit: number },
): Promise<PendingCheck[]> {
  const { claimed } = await call.postCheckClaim<{ claimed: number }>(db, { worker, until, window, limit, now });
  if (claimed === 0) return [];
  return db.rows(
    'safety.due',
    `SELECT c.user_id AS userId, c.diary_id AS diaryId, c.tries, c.worker, u.openid, d.content_rev AS version,
            IF(c.diary_id = 0, u.nickname, IF(d.check_status = 'pending', CONCAT_WS('\\n', d.content, d.tags, d.mood, d.weather), NULL)) AS text
       FROM content_checks c
       LEFT JOIN users u ON u.id = c.user_id AND u.status = 1
       LEFT JOIN diaries d ON d.user_id = c.user_id AND d.id = c.diary_id AND d.deleted_at IS NULL
      WHERE c.priority IN (0, 1) AND c.due_at = ? AND c.worker = ?`,
    [until, worker],
  );
}

/** Stores the outcome of a check; `dueAt` null removes the text from the queue. A text rewritten meanwhile keeps waiting for its own check. */
export const postCheck = (
  db: Database,
  { userId, diaryId, version, worker }: Pick<PendingCheck, 'userId' | 'diaryId' | 'version' | 'worker'>,
  dueAt: Date | null,
): Promise<unknown> => call.postCheck(db, { userId, diaryId, version, worker, dueAt });

/** Removes a nickname, unless the child has changed it. */
export const postNicknameRemoval = (db: Database, userId: number, nickname: string, now: Date): Promise<unknown> =>
  call.postNicknameRemoval(db, { userId, nickname, now });
