import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { Posted, Request, StoredRequest } from '../request';
import type { Database, Value } from '../runtime/mysql';
import type { CheckStatus } from '../safety/check';
import type { KeptState } from './revision';
import type { DiaryRow } from './row';
import type { Streak } from './streak';

const NAMES: Exclude<keyof DiaryRow, 'mood_of_day'>[] = [
  'id',
  'diary_date',
  'content',
  'mood',
  'weather',
  'images',
  'hidden_images',
  'tags',
  'ai_comment',
  'ai_comment_at',
  'ai_liked',
  'ai_is_stale',
  'ai_image',
  'is_draft',
  'content_rev',
  'created_at',
  'updated_at',
];

const moodOfDay = (table: string): string =>
  `(SELECT mood FROM moods WHERE user_id = ${table}.user_id AND mood_date = ${table}.diary_date)`;

const COLUMNS = `${NAMES.join(', ')}, ${moodOfDay('diaries')} AS mood_of_day`;

/** The columns of a DiaryRow, of the table that the statement calls `table`. */
export const diaryColumns = (table: string): string =>
  `${NAMES.map((column) => `${table}.${column}`).join(', ')}, ${moodOfDay(table)} AS mood_of_day`;

type Joined<Row> = { [Column in keyof Row]: Row[Column] | null };

/** The diary, or null when there is none. */
const selectDiary = async (
  db: Database,
  account: Account,
  column: 'id' | 'diary_date',
  value: number | string,
): Promise<DiaryRow | null> => {
  const rows = await db.rows<Joined<DiaryRow>>(
    `diary.by-${column}`,
    `SELECT ${diaryColumns('d')}
       FROM users u LEFT JOIN diaries d ON d.user_id = u.id AND d.${column} = ? AND d.deleted_at IS NULL WHERE ${guard('u')}`,
    [value, ...guardValues(account)],
  );
  const row = requireAccount(rows);
  return row.id === null ? null : (row as DiaryRow);
};

export const selectDiaryById = (db: Database, account: Account, id: number) => selectDiary(db, account, 'id', id);

export const selectDiaryByDate = (db: Database, account: Account, date: string) => selectDiary(db, account, 'diary_date', date);

export interface ListFilter {
  from: string;
  to: string;
  mood: string | null;
  tag: string | null;
  isDraft: boolean | null;
}

const DAYS = 'user_id = ? AND deleted_at IS NULL AND (? IS NULL OR is_draft = ?) AND diary_date >= ?';
const WORDS = '(? IS NULL OR mood = ? COLLATE utf8mb4_bin) AND (? IS NULL OR JSON_CONTAINS(tags, JSON_QUOTE(?)))';

/** The condition of a filter, up to a day that the caller names. Without mood and tag, idx_user_day alone evaluates it. */
const conditionsOf = (userId: number, { from, mood, tag, isDraft }: ListFilter): { sql: string; values: Value[]; isCovered: boolean } => {
  const values = [userId, isDraft, isDraft, from];
  return mood === null && tag === null
    ? { sql: DAYS, values, isCovered: true }
    : { sql: `${DAYS} AND ${WORDS}`, values: [...values, mood, mood, tag, tag], isCovered: false };
};

interface DiaryPage {
  /** Newest first. */
  rows: DiaryRow[];
  total: number | null;
}

/** `total` comes along for a numbered page: from the user's counters when nothing is filtered, else counted. */
export const selectDiaryPage = async (
  db: Database,
  account: Account,
  filter: ListFilter,
  { limit, offset, count }: { limit: number; offset: number; count: 'stored' | 'counted' | 'none' },
): Promise<DiaryPage> => {
  const { sql, values, isCovered } = conditionsOf(account.userId, filter);
  const total = {
    stored: { sql: 'total_diaries + total_drafts', values: [] },
    counted: {
      sql: `(SELECT COUNT(*) FROM diaries${isCovered ? ' FORCE INDEX (idx_user_day)' : ''} WHERE ${sql} AND diary_date <= ?)`,
      values: [...values, filter.to],
    },
    none: { sql: 'NULL', values: [] },
  }[count];
  // OFFSET reads what it skips. So the index alone is walked, to the day that the page begins with, and rows are read from there on: page 250 in a fifth
  // of the time. Joining the ids that the index has for the page to their rows is as fast far down, and a tenth slower on page 2.
  const newest =
    offset === 0
      ? { sql: '?', values: [filter.to] }
      : {
          sql: `(SELECT diary_date FROM diaries FORCE INDEX (idx_user_day) WHERE ${sql} AND diary_date <= ? ORDER BY diary_date DESC LIMIT 1 OFFSET ?)`,
          values: [...values, filter.to, offset],
        };
  const joined = await db.rows<(DiaryRow | Joined<DiaryRow>) & { total: number | null }>(
    'diary.page',
    `(SELECT ${COLUMNS}, NULL AS total
        FROM diaries FORCE INDEX (idx_user_day) WHERE ${sql} AND diary_date <= ${newest.sql} ORDER BY diary_date DESC LIMIT ?)
      UNION ALL SELECT ${NAMES.map(() => 'NULL').join(', ')}, NULL, ${total.sql} FROM users WHERE ${guard('users')}`,
    [...values, ...newest.values, limit, ...total.values, ...guardValues(account)],
  );
  const counted = requireAccount(joined.filter((row) => row.id === null));
  return { rows: joined.filter((row): row is DiaryRow & { total: null } => row.id !== null), total: counted.total };
};

export interface DayRow {
  date: string;
  diary_id: number | null;
  mood: string;
  mood_of_day: string | null;
  is_draft: 0 | 1;
  has_images: 0 | 1;
  tasks_done: number;
  tasks_total: number;
}

export const selectCalendar = async (db: Database, account: Account, from: string, to: string): Promise<DayRow[]> => {
  const { userId } = account;
  const rows = await db.rows<DayRow | { date: null }>(
    'diary.calendar',
    `SELECT diary_date AS date, id AS diary_id, mood, NULL AS mood_of_day, is_draft, JSON_LENGTH(images) > 0 AS has_images, 0 AS tasks_done, 0 AS tasks_total
       FROM diaries WHERE user_id = ? AND diary_date BETWEEN ? AND ? AND deleted_at IS NULL
      UNION ALL
     SELECT task_date, NULL, '', NULL, FALSE, FALSE, CAST(SUM(is_completed) AS SIGNED), COUNT(*)
       FROM tasks WHERE user_id = ? AND task_date BETWEEN ? AND ? AND deleted_at IS NULL GROUP BY task_date
      UNION ALL
     SELECT mood_date, NULL, '', mood, FALSE, FALSE, 0, 0 FROM moods WHERE user_id = ? AND mood_date BETWEEN ? AND ?
      UNION ALL
     SELECT NULL, NULL, '', NULL, FALSE, FALSE, 0, 0 FROM users WHERE ${guard('users')}`,
    [userId, from, to, userId, from, to, userId, from, to, ...guardValues(account)],
  );
  requireAccount(rows.filter(({ date }) => date === null));
  return rows.filter((row): row is DayRow => row.date !== null);
};

export const selectStats = async (db: Database, account: Account, from: string, to: string): Promise<Streak & { this_month: number }> => {
  const rows = await db.rows<Streak & { this_month: number }>(
    'diary.stats',
    `SELECT total_diaries AS total, continuous_days AS run, longest_days AS longest, last_diary_date AS last,
            (SELECT COUNT(*) FROM diaries WHERE user_id = users.id AND diary_date BETWEEN ? AND ? AND deleted_at IS NULL AND NOT is_draft) AS this_month
       FROM users WHERE ${guard('users')}`,
    [from, to, ...guardValues(account)],
  );
  return requireAccount(rows);
};

/** All that a decision about one diary rests on, as of `rev`. */
export interface DiaryState extends Streak {
  rev: number;
  points: number;
  drafts: number;
  /** Size of the revisions. */
  revisionBytes: number;
  openid: string;
  /** Of the date in question. */
  moodOfDay: string | null;
  /** Points were already paid for the date in question, or it was brought over from a phone. */
  rewarded: boolean;
  /** The request itself, when it was done before. */
  request: StoredRequest | null;
  /** The row with the asked id; alive or a tombstone, as is the next. */
  byId: StoredDiary | null;
  /** The existing row of the requested date. */
  byDate: StoredDiary | null;
}

export interface StoredDiary extends DiaryRow {
  last_client: string | null;
  last_mutation: number | null;
  check_status: CheckStatus;
  modified_at: Date;
  deleted_at: Date | null;
}

type Prefixed<Prefix extends string, Row> = { [Key in keyof Row & string as `${Prefix}${Key}`]: Row[Key] | null };

type StateRow = Prefixed<'i_', StoredDiary> &
  Prefixed<'d_', StoredDiary> &
  Streak & {
    rev: number;
    points: number;
    drafts: number;
    revisionBytes: number;
    openid: string;
    moodOfDay: string | null;
    rewarded: 0 | 1;
    request_hash: Buffer | null;
    request_receipt: string | null;
  };

const STORED: Exclude<keyof StoredDiary, 'mood_of_day'>[] = [
  ...NAMES,
  'check_status',
  'last_client',
  'last_mutation',
  'modified_at',
  'deleted_at',
];

const storedColumns = (prefix: 'i' | 'd') =>
  [...STORED.map((column) => `${prefix}.${column} AS ${prefix}_${column}`), `${moodOfDay(prefix)} AS ${prefix}_mood_of_day`].join(', ');

const unprefixed = (row: StateRow, prefix: 'i_' | 'd_'): StoredDiary | null => {
  if (row[`${prefix}id`] === null) return null;
  return Object.fromEntries(
    [...STORED, 'mood_of_day' as const].map((column) => [column, row[`${prefix}${column}`]]),
  ) as unknown as StoredDiary;
};

export const selectDiaryState = async (
  db: Database,
  account: Account,
  requestId: string,
  { id, date }: { id?: number | undefined; date?: string | undefined },
): Promise<DiaryState> => {
  const rows = await db.rows<StateRow>(
    'diary.state',
    `SELECT u.rev, u.points, u.openid, u.total_diaries AS total, u.total_drafts AS drafts, u.revision_bytes AS revisionBytes, u.continuous_days AS run, u.longest_days AS longest,
            u.last_diary_date AS last, r.hash AS request_hash, r.receipt AS request_receipt,
            EXISTS (SELECT 1 FROM point_records WHERE user_id = u.id AND source_key = CONCAT('diary:', COALESCE(?, i.diary_date)))
              OR EXISTS (SELECT 1 FROM imports WHERE user_id = u.id AND item_key = CONCAT('day:', COALESCE(?, i.diary_date))) AS rewarded,
            (SELECT mood FROM moods WHERE user_id = u.id AND mood_date = COALESCE(?, i.diary_date)) AS moodOfDay,
            ${storedColumns('i')}, ${storedColumns('d')}
       FROM users u
       LEFT JOIN requests r ON r.user_id = u.id AND r.request_id = ?
       LEFT JOIN diaries i ON i.user_id = u.id AND i.id = ?
       LEFT JOIN diaries d ON d.user_id = u.id AND d.diary_date = ?
      WHERE ${guard('u')}`,
    [date ?? null, date ?? null, date ?? null, requestId, id ?? null, date ?? null, ...guardValues(account)],
  );
  const row = requireAccount(rows);
  const { rev, points, drafts, revisionBytes, openid, total, run, longest, last, request_hash: hash, request_receipt: receipt } = row;
  return {
    rev,
    points,
    drafts,
    revisionBytes,
    openid,
    moodOfDay: row.moodOfDay,
    total,
    run,
    longest,
    last,
    rewarded: row.rewarded === 1,
    request: hash && { hash, receipt },
    byId: unprefixed(row, 'i_'),
    byDate: unprefixed(row, 'd_'),
  };
};

export interface DiaryPosting {
  baseRev: number;
  /** The row to change; null makes one. */
  id: number | null;
  /** Set when the diary moves to another date. */
  oldDate: string | null;
  diary: { date: string; content: string; mood: string; weather: string; images: string[]; tags: string[]; isDraft: boolean };
  checkStatus: CheckStatus;
  isDeleted: boolean;
  /** The AI comment is about an earlier text. */
  isCommentStale: boolean;
  modifiedAt: Date;
  origin: { client: string; mutation: number } | null;
  drafts: number;
  /** Published by this, or no longer; the earlier one of a move. Null when that stays as it is. */
  changedDay: string | null;
  /** The state before, when the change would lose it. */
  kept: KeptState | null;
  /** The revision whose text is brought back. */
  restoredId: number | null;
  reward: number;
}

/** What a write of a diary did. */
export interface DiaryReceipt {
  id: number;
  version: number;
  /** Points; 0 when the date is not paid for. */
  reward: number;
  /** After the reward. */
  balance: number;
  /** The text did not pass the content check and was kept as a draft. */
  isRejected: boolean;
}

/** Throws Moved when the user's data have changed since `baseRev`. */
export const postDiary = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  { diary, origin, drafts, changedDay, kept, ...posting }: DiaryPosting,
  now: Date,
): Promise<Posted<DiaryReceipt, Streak>> =>
  call.postDiary(db, {
    userId,
    epoch,
    ...request,
    ...posting,
    ...diary,
    client: origin?.client ?? null,
    mutation: origin?.mutation ?? null,
    totalDrafts: drafts,
    day: changedDay,
    keptHash: kept?.hash ?? null,
    keptReason: kept?.reason ?? null,
    keptIsUnread: kept?.isUnread ?? false,
    keptBytes: kept?.bytes ?? 0,
    isRejected: posting.checkStatus === 'rejected',
    now,
  });

/** `mood` null: that of the day. */
export interface NewDayPosting extends Pick<DiaryPosting, 'checkStatus' | 'reward'> {
  diary: Omit<DiaryPosting['diary'], 'mood'> & { mood: string | null };
}

/** Publishes a diary on a day that has none. Throws Moved when there is one, a tombstone, or a reward for that day. */
export const postNewDay = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  { diary: { date: day, ...written }, checkStatus, reward }: NewDayPosting,
  now: Date,
): Promise<Posted<DiaryReceipt, Streak & { moodOfDay: string | null }>> =>
  call.postNewDay(db, { userId, epoch, ...request, day, ...written, checkStatus, reward, now });
