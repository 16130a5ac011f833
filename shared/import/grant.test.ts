import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wholePoints, worthOf } from './grant';

const MOST = 20_000;

test.each([
  // The worked example of docs/client.md.
  [
    { claimed: 80, diaries: 2, earned: 45, days: 2, held: 0 },
    { granted: 65, waiting: 0 },
  ],
  [
    { claimed: 40, diaries: 3, earned: 30, days: 3, held: 0 },
    { granted: 40, waiting: 0 },
  ],
  [
    { claimed: 95, diaries: 3, earned: 30, days: 3, held: 20 },
    { granted: 40, waiting: 0 },
  ],
  [
    { claimed: 95, diaries: 3, earned: 30, days: 3, held: 500 },
    { granted: 0, waiting: 0 },
  ],
  [
    { claimed: 200, diaries: 0, earned: 200, days: 10, held: 0 },
    { granted: 200, waiting: 0 },
  ],
  [
    { claimed: 9_999_999, diaries: 1, earned: 9_999, days: 2, held: 0 },
    { granted: 200, waiting: 0 },
  ],
  [
    { claimed: 10_820, diaries: 430, earned: 9_000, days: 420, held: 0 },
    { granted: 3_000, waiting: 7_820 },
  ],
  [
    { claimed: 9_999_999, diaries: 2_000, earned: 99_999, days: 2_000, held: 0 },
    { granted: 3_000, waiting: 17_000 },
  ],
])('%j is worth %j', (evidence, worth) => {
  expect(worthOf(evidence, MOST)).toEqual(worth);
});

test.each([['95'], [Number.NaN], [-5], [1.5], [Number.POSITIVE_INFINITY], [null], [undefined], [[95]], [2 ** 53]])(
  'a balance of %j counts as none',
  (value) => {
    expect(wholePoints(value)).toBe(0);
  },
);

test('a grant is whole, never negative, never above what was claimed, and never above the limit', () => {
  const count = fc.nat(100_000);
  fc.assert(
    fc.property(count, count, count, count, count, (claimed, diaries, earned, days, held) => {
      const { granted, waiting } = worthOf({ claimed, diaries, earned, days, held }, MOST);
      expect(Number.isSafeInteger(granted) && granted >= 0 && granted <= 3_000 && waiting >= 0).toBe(true);
      expect(granted + waiting).toBeLessThanOrEqual(Math.min(claimed, MOST));
    }),
  );
});
