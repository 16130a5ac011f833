/** Number of equally likely rolls. A probability of type DECIMAL(5,4) is a whole number of these ticks. */
export const TICKS = 10_000;

/** The fields of an active prize that a pick needs. */
export interface Chance {
  id: number;
  ticks: number;
  isSoldOut: boolean;
}

export const ticksOf = (probability: number | string): number => Math.round(Number(probability) * TICKS);

/**
 * The prize whose range of ticks contains the roll; null: not won. The ranges follow each other in the given order. A sold-out prize keeps its range
 * without winning, so that the chances of the others stay as published.
 */
export function pick<Prize extends Chance>(prizes: readonly Prize[], roll: number): Prize | null {
  let end = 0;
  for (const prize of prizes) {
    end += prize.ticks;
    if (roll < end) return prize.isSoldOut ? null : prize;
  }
  return null;
}

const inStock = (prizes: readonly Chance[]): Chance[] => prizes.filter(({ ticks, isSoldOut }) => ticks > 0 && !isSoldOut);

/** No roll wins anything. */
export const isEmpty = (prizes: readonly Chance[]): boolean => inStock(prizes).length === 0;

/** Number of ticks that win nothing. */
export const losingTicks = (prizes: readonly Chance[]): number =>
  Math.max(0, TICKS - inStock(prizes).reduce((sum, { ticks }) => sum + ticks, 0));
