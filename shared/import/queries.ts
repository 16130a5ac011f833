import type { Moment } from '../clock';
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
  /** Imported published days. */
  diaries: number;
  /** What the phone paid for imported moods and done tasks. */
  earned: number;
  /** Imported days with an entry of any kind. */
  days: number;
  /** What was granted before; null when nothing was. */
  granted: number | null;
  /** What waits for a guardian. */
  waiting: number;
}

export const selectImportState = async (db: Database, account: Account): Promise<ImportState> => {
  const rows = await db.rows<ImportState>(
    'import.state',
    `SELECT u.rev, u.points, u.total_diaries AS total, u.total_drafts AS drafts, u.continuous_days AS run, u.longest_days AS longest,
            u.last_diary_date AS last,
            (SELECT points FROM imports WHERE user_id = u.id AND item_key = 'start') AS held,
            (SELECT COUNT(*) FROM imports WHERE user_id = u.id AND item_key LIKE 'day:%') AS diaries,
            (SELECT CAST(COALESCE(SUM(points), 0) AS SIGNED) FROM imports
              WHERE user_id = u.id AND (item_key LIKE 'task:%' OR item_key LIKE 'mood:%')) AS earned,
            (SELECT COUNT(DISTINCT item_date) FROM imports WHERE user_id = u.id) AS days,
            (SELECT CAST(COALESCE(SUM(points), 0) AS SIGNED) FROM imports WHERE user_id = u.id AND item_key = 'grant') AS waiting,
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

/** Ids of the task rules that templates became, by the templates' item keys. */
export const selectRules = async (db: Database, userId: number, keys: readonly string[]): Promise<Map<string, number>> => {
  const rows = await db.rows<{ item_key: string; id: number }>(
    'import.rules',
    `SELECT item_key, target_id AS id
       FROM JSON_TABLE(?, '$[*]' COLUMNS (asked_key VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) AS asked
       JOIN imports ON user_id = ? AND item_key = asked.asked_key WHERE target_id IS NOT NULL`,
    [JSON.stringify(keys), userId],
  );
  return new Map(rows.map(({ item_key, id }) => [item_key, id]));
};

/** Ids of the system's active task templates, by title. */
export const selectSystemTemplates = async (db: Database): Promise<Map<string, string>> => {
  const rows = await db.rows<{ id: string; title: string }>('import.templates', 'SELECT id, title FROM task_templates WHERE is_active', []);
  return new Map(rows.map(({ id, title }) => [title, id]));
};

/** The moods that the account has on these dates. */
export const selectMoods = async (db: Database, userId: number, dates: readonly string[]): Promise<Map<string, string>> => {
  const rows = await db.rows<{ date: string; mood: string }>(
    'import.moods',
    `SELECT mood_date AS date, mood
       FROM JSON_TABLE(?, '$[*]' COLUMNS (day DATE PATH '$')) AS asked JOIN moods ON user_id = ? AND mood_date = asked.day`,
    [JSON.stringify(dates), userId],
  );
  return new Map(rows.map(({ date, mood }) => [date, mood]));
};

/** Whether the account has a list of prizes of its own, in use or waiting. */
export const hasFamilyPrizes = async (db: Database, userId: number): Promise<boolean> =>
  (await db.rows('import.prizes', 'SELECT 1 FROM family_prizes WHERE user_id = ? LIMIT 1', [userId])).length > 0;

export interface TaskToImport {
  key: string;
  ruleId: number | null;
  isSystem: boolean;
  date: string;
  title: string;
  description: string;
  category: string;
  pointsReward: number;
  remindAt: string | null;
  /** Null: open. */
  completedAt: Date | null;
}

export interface RuleToImport {
  /** Item key of the template. */
  template: string;
  title: string;
  description: string;
  category: string;
  pointsReward: number;
  remindAt: string | null;
  weekdays: number;
  isWeekly: boolean;
  startDate: string;
}

export interface DrawToImport {
  prizeName: string;
  prizeImage: string;
  prizeEmoji: string;
  prizeDescription: string;
  drawnAt: Date;
}

export interface MoodToImport {
  date: string;
  mood: string;
}

export interface PrizeToImport {
  name: string;
  description: string;
  emoji: string;
  image: string;
  weight: number;
}

/** A day as it is stored. */
interface DayToImport extends Written {
  aiComment: string | null;
  aiCommentAt: Date | null;
  aiLiked: boolean;
  createdAt: Date;
  modifiedAt: Date;
  checkStatus: CheckStatus;
}

/** Everything that one chunk brings. */
export interface Haul {
  days: DayToImport[];
  revisions: Revision[];
  tasks: TaskToImport[];
  rules: RuleToImport[];
  draws: DrawToImport[];
  moods: MoodToImport[];
  /** System templates that a rule replaces. */
  hidden: string[];
  wheel: { prizes: PrizeToImport[]; cost: number | null } | null;
  /** Remembered, so that nothing comes twice. `rule`: the ordinal in `rules`. */
  items: { key: string; points: number; date?: string | undefined; rule?: number }[];
}

const optionalInstant = (instant: Date | null): string | null => instant && sqlInstant(instant);

/** Answers the totals as they are now. Throws Moved when the user's data have changed since `baseRev`. */
export const postImport = (
  db: Database,
  { userId, epoch }: Account,
  baseRev: number,
  { days, revisions, tasks, draws, ...haul }: Haul,
  drafts: number,
  { now, today }: Moment,
): Promise<Streak> =>
  call.postImport(db, {
    userId,
    epoch,
    baseRev,
    ...haul,
    days: days.map((day) => ({
      ...day,
      createdAt: sqlInstant(day.createdAt),
      modifiedAt: sqlInstant(day.modifiedAt),
      aiCommentAt: optionalInstant(day.aiCommentAt),
    })),
    revisions: revisionsJson(revisions),
    tasks: tasks.map((task) => ({ ...task, completedAt: optionalInstant(task.completedAt) })),
    draws: draws.map((draw) => ({ ...draw, drawnAt: sqlInstant(draw.drawnAt) })),
    totalDrafts: drafts,
    today,
    now,
  });

/** Throws Moved when the user's data have changed since `baseRev`. */
export const postGrant = (
  db: Database,
  { userId, epoch }: Account,
  baseRev: number,
  grant: { granted: number; waiting: number; description: string },
  now: Date,
): Promise<{ balance: number }> => call.postGrant(db, { userId, epoch, baseRev, ...grant, now });
