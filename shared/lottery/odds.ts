import { BoundedMap } from '../runtime/bounded-map';
import { config } from '../runtime/config';
import type { UserContext } from '../runtime/context';
import type { Prize } from './contract';
import { type Chance, TICKS } from './pick';
import { type FamilyPrizeRow, selectActivePrizes, selectFamilyPrizes, toChance, toPrize, type WheelRow } from './queries';
import { ticksByWeight } from './wheel';

/** The prizes and chances that a draw picks from. */
export interface Odds {
  prizes: Chance[];
  /** Fingerprint of the system's prizes. */
  fingerprint: Buffer;
  /** Version of the family's wheel; null when it has none. */
  oddsVersion: number | null;
  cost: number;
}

/** The prizes that this account draws from: the system's or the family's, in the form in which they are shown. */
export interface Shown {
  source: 'system' | 'family';
  cost: number;
  prizes: Prize[];
  wheel: WheelRow | null;
}

/** With the system's prizes a family can make a draw more expensive, not cheaper: the operator decides what those prizes are worth. */
export const costOf = (wheel: Pick<WheelRow, 'cost' | 'hasOwnPrizes'> | null): number => {
  const { lotteryCost } = config();
  if (wheel === null || wheel.cost === null) return lotteryCost;
  return wheel.hasOwnPrizes === 1 ? wheel.cost : Math.max(lotteryCost, wheel.cost);
};

const pointsOf = ({ kind, points }: FamilyPrizeRow): number => (kind === 'virtual' ? points : 0);

const toFamilyPrizes = (rows: FamilyPrizeRow[], blankWeight: number): Prize[] => {
  const ticks = ticksByWeight(rows, blankWeight);
  return rows.map((row, index) => ({
    id: row.id,
    name: row.name,
    description: row.description,
    imageUrl: row.image,
    emoji: row.emoji,
    kind: row.kind,
    probability: (ticks[index] ?? 0) / TICKS,
    stock: row.stock,
    points: pointsOf(row),
    isActive: row.isActive,
  }));
};

/** Cache of the system's odds. A stale entry is harmless: the posting refuses a pick from odds that have changed. */
let systemOdds: { prizes: Chance[]; fingerprint: Buffer } | null = null;

/** Cache of the odds of families that drew in this process; stale entries are refused too. A missing user is taken to have no wheel. */
const familyOdds = new BoundedMap<number, Odds>(10_000);

/** One statement for the system's prizes, one more for a family's. */
export async function readShown(ctx: UserContext): Promise<Shown> {
  const { rows, fingerprint, wheel } = await selectActivePrizes(ctx.db, ctx);
  systemOdds = { prizes: rows.map(toChance), fingerprint };
  const cost = costOf(wheel);
  if (wheel === null) {
    familyOdds.delete(ctx.userId);
    return { source: 'system', cost, prizes: rows.map(toPrize), wheel };
  }
  const isOwn = wheel.hasOwnPrizes === 1;
  const own = isOwn ? toFamilyPrizes(await selectFamilyPrizes(ctx.db, ctx), wheel.blankWeight).filter(({ isActive }) => isActive) : null;
  const chances = own?.map(({ id, probability, stock }) => ({ id, ticks: Math.round(probability * TICKS), isSoldOut: stock === 0 }));
  familyOdds.set(ctx.userId, { prizes: chances ?? systemOdds.prizes, fingerprint, oddsVersion: wheel.oddsVersion, cost });
  return { source: isOwn ? 'family' : 'system', cost, prizes: own ?? rows.map(toPrize), wheel };
}

/** The cached odds; null when they have to be read. */
export const knownOdds = (userId: number): Odds | null =>
  familyOdds.get(userId) ?? (systemOdds && { ...systemOdds, oddsVersion: null, cost: config().lotteryCost });

export async function readOdds(ctx: UserContext): Promise<Odds> {
  await readShown(ctx);
  const odds = knownOdds(ctx.userId);
  if (odds === null) throw new Error('readShown left no odds');
  return odds;
}
