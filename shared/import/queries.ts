import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import { type DiaryRow, toDiary } from '../diary/row';
import type { Streak } from '../diary/streak';
import type { Database } from '../runtime/mysql';
import type { CheckStatus } from '../safety/check';
import { contentHash, type Written } from '../sync/content-hash';
import { type Revision, revisionsJson, sqlInstant } from '../sync/revisions';

export type { Revision } from '../sync/revisions';

/** The account as a decision about an import or a grant finds it. */
export interface ImportState extends Streak {
  rev: number;
  points: number;
  drafts: number;
  /** What the account held when its first import began; null before. */
  held: number | null;
  /** Imported days that count for the grant, and the points of imported tasks. */
  diaries: number;
  taskPoints: number;
  /** What was granted before; null when nothing was. */
  granted: number | null;
}

export const selectImportState = async (db: Database, account: Account): Promise<ImportState> => {
  const rows = await db.rows<ImportState>(
    'import.state',
    `SELECT u.rev, u.points, u.total_diaries AS total, u.total_drafts AS drafts, u.continuous_days AS run, u.longest_days AS longest,
            u.last_diary_date AS last,
            (SELECT points FROM imports WHERE user_id = u.id AND item_key = 'start') AS held,
            (SELECT COUNT(*) FROM imports WHERE user_id = u.id AND item_key LIKE 'day:%') AS diaries,
            (SELECT CAST(COALESCE(SUM(points), 0) AS SIGNED) FROM imports WHERE user_id = u.id AND item_key LIKE 'task:%') AS taskPoints,
            (SELECT amount FROM point_records WHERE user_id = u.id AND source_key = 'migration') AS granted
       FROM users u WHERE ${guard('u')}`,
    guardValues(account),
  );
  return requireAccount(rows);
};

/** The fingerprint of what stands on each of the dates: of the diary, or null of a deletion. */
export const selectStanding = async (db: Database, userId: number, dates: readonly string[]): Promise<Map<string, string | null>> => {
  const rows = await db.rows<DiaryRow & { is_deleted: 0 | 1 }>(
    'migration.standing',
    `SELECT id, diary_date, content, mood, NULL AS mood_of_day, weather, images, hidden_images, tags, ai_comment, ai_comment_at, ai_liked, ai_is_stale, ai_image, is_draft, content_rev, created_at, updated_at,
            deleted_at IS NOT NULL AS is_deleted
       FROM JSON_TABLE(?, '$[*]' COLUMNS (day DATE PATH '$')) AS asked JOIN diaries ON user_id = ? AND diary_date = asked.day`,
    [JSON.stringify(dates), userId],
  );
  return new Map(rows.map((row) => [row.diary_date, row.is_deleted === 1 ? null : contentHash(toDiary(row))]));
};

/** `date hash` of the texts that are kept beside the diaries of these dates. */
export const selectKept = async (db: Database, userId: number, dates: readonly string[]): Promise<Set<string>> => {
  const rows = await db.rows<{ date: string; hash: string }>(
    'migration.kept',
    `SELECT diary_date AS date, hash
       FROM JSON_TABLE(?, '$[*]' COLUMNS (day DATE PATH '$')) AS asked JOIN diary_revisions ON user_id = ? AND diary_date = asked.day`,
    [JSON.stringify(dates), userId],
  );
  return new Set(rows.map(({ date, hash }) => `${date} ${hash}`));
};

export const selectImported = async (db: Database, userId: number, keys: readonly string[]): Promise<Set<string>> => {
  const rows = await db.rows<{ item_key: string }>(
    'migration.imported',
    `SELECT item_key
       FROM JSON_TABLE(?, '$[*]' COLUMNS (asked_key VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) AS asked
       JOIN imports ON user_id = ? AND item_key = asked.asked_key`,
    [JSON.stringify(keys), userId],
  );
  return new Set(rows.map((row) => row.item_key));
};

/** The fingerprints of a user's diaries between two dates. */
export const selectHashes = async (db: Database, userId: number, from: string, to: string): Promise<{ date: string; hash: string }[]> => {
  const rows = await db.rows<DiaryRow>(
    'migration.hashes',
    `SELECT id, diary_date, content, mood, NULL AS mood_of_day, weather, images, hidden_images, tags, ai_comment, ai_comment_at, ai_liked, ai_is_stale, ai_image, is_draft, content_rev, created_at, updated_at
       FROM diaries WHERE user_id = ? AND diary_date BETWEEN ? AND ? AND deleted_at IS NULL`,
    [userId, from, to],
  );
  return rows.map((row) => ({ date: row.diary_date, hash: contentHash(toDiary(row)) }));
};

export interface TaskToImport {
  key: string;
  date: string;
  title: string;
  description: string;
  category: string;
  completedAt: Date;
}

export interface RuleToImport {
  title: string;
  description: string;
  category: string;
  pointsReward: number;
  weekdays: number;
  isWeekly: boolean;
  startDate: string;
}

export interface DrawToImport {
  prizeName: string;
  prizeImage: string;
  drawnAt: Date;
}

/** Everything that one chunk brings. */
export interface Haul {
  days: (Written & { aiComment: string | null; modifiedAt: Date; checkStatus: CheckStatus })[];
  revisions: Revision[];
  tasks: TaskToImport[];
  rules: RuleToImport[];
  draws: DrawToImport[];
  /** Remembered, so that nothing comes twice. */
  items: { key: string; points: number }[];
}

/** Answers the totals as they are now. Throws Moved when the user's data have changed since `baseRev`. */
export const postImport = (
  db: Database,
  { userId, epoch }: Account,
  baseRev: number,
  { days, revisions, tasks, rules, draws, items }: Haul,
  drafts: number,
  now: Date,
): Promise<Streak> =>
  call.postImport(db, {
    userId,
    epoch,
    baseRev,
    days: days.map((day) => ({ ...day, modifiedAt: sqlInstant(day.modifiedAt) })),
    revisions: revisionsJson(revisions),
    tasks: tasks.map((task) => ({ ...task, completedAt: sqlInstant(task.completedAt) })),
    rules,
    draws: draws.map((draw) => ({ ...draw, drawnAt: sqlInstant(draw.drawnAt) })),
    items,
    totalDrafts: drafts,
    now,
  });

/** Throws Moved when the user's data have changed since `baseRev`. */
export const postGrant = (
  db: Database,
  { userId, epoch }: Account,
  baseRev: number,
  grant: { granted: number; description: string },
  now: Date,
): Promise<{ balance: number }> => call.postGrant(db, { userId, epoch, baseRev, ...grant, now });
