import { randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Chance, isEmpty, losingTicks, pick, TICKS, ticksOf } from './pick';

const chances = (...probabilities: (number | [number, 'sold out'])[]): Chance[] =>
  probabilities.map((given, index) => {
    const [probability, isSoldOut] = Array.isArray(given) ? [given[0], true] : [given, false];
    return { id: index + 1, ticks: ticksOf(probability), isSoldOut };
  });

/** How many of all rolls win each prize; key 0 counts the blanks. */
function outcomes(prizes: Chance[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (let roll = 0; roll < TICKS; roll += 1) {
    const id = pick(prizes, roll)?.id ?? 0;
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

describe('of all ten thousand rolls', () => {
  test.each([
    ['the seeded prizes', chances(0.3, 0.25, 0.2, 0.15, 0.1), { 1: 3000, 2: 2500, 3: 2000, 4: 1500, 5: 1000 }],
    ['a hundredth of a percent', chances(0.0001), { 0: 9999, 1: 1 }],
    ['decimals that binary fractions miss', chances(0.0003, 0.29, 0.07, 0.57), { 0: 697, 1: 3, 2: 2900, 3: 700, 4: 5700 }],
    ['a certain prize', chances(1), { 1: 10_000 }],
    ['a chance of zero', chances(0, 0.5), { 0: 5000, 2: 5000 }],
    ['a sold out prize between others', chances(0.2, [0.3, 'sold out'], 0.4), { 0: 4000, 1: 2000, 3: 4000 }],
    ['no prizes', chances(), { 0: 10_000 }],
    ['more than 1, which only a hand in the database can make', chances(0.7, 0.7), { 1: 7000, 2: 3000 }],
  ])('%s get exactly their share', (_, prizes, expected) => {
    expect(outcomes(prizes)).toEqual(expected);
    expect(losingTicks(prizes)).toBe(Math.max(0, outcomes(prizes)[0] ?? 0));
  });
});

test('there is nothing to draw when every prize is sold out or has no chance', () => {
  expect(isEmpty(chances())).toBe(true);
  expect(isEmpty(chances([0.5, 'sold out'], 0))).toBe(true);
  expect(isEmpty(chances([0.5, 'sold out'], 0.0001))).toBe(false);
});

/** Critical values of chi-square by degrees of freedom: a fair generator exceeds them once in a million runs (α = 1e-6). */
const CRITICAL = { 5: 35.888, 99: 180.792 };

const chiSquare = (counts: number[], expected: number[]): number =>
  counts.reduce((sum, count, index) => sum + (count - (expected[index] ?? 0)) ** 2 / (expected[index] ?? 1), 0);

test('200,000 rolls of the generator fall as the odds say (chi-square, α = 1e-6), and evenly over a hundred bands', () => {
  const n = 200_000;
  const prizes = chances(0.28, 0.25, 0.2, 0.15, 0.1);
  const won = Array<number>(6).fill(0);
  const bands = Array<number>(100).fill(0);
  for (let count = 0; count < n; count += 1) {
    const roll = randomInt(TICKS);
    const id = pick(prizes, roll)?.id ?? 0;
    won[id] = (won[id] ?? 0) + 1;
    const band = Math.floor(roll / 100);
    bands[band] = (bands[band] ?? 0) + 1;
  }
  expect(
    chiSquare(
      won,
      [0.02, 0.28, 0.25, 0.2, 0.15, 0.1].map((p) => p * n),
    ),
  ).toBeLessThan(CRITICAL[5]);
  expect(
    chiSquare(
      bands,
      bands.map(() => n / 100),
    ),
  ).toBeLessThan(CRITICAL[99]);
});
