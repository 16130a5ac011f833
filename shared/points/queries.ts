import type { Moment } from '../clock';
import { type Account, guard, guardValues, requireAccount } from '../database/account';
import { containing } from '../database/like';
import * as call from '../database/procedures';
import type { Window } from '../paging';
import type { Request } from '../request';
import type { Database } from '../runtime/mysql';
import type { RecordRow } from './row';

export const selectBalance = async (db: Database, account: Account): Promise<number> => {
  const rows = await db.rows<{ points: number }>(
    'points.balance',
    `SELECT points FROM users WHERE ${guard('users')}`,
    guardValues(account),
  );
  return requireAccount(rows).points;
};

export interface RecordFilter {
  type: 'earn' | 'spend' | null;
  source: string | null;
  /** Matches a part of the source or of the description. */
  keyword: string | null;
  from: Date | null;
  /** Exclusive. */
  until: Date | null;
}

const FILTER = `user_id = ? AND (? IS NULL OR SIGN(amount) = ?) AND (? IS NULL OR source = ? COLLATE utf8mb4_bin)
        AND (? IS NULL OR source COLLATE utf8mb4_0900_as_ci LIKE ? OR description COLLATE utf8mb4_0900_as_ci LIKE ?)
        AND (? IS NULL OR created_at >= ?) AND (? IS NULL OR created_at < ?)`;

const filterValues = (userId: number, { type, source, keyword, from, until }: RecordFilter) => {
  const pattern = keyword && containing(keyword);
  const sign = type && (type === 'earn' ? 1 : -1);
  return [userId, sign, sign, source, source, pattern, pattern, pattern, from, from, until, until] as const;
};

const MAX_SEQ = 2 ** 32 - 1;

interface RecordPage {
  rows: RecordRow[];
  total: number;
}

const COLUMNS = 'r.seq, r.amount, r.balance_after, r.source, r.description, r.related_id, r.related_type, r.created_at';

type Joined = { [Column in keyof RecordRow]: RecordRow[Column] | null } & { total: number };

const pageIn = (joined: Joined[]): RecordPage => ({
  total: requireAccount(joined).total,
  rows: joined.filter((row): row is RecordRow & { total: number } => row.seq !== null),
});

/**
 * A ledger has no gaps, so that any page is a range of seqs, however deep it lies. (ORDER BY … LIMIT alone would sort all rows below.)
 */
export const selectRecords = async (db: Database, account: Account, { limit, offset, before }: Window): Promise<RecordPage> =>
  pageIn(
    await db.rows<Joined>(
      'points.page',
      `SELECT u.points_seq AS total, ${COLUMNS}
         FROM users u LEFT JOIN point_records r
           ON r.user_id = u.id AND r.seq BETWEEN LEAST(COALESCE(?, CAST(u.points_seq AS SIGNED) + 1 - ?), CAST(u.points_seq AS SIGNED) + 1) - ? AND COALESCE(?, CAST(u.points_seq AS SIGNED) + 1 - ?) - 1
        WHERE ${guard('u')} ORDER BY r.seq DESC`,
      [before, offset, limit + 1, before, offset, ...guardValues(account)],
    ),
  );

export const selectFilteredRecords = async (
  db: Database,
  account: Account,
  filter: RecordFilter,
  { limit, offset, before }: Window,
): Promise<RecordPage> => {
  const values = filterValues(account.userId, filter);
  return pageIn(
    await db.rows<Joined>(
      'points.filtered-page',
      `SELECT ${before === null ? `(SELECT COUNT(*) FROM point_records WHERE ${FILTER})` : '0'} AS total, ${COLUMNS}
         FROM users u LEFT JOIN (
           SELECT ${COLUMNS} FROM point_records r FORCE INDEX (PRIMARY) WHERE ${FILTER} AND seq < ? ORDER BY seq DESC LIMIT ? OFFSET ?
         ) AS r ON TRUE
        WHERE ${guard('u')} ORDER BY r.seq DESC`,
      [...(before === null ? values : []), ...values, before ?? MAX_SEQ, limit + 1, before === null ? offset : 0, ...guardValues(account)],
    ),
  );
};

interface Sums {
  earned: number;
  spent: number;
}

export interface PointSums {
  today: Sums;
  week: Sums;
  month: Sums;
  /** The balance. */
  total: number;
  bySource: (Sums & { source: string })[];
}

const EARNED = 'COALESCE(SUM(IF(amount > 0, amount, 0)), 0)';
const SPENT = '-COALESCE(SUM(IF(amount < 0, amount, 0)), 0)';
const since = (name: string): string =>
  `SELECT '${name}', NULL, ${EARNED}, ${SPENT} FROM point_records WHERE user_id = ? AND created_at >= ?`;

/** Sums since three instants, and of all time by source. */
export async function selectSums(
  db: Database,
  account: Account,
  { today, week, month }: { today: Date; week: Date; month: Date },
): Promise<PointSums> {
  const { userId } = account;
  const rows = await db.rows<Sums & { kind: string; source: string | null }>(
    'points.sums',
    `SELECT 'total' AS kind, NULL AS source, points AS earned, 0 AS spent FROM users u WHERE ${guard('u')}
     UNION ALL ${since('today')} UNION ALL ${since('week')} UNION ALL ${since('month')}
     UNION ALL (SELECT 'source', source COLLATE utf8mb4_bin AS name, ${EARNED}, ${SPENT} FROM point_records WHERE user_id = ? GROUP BY name)`,
    [...guardValues(account), userId, today, userId, week, userId, month, userId],
  );
  const sums = (kind: string): Sums => {
    const { earned, spent } = rows.find((row) => row.kind === kind) ?? { earned: 0, spent: 0 };
    return { earned: Number(earned), spent: Number(spent) };
  };
  requireAccount(rows.filter(({ kind }) => kind === 'total'));
  const bySource = rows.flatMap(({ kind, source, earned, spent }) =>
    kind === 'source' && source !== null ? [{ source, earned: Number(earned), spent: Number(spent) }] : [],
  );
  bySource.sort((a, b) => b.earned + b.spent - a.earned - a.spent || (a.source < b.source ? -1 : 1));
  return { today: sums('today'), week: sums('week'), month: sums('month'), total: sums('total').earned, bySource };
}

export interface PointsPosting {
  /** Signed. */
  amount: number;
  source: string;
  description: string;
  relatedId: number | null;
  relatedType: string | null;
  /** The operator; null when the user spends points. */
  actor: string | null;
}

/** The ledger row of the request, written by this call or an earlier one. */
export const postPoints = async (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  posting: PointsPosting,
  now: Date,
): Promise<RecordRow> => {
  const posted = await call.postPoints<Pick<RecordRow, 'seq' | 'balance_after' | 'created_at'>>(db, {
    userId,
    epoch,
    ...request,
    ...posting,
    now,
  });
  const { relatedId: related_id, relatedType: related_type, ...others } = posting;
  return { ...others, related_id, related_type, ...posted };
};

/** The ledger row of a guardian's bonus, written by this call or an earlier one. */
export const postBonus = async (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  bonus: { amount: number; source: string; reason: string; mostBonus: number },
  { today, now }: Moment,
): Promise<RecordRow> => {
  const { seq, balance } = await call.postBonus<{ seq: number; balance: number }>(db, { userId, epoch, ...request, ...bonus, today, now });
  const { amount, source, reason: description } = bonus;
  return { seq, amount, balance_after: balance, source, description, related_id: null, related_type: null, created_at: now };
};
