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
  emoji: string;
  kind: Prize['kind'];
}

export const toPrize = (row: PrizeRow): Prize => ({
  id: row.id,
  name: row.name,
  description: row.description,
  imageUrl: row.image_url,
  emoji: row.emoji,
  kind: row.kind,
  probability: Number(row.probability),
  stock: row.stock,
  points: row.points,
  isActive: row.is_active === 1,
});

export const toChance = (row: PrizeRow): Chance => ({ id: row.id, ticks: ticksOf(row.probability), isSoldOut: row.stock === 0 });

interface ActivePrizes {
  rows: PrizeRow[];
  /** Fingerprint of all prizes; post_draw compares it. */
  fingerprint: Buffer;
  /** The family's own wheel; null when it uses the system's. */
  wheel: WheelRow | null;
}

export interface WheelRow {
  version: number;
  oddsVersion: number;
  hasOwnPrizes: 0 | 1;
  cost: number | null;
  dailyLimit: number | null;
  blankWeight: number;
  lastPrizeId: number;
}

const WHEEL = `w.version, w.odds_version AS oddsVersion, w.has_own_prizes AS hasOwnPrizes, w.cost, w.daily_limit AS dailyLimit,
            w.blank_weight AS blankWeight, w.last_prize_id AS lastPrizeId`;

type JoinedWheel = { [Column in keyof WheelRow]: WheelRow[Column] | null };

const wheelIn = ({ version, oddsVersion, hasOwnPrizes, cost, dailyLimit, blankWeight, lastPrizeId }: JoinedWheel): WheelRow | null =>
  version === null ? null : ({ version, oddsVersion, hasOwnPrizes, cost, dailyLimit, blankWeight, lastPrizeId } as WheelRow);

type Joined = { [Column in keyof PrizeRow]: PrizeRow[Column] | null } & { fingerprint: Buffer } & JoinedWheel;

/** The prizes that can be drawn now, in the order of their ranges. */
export const selectActivePrizes = async (db: Database, account: Account): Promise<ActivePrizes> => {
  const joined = await db.rows<Joined>(
    'lottery.prizes',
    `SELECT f.fingerprint, p.id, p.name, p.description, p.image_url, p.probability, p.stock, p.points, p.is_active,
            p.emoji, p.kind, ${WHEEL}
       FROM users u JOIN lottery_fingerprint f LEFT JOIN family_wheels w ON w.user_id = u.id LEFT JOIN lottery_prizes p ON p.is_active WHERE ${guard('u')} ORDER BY p.id`,
    guardValues(account),
  );
  const first = requireAccount(joined);
  return {
    fingerprint: first.fingerprint,
    wheel: wheelIn(first),
    rows: joined.filter((row): row is Joined & PrizeRow => row.id !== null),
  };
};

type JoinedDraw = { [Column in keyof DrawRow]: DrawRow[Column] | null } & { total: number; wins: number };

const DRAW_COLUMNS = `r.id, r.prize_id, r.prize_name, r.prize_image, r.prize_emoji, r.prize_description, r.prize_kind, r.cost_points, r.is_winner,
            r.points_won, r.created_at`;

export interface DrawFilter {
  onlyWins: boolean;
  from: Date | null;
  /** Exclusive. */
  until: Date | null;
}

/** `total` and `wins` count all draws from `from` to `until` on a numbered page; on a page by cursor nothing is counted and both are 0. */
export const selectDraws = async (
  db: Database,
  account: Account,
  { onlyWins, from, until }: DrawFilter,
  { limit, offset, before }: Window,
): Promise<{ rows: DrawRow[]; total: number; wins: number }> => {
  const span = '(? IS NULL OR created_at >= ?) AND (? IS NULL OR created_at < ?)';
  const bounds = [from, from, until, until];
  const { userId } = account;
  const joined = await db.rows<JoinedDraw>(
    'lottery.draws',
    `SELECT c.total, c.wins, ${DRAW_COLUMNS}, IF(w.draw_id IS NULL, NULL, w.given_at IS NOT NULL) AS is_given
       FROM users u
       JOIN (SELECT COUNT(*) AS total, CAST(COALESCE(SUM(is_winner), 0) AS SIGNED) AS wins FROM lottery_records WHERE user_id = ? AND ? AND ${span}) AS c
       LEFT JOIN (
         SELECT ${DRAW_COLUMNS} FROM lottery_records r FORCE INDEX (PRIMARY)
          WHERE user_id = ? AND id < ? AND (is_winner OR NOT ?) AND ${span} ORDER BY id DESC LIMIT ? OFFSET ?
       ) AS r ON TRUE
       LEFT JOIN won_prizes w ON w.user_id = ? AND w.draw_id = r.id
      WHERE ${guard('u')} ORDER BY r.id DESC`,
    [
      ...[userId, before === null, ...bounds],
      ...[userId, before ?? Number.MAX_SAFE_INTEGER, onlyWins, ...bounds, limit + 1, before === null ? offset : 0],
      ...[userId, ...guardValues(account)],
    ],
  );
  const { total, wins } = requireAccount(joined);
  return { total, wins, rows: joined.filter((row): row is JoinedDraw & DrawRow => row.id !== null) };
};

/** Null when there is no such draw. */
export const selectDraw = async (db: Database, account: Account, id: number): Promise<DrawRow | null> => {
  const rows = await db.rows<{ draw: DrawRow | null }>(
    'lottery.draw',
    `SELECT d.draw FROM users u LEFT JOIN draw_json d ON d.user_id = u.id AND d.id = ? WHERE ${guard('u')}`,
    [id, ...guardValues(account)],
  );
  return requireAccount(rows).draw;
};

export interface FamilyPrizeRow {
  id: number;
  name: string;
  description: string;
  emoji: string;
  image: string;
  kind: Prize['kind'];
  points: number;
  weight: number;
  stock: number;
  isActive: boolean;
}

/** The family's own prizes in their order. */
export const selectFamilyPrizes = async (db: Database, account: Account): Promise<FamilyPrizeRow[]> => {
  const rows = await db.rows<Omit<FamilyPrizeRow, 'isActive'> & { isActive: 0 | 1 }>(
    'lottery.family-prizes',
    `SELECT p.id, p.name, p.description, p.emoji, p.image_url AS image, p.kind, p.points, p.weight, p.stock, p.is_active AS isActive
       FROM family_prizes p JOIN users u ON u.id = p.user_id WHERE ${guard('u')} ORDER BY p.position`,
    guardValues(account),
  );
  return rows.map((row) => ({ ...row, isActive: row.isActive === 1 }));
};

/** Null leaves a setting unchanged. */
export interface WheelChange {
  cost: number | null;
  dailyLimit: number | null;
  hasOwnPrizes: boolean | null;
  blankWeight: number | null;
  prizes: FamilyPrizeRow[] | null;
}

/** Throws VERSION_CONFLICT when the wheel is no longer at `version`. */
export const postWheel = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  version: number,
  change: WheelChange,
  now: Date,
): Promise<unknown> => call.postWheel(db, { userId, epoch, ...request, version, ...change, now });

export const postRedemption = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  given: { drawId: number; isGiven: boolean },
  now: Date,
): Promise<unknown> => call.postRedemption(db, { userId, epoch, ...request, ...given, now });

export interface DrawPosting {
  cost: number;
  roll: number;
  prizeId: number | null;
  isEmpty: boolean;
  fingerprint: Buffer;
  /** Version of the family's wheel; null when it has none. */
  oddsVersion: number | null;
  dayStart: Date;
}

/** A replay answers the first draw. Throws Moved when the prizes have changed since `fingerprint`. */
export const postDraw = (
  db: Database,
  { userId, epoch }: Account,
  requestId: string,
  draw: DrawPosting,
  now: Date,
): Promise<DrawRow & { balance: number }> => call.postDraw(db, { userId, epoch, requestId, ...draw, now });

/** Null leaves a field unchanged. */
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
