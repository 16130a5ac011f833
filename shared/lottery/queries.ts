import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { Window } from '../paging';
import type { Request } from '../request';
import type { Database } from '../runtime/mysql';
import type { Prize } from './contract';
import { type Chance, ticksOf } from './pick';
import type { DrawRow } from './row';

export interface PrizeRow {
  id: number;
  name: string;
  description: string;
  image_url: string;
  probability: string;
  stock: number;
  points: number;
  is_active: number;
}

export const toPrize = (row: PrizeRow): Prize => ({
  id: row.id,
  name: row.name,
  description: row.description,
  imageUrl: row.image_url,
  probability: Number(row.probability),
  stock: row.stock,
  points: row.points,
  isActive: row.is_active === 1,
});

export const toChance = (row: PrizeRow): Chance => ({ id: row.id, ticks: ticksOf(row.probability), isSoldOut: row.stock === 0 });

interface ActivePrizes {
  rows: PrizeRow[];
  /** Of all prizes; post_draw compares it. */
  fingerprint: Buffer;
}

type Joined = { [Column in keyof PrizeRow]: PrizeRow[Column] | null } & { fingerprint: Buffer };

/** What can be drawn now, in the order of their ranges. */
export const selectActivePrizes = async (db: Database, account: Account): Promise<ActivePrizes> => {
  const joined = await db.rows<Joined>(
    'lottery.prizes',
    `SELECT f.fingerprint, p.id, p.name, p.description, p.image_url, p.probability, p.stock, p.points, p.is_active
       FROM users u JOIN lottery_fingerprint f LEFT JOIN lottery_prizes p ON p.is_active WHERE ${guard('u')} ORDER BY p.id`,
    guardValues(account),
  );
  const { fingerprint } = requireAccount(joined);
  return { fingerprint, rows: joined.filter((row): row is PrizeRow & { fingerprint: Buffer } => row.id !== null) };
};

type JoinedDraw = { [Column in keyof DrawRow]: DrawRow[Column] | null } & { total: number };

export const selectDraws = async (
  db: Database,
  account: Account,
  { limit, offset, before }: Window,
): Promise<{ rows: DrawRow[]; total: number }> => {
  const joined = await db.rows<JoinedDraw>(
    'lottery.draws',
    `SELECT ${before === null ? '(SELECT COUNT(*) FROM lottery_records WHERE user_id = u.id)' : '0'} AS total,
            r.id, r.prize_id, r.prize_name, r.prize_image, r.cost_points, r.is_winner, r.points_won, r.created_at
       FROM users u LEFT JOIN (
         SELECT id, prize_id, prize_name, prize_image, cost_points, is_winner, points_won, created_at
           FROM lottery_records FORCE INDEX (PRIMARY) WHERE user_id = ? AND id < ? ORDER BY id DESC LIMIT ? OFFSET ?
       ) AS r ON TRUE
      WHERE ${guard('u')} ORDER BY r.id DESC`,
    [account.userId, before ?? Number.MAX_SAFE_INTEGER, limit + 1, before === null ? offset : 0, ...guardValues(account)],
  );
  const { total } = requireAccount(joined);
  return { total, rows: joined.filter((row): row is DrawRow & { total: number } => row.id !== null) };
};

export interface DrawPosting {
  cost: number;
  roll: number;
  prizeId: number | null;
  isEmpty: boolean;
  fingerprint: Buffer;
}

/** A repeated request answers the draw it made. Throws Moved when the prizes have changed since `fingerprint`. */
export const postDraw = (
  db: Database,
  { userId, epoch }: Account,
  requestId: string,
  draw: DrawPosting,
  now: Date,
): Promise<DrawRow & { balance: number }> => call.postDraw(db, { userId, epoch, requestId, ...draw, now });

/** Null leaves a field as it is. */
export interface PrizePosting {
  id: number | null;
  name: string | null;
  description: string | null;
  imageUrl: string | null;
  probability: number | null;
  stock: number | null;
  points: number | null;
  isActive: boolean | null;
}

export const postPrize = (db: Database, request: Request, prize: PrizePosting, now: Date): Promise<PrizeRow> =>
  call.postPrize(db, { ...request, ...prize, probability: prize.probability === null ? null : prize.probability.toFixed(4), now });
