import * as call from '../database/procedures';
import type { Database } from '../runtime/mysql';

export const selectUsersWithTombstones = async (db: Database, before: Date, limit: number): Promise<number[]> => {
  const rows = await db.rows<{ user_id: number }>(
    'upkeep.tombstones',
    `(SELECT DISTINCT user_id FROM diaries WHERE deleted_at < ? LIMIT ?) UNION (SELECT DISTINCT user_id FROM tasks WHERE deleted_at < ? LIMIT ?)`,
    [before, limit, before, limit],
  );
  return rows.map((row) => row.user_id);
};

/** At most `limit` tombstones of each kind. */
export const postGarbage = (db: Database, userId: number, before: Date, limit: number): Promise<{ removed: number }> =>
  call.postGarbage(db, { userId, before, limit });

/** `system`: requests that the system named, and failures of mutations; otherwise requests of callers. */
export const postForgetting = (db: Database, system: boolean, until: Date, limit: number): Promise<{ removed: number }> =>
  call.postForgetting(db, { system, until, limit });

/** Creation time of the oldest row of each kind with a retention time; null: there is none. */
export interface Oldest {
  request: Date | null;
  systemRequest: Date | null;
  tombstone: Date | null;
}

/** Reads one entry of each index. */
export const selectOldest = async (db: Database): Promise<Oldest> => {
  const [row] = await db.rows<Oldest>(
    'upkeep.oldest',
    `SELECT (SELECT MIN(created_at) FROM requests WHERE is_system = FALSE) AS request,
            (SELECT MIN(created_at) FROM requests WHERE is_system = TRUE) AS systemRequest,
            LEAST(COALESCE(diary_at, task_at), COALESCE(task_at, diary_at)) AS tombstone
       FROM (SELECT (SELECT MIN(deleted_at) FROM diaries WHERE deleted_at IS NOT NULL) AS diary_at,
                    (SELECT MIN(deleted_at) FROM tasks WHERE deleted_at IS NOT NULL) AS task_at) AS tombstones`,
    [],
  );
  return row ?? { request: null, systemRequest: null, tombstone: null };
};
