/** A roll is one of so many equally likely numbers; a probability of DECIMAL(5,4) is a whole number of them. */
export const TICKS = 10_000;

/** What a pick has to know of an active prize. */
export interface Chance {
  id: number;
  ticks: number;
  isSoldOut: boolean;
}

export const ticksOf = (probability: number | string): number => Math.round(Number(probability) * TICKS);

/**
 * The prize whose range of ticks holds the roll; null: not won. Ranges follow each other in the given order. A prize that is sold out keeps
 * its range but nobody wins there, so that the chances of the others stay what was published.
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

/** Ticks that win nothing. */
export const losingTicks = (prizes: readonly Chance[]): number =>
  Math.max(0, TICKS - inStock(prizes).reduce((sum, { ticks }) => sum + ticks, 0));
