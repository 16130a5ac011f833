import { fieldError } from '../errors';
import { TICKS } from './pick';

export interface Weighted {
  weight: number;
  points: number;
  isActive: boolean;
}

/**
 * Shares 10,000 ticks among the active prizes by weight. Each range ends at the rounded cumulative share, so that the ranges add up exactly.
 * The remaining ticks are blanks. Inactive prizes get none.
 */
export function ticksByWeight(prizes: readonly Weighted[], blankWeight: number): number[] {
  const sum = prizes.reduce((total, { weight, isActive }) => total + (isActive ? weight : 0), blankWeight);
  let reached = 0;
  let end = 0;
  return prizes.map(({ weight, isActive }) => {
    if (!isActive || sum === 0) return 0;
    reached += weight;
    const begin = end;
    end = Math.round((reached / sum) * TICKS);
    return end - begin;
  });
}

/** Throws INVALID_INPUT when a wheel pays back more than a draw costs on average. */
export function requireNoMint(prizes: readonly Weighted[], blankWeight: number, cost: number, path: 'prizes' | 'cost'): void {
  const ticks = ticksByWeight(prizes, blankWeight);
  const expected = prizes.reduce((sum, { points }, index) => sum + (points * (ticks[index] ?? 0)) / TICKS, 0);
  if (expected > cost) throw fieldError(path, `平均每次会得 ${expected.toFixed(1)} 分，不能超过抽奖花费 ${cost} 分`);
}
