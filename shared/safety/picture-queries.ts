import * as call from '../database/procedures';
import type { Database } from '../runtime/mysql';

/** A user's own picture that waits for WeChat's check. */
export interface WaitingPicture {
  userId: number;
  file: string;
  openid: string | null;
  tries: number;
}

export const selectDuePictures = (db: Database, now: Date, limit: number): Promise<WaitingPicture[]> =>
  db.rows(
    'safety.due-pictures',
    `SELECT c.user_id AS userId, c.file, c.tries, u.openid
       FROM picture_checks c LEFT JOIN users u ON u.id = c.user_id AND u.status = 1
      WHERE c.due_at <= ? ORDER BY c.due_at LIMIT ?`,
    [now, limit],
  );

export const selectPictureByTrace = async (
  db: Database,
  traceId: string,
): Promise<{ userId: number; file: string; tries: number } | null> => {
  const [row] = await db.rows<{ userId: number; file: string; tries: number }>(
    'safety.picture-by-trace',
    "SELECT user_id AS userId, file, tries FROM picture_checks WHERE trace_id = ? AND status = 'waiting'",
    [traceId],
  );
  return row ?? null;
};

/** Those of the given pictures of a user that passed. */
export const selectPassedPictures = async (db: Database, userId: number, files: readonly string[]): Promise<Set<string>> => {
  const rows = await db.rows<{ file: string }>(
    'safety.passed-pictures',
    `SELECT c.file FROM JSON_TABLE(?, '$[*]' COLUMNS (file VARCHAR(500) PATH '$')) AS asked
       JOIN picture_checks c ON c.user_id = ? AND c.file_hash = UNHEX(SHA2(asked.file, 256)) AND c.status = 'passed'`,
    [JSON.stringify(files), userId],
  );
  return new Set(rows.map(({ file }) => file));
};

export const postPictureHold = (
  db: Database,
  { userId, file }: { userId: number; file: string },
  traceId: string | null,
  dueAt: Date,
): Promise<unknown> => call.postPictureHold(db, { userId, file, traceId, dueAt });

export const postPictureVerdict = (
  db: Database,
  { userId, file }: { userId: number; file: string },
  isRisky: boolean,
  keepDays: number,
  now: Date,
): Promise<unknown> => call.postPictureVerdict(db, { userId, file, isRisky, keepDays, now });
