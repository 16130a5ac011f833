import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addDays } from '../clock';
import { columnsOf, firstDue, isDue, type Recurrence, repeatOf } from './recurrence';

const recurrence: fc.Arbitrary<Recurrence> = fc.oneof(
  fc.constant({ kind: 'daily' } as const),
  fc
    .uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 })
    .map((weekdays) => ({ kind: 'weekly', weekdays: weekdays.toSorted() }) as const),
);
const day = fc.nat({ max: 4_000 }).map((days) => addDays('2020-01-01', days));

test('what the columns of a recurrence store reads back as the same recurrence', () => {
  fc.assert(
    fc.property(recurrence, (given) => {
      const { weekdays, isWeekly } = columnsOf(given);
      expect(repeatOf(weekdays, isWeekly)).toEqual(given);
    }),
  );
});

test('the first due day is due, and no day before it is', () => {
  fc.assert(
    fc.property(recurrence, day, (given, from) => {
      const first = firstDue(given, from);
      expect(isDue(given, first)).toBe(true);
      for (let before = from; before < first; before = addDays(before, 1)) expect(isDue(given, before)).toBe(false);
    }),
  );
});

test('a weekly task is due on the weekdays that a calendar shows', () => {
  // 22 January 2025 is a Wednesday, 26 January a Sunday.
  expect(isDue({ kind: 'weekly', weekdays: [3] }, '2025-01-22')).toBe(true);
  expect(isDue({ kind: 'weekly', weekdays: [7] }, '2025-01-26')).toBe(true);
  expect(firstDue({ kind: 'weekly', weekdays: [1, 5] }, '2025-01-25')).toBe('2025-01-27');
});
