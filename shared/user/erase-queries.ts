import type { Account } from '../database/account';
import * as call from '../database/procedures';
import type { Database } from '../runtime/mysql';

export const postErase = (db: Database, { userId, epoch }: Account, personHash: Buffer, now: Date): Promise<{ erased: true }> =>
  call.postErase(db, { userId, epoch, personHash, now });

/** The number of removed rows; 0 when none are left. */
export const postEraseRows = async (db: Database, userId: number, limit: number, settleSeconds: number, now: Date): Promise<number> => {
  const { removed } = await call.postEraseRows<{ removed: number }>(db, { userId, limit, settleSeconds, now });
  return removed;
};

export const postEraseFiles = (db: Database, userId: number, files: readonly string[]): Promise<unknown> =>
  call.postEraseFiles(db, { userId, files });

export const selectErasedFiles = async (db: Database, userId: number, limit: number): Promise<string[]> => {
  const rows = await db.rows<{ file_id: string }>(
    'erase.files',
    'SELECT file_id FROM erased_files WHERE user_id = ? ORDER BY file_id LIMIT ?',
    [userId, limit],
  );
  return rows.map((row) => row.file_id);
};

/** Files that are due for removal, of all users. */
export const selectDueFiles = async (db: Database, now: Date, limit: number): Promise<{ userId: number; file: string }[]> => {
  const rows = await db.rows<{ user_id: number; file_id: string }>(
    'erase.due-files',
    'SELECT user_id, file_id FROM erased_files WHERE due_at <= ? ORDER BY due_at LIMIT ?',
    [now, limit],
  );
  return rows.map(({ user_id, file_id }) => ({ userId: user_id, file: file_id }));
};

/** Oldest first. */
export const selectUnfinishedErasures = async (db: Database): Promise<number[]> => {
  const rows = await db.rows<{ user_id: number }>(
    'erase.unfinished',
    'SELECT user_id FROM erasures WHERE finished_at IS NULL ORDER BY asked_at LIMIT 100',
    [],
  );
  return rows.map((row) => row.user_id);
};

/** Whether a migration was already paid to this person under an erased account. */
export const selectWasPaid = async (db: Database, personHash: Buffer): Promise<boolean> => {
  const rows = await db.rows('erase.was-paid', 'SELECT 1 FROM erasures WHERE person_hash = ? LIMIT 1', [personHash]);
  return rows.length > 0;
};
