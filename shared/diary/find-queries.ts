import { type Account, guard, guardValues, requireAccount } from '../database/account';
import { containing } from '../database/like';
import type { Database, Value } from '../runtime/mysql';
import { diaryColumns } from './queries';
import type { DiaryRow } from './row';

/** How many diaries one search looks at. */
const SCAN = 500;

export interface Search {
  words: string;
  mood: string | null;
  tag: string | null;
  from: string;
  /** Newest day that is looked at. */
  to: string;
  limit: number;
}

type Joined = { [Column in keyof DiaryRow]: DiaryRow[Column] | null };

export interface Found {
  /** Newest first, up to `limit` + 1. */
  rows: DiaryRow[];
  /** Oldest day that was looked at; null when nothing older is left. */
  floor: string | null;
}

const rowsIn = <Row extends Joined>(rows: readonly Row[]): (Row & DiaryRow)[] =>
  rows.filter((row): row is Row & DiaryRow => row.id !== null);

/** The first sub-select walks an index only, so that words are looked for in at most 500 rows. */
export async function selectMatches(db: Database, account: Account, search: Search): Promise<Found> {
  const { words, mood, tag, from, to, limit } = search;
  const rows = await db.rows<Joined & { floor: string | null }>(
    'diary.search',
    `SELECT CAST(edge.floor AS CHAR) AS floor, ${diaryColumns('d')}
       FROM users u
       JOIN (SELECT (SELECT diary_date FROM diaries FORCE INDEX (idx_user_day)
                      WHERE user_id = ? AND deleted_at IS NULL AND diary_date BETWEEN ? AND ? ORDER BY diary_date DESC LIMIT 1 OFFSET ${SCAN - 1}) AS floor) AS edge
       LEFT JOIN diaries d FORCE INDEX (uk_user_date)
         ON d.user_id = u.id AND d.diary_date BETWEEN COALESCE(edge.floor, ?) AND ? AND d.deleted_at IS NULL
        AND d.content COLLATE utf8mb4_0900_as_ci LIKE ?
        AND (? IS NULL OR d.mood = ? COLLATE utf8mb4_bin) AND (? IS NULL OR JSON_CONTAINS(d.tags, JSON_QUOTE(?)))
      WHERE ${guard('u')} ORDER BY d.diary_date DESC LIMIT ?`,
    [account.userId, from, to, from, to, containing(words), mood, mood, tag, tag, ...guardValues(account), limit + 1],
  );
  return { rows: rowsIn(rows), floor: requireAccount(rows).floor };
}

const selectDiaries = async (
  db: Database,
  name: string,
  account: Account,
  source: string,
  order: string,
  values: readonly Value[],
): Promise<DiaryRow[]> => {
  const rows = await db.rows<Joined>(
    name,
    `SELECT ${diaryColumns('d')} FROM users u LEFT JOIN ${source} WHERE ${guard('u')} ORDER BY ${order}`,
    [...values, ...guardValues(account)],
  );
  requireAccount(rows);
  return rowsIn(rows);
};

/** The published diaries of the given days, newest first. */
export const selectDays = (db: Database, account: Account, days: readonly string[]) =>
  selectDiaries(
    db,
    'diary.on-this-day',
    account,
    `(JSON_TABLE(?, '$[*]' COLUMNS (day DATE PATH '$')) AS days STRAIGHT_JOIN diaries d ON d.diary_date = days.day AND d.user_id = ? AND d.deleted_at IS NULL AND NOT d.is_draft) ON TRUE`,
    'd.diary_date DESC',
    [JSON.stringify(days), account.userId],
  );

/** The nearest diaries before and after a day, older first. */
export const selectNeighbours = (db: Database, account: Account, date: string) =>
  selectDiaries(
    db,
    'diary.neighbours',
    account,
    `diaries d ON d.user_id = u.id AND d.deleted_at IS NULL AND d.diary_date IN (
       (SELECT MAX(diary_date) FROM diaries WHERE user_id = ? AND deleted_at IS NULL AND diary_date < ?),
       (SELECT MIN(diary_date) FROM diaries WHERE user_id = ? AND deleted_at IS NULL AND diary_date > ?))`,
    'd.diary_date',
    [account.userId, date, account.userId, date],
  );

/** Published diaries with the mood or a tag of diary `id`, newest first; null when there is no such diary. */
export async function selectRelated(db: Database, account: Account, id: number, limit: number): Promise<DiaryRow[] | null> {
  const rows = await db.rows<Joined & { own_id: number | null }>(
    'diary.related',
    `SELECT own.id AS own_id, ${diaryColumns('d')}
       FROM users u LEFT JOIN diaries own ON own.user_id = u.id AND own.id = ? AND own.deleted_at IS NULL
       LEFT JOIN diaries d ON d.user_id = u.id AND d.id <> own.id AND d.deleted_at IS NULL AND NOT d.is_draft
        AND ((own.mood <> '' AND d.mood = own.mood COLLATE utf8mb4_bin) OR JSON_OVERLAPS(d.tags, own.tags))
      WHERE ${guard('u')} ORDER BY d.diary_date DESC LIMIT ?`,
    [id, ...guardValues(account), limit],
  );
  return requireAccount(rows).own_id === null ? null : rowsIn(rows);
}
