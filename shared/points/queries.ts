import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { Window } from '../paging';
import type { Request } from '../request';
import type { Database } from '../runtime/mysql';
import type { Record } from './contract';

export interface RecordRow {
  seq: number;
  amount: number;
  balance_after: number;
  source: string;
  description: string;
  related_id: number | null;
  related_type: string | null;
  created_at: Date | string;
}

export const toRecord = (row: RecordRow): Record => ({
  id: row.seq,
  amount: row.amount,
  balanceAfter: row.balance_after,
  source: row.source,
  description: row.description,
  relatedId: row.related_id,
  relatedType: row.related_type,
  createdAt: new Date(row.created_at).toISOString(),
});

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
  from: Date | null;
  /** Exclusive. */
  until: Date | null;
}

const FILTER = `user_id = ? AND (? IS NULL OR SIGN(amount) = ?) AND (? IS NULL OR source = ? COLLATE utf8mb4_bin)
        AND (? IS NULL OR created_at >= ?) AND (? IS NULL OR created_at < ?)`;

const filterValues = (userId: number, { type, source, from, until }: RecordFilter) => {
  const sign = type && (type === 'earn' ? 1 : -1);
  return [userId, sign, sign, source, source, from, from, until, until] as const;
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
 * A ledger has no gaps, so that any page of it is a range of seqs, however deep it lies. (ORDER BY … LIMIT alone would sort all rows below.)
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

export interface PointsPosting {
  /** Signed. */
  amount: number;
  source: string;
  description: string;
  relatedId: number | null;
  relatedType: string | null;
  /** The operator; null when the user does it. */
  actor: string | null;
}

/** The ledger row that the request made, now or before. */
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
