import * as call from '../database/procedures';
import type { Database } from '../runtime/mysql';

/** A text that was stored unchecked. */
export interface PendingCheck {
  userId: number;
  /** 0: the nickname. */
  diaryId: number;
  openid: string | null;
  tries: number;
  /** null: it is no longer waiting for a check. */
  text: string | null;
  version: number | null;
}

export const selectDueChecks = (db: Database, now: Date, limit: number): Promise<PendingCheck[]> =>
  db.rows(
    'safety.due',
    `SELECT c.user_id AS userId, c.diary_id AS diaryId, c.tries, u.openid, d.content_rev AS version,
            IF(c.diary_id = 0, u.nickname, IF(d.check_status = 'pending', CONCAT_WS('\\n', d.content, d.tags, d.mood, d.weather), NULL)) AS text
       FROM content_checks c
       LEFT JOIN users u ON u.id = c.user_id AND u.status = 1
       LEFT JOIN diaries d ON d.user_id = c.user_id AND d.id = c.diary_id AND d.deleted_at IS NULL
      WHERE c.due_at <= ? ORDER BY c.due_at LIMIT ?`,
    [now, limit],
  );

/** Notes what a check said; `dueAt` null ends the waiting. A diary that was rewritten meanwhile keeps waiting for its own check. */
export const postCheck = (
  db: Database,
  { userId, diaryId, version }: Pick<PendingCheck, 'userId' | 'diaryId' | 'version'>,
  dueAt: Date | null,
): Promise<unknown> => call.postCheck(db, { userId, diaryId, version, dueAt });
