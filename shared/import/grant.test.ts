import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wholePoints, worthOf } from './grant';

test.each([
  [{ claimed: 95, diaries: 3, taskPoints: 30, held: 0 }, 45],
  [{ claimed: 40, diaries: 3, taskPoints: 30, held: 0 }, 40],
  [{ claimed: 95, diaries: 3, taskPoints: 30, held: 20 }, 25],
  [{ claimed: 95, diaries: 3, taskPoints: 30, held: 500 }, 0],
  [{ claimed: 9_999_999, diaries: 0, taskPoints: 9_999, held: 0 }, 0],
  [{ claimed: 9_999_999, diaries: 2, taskPoints: 9_999, held: 0 }, 130],
  [{ claimed: 9_999_999, diaries: 2_000, taskPoints: 99_999, held: 0 }, 3_000],
])('%j is worth %i', (history, worth) => {
  expect(worthOf(history)).toBe(worth);
});

test.each([['95'], [Number.NaN], [-5], [1.5], [Number.POSITIVE_INFINITY], [null], [undefined], [[95]], [2 ** 53]])(
  'a balance of %j counts as none',
  (value) => {
    expect(wholePoints(value)).toBe(0);
  },
);

test('a grant is whole, never negative, never above what was claimed', () => {
  const count = fc.nat(100_000);
  fc.assert(
    fc.property(count, count, count, count, (claimed, diaries, taskPoints, held) => {
      const worth = worthOf({ claimed, diaries, taskPoints, held });
      expect(Number.isSafeInteger(worth) && worth >= 0 && worth <= claimed && worth <= 3_000).toBe(true);
    }),
  );
});
