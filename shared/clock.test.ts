import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDays, dayOf, isCalendarDay, monthBounds, startOfDay } from './clock';

const LAST = Date.UTC(9990, 0, 1);
const instant = fc.integer({ min: Date.UTC(1992, 0, 1), max: LAST }).map((time) => new Date(time));
const day = instant.map(dayOf);

describe('a day in Beijing', () => {
  test.each([
    ['2025-01-21T15:59:59.999Z', '2025-01-21'],
    ['2025-01-21T16:00:00.000Z', '2025-01-22'],
    ['2025-01-21T16:30:00.000Z', '2025-01-22'],
    ['2025-01-21T23:00:00.000Z', '2025-01-22'],
    ['2025-01-22T15:59:00.000Z', '2025-01-22'],
    ['2024-12-31T16:00:00.000Z', '2025-01-01'],
    ['2024-02-28T16:00:00.000Z', '2024-02-29'],
  ])('at %s is %s', (at, expected) => {
    expect(dayOf(new Date(at))).toBe(expected);
  });

  test('is what the calendar of Shanghai says', () => {
    const format = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai', dateStyle: 'short' });
    fc.assert(fc.property(instant, (at) => dayOf(at) === format.format(at)));
  });

  test('begins at its first instant and not before', () => {
    fc.assert(
      fc.property(day, (date) => {
        expect(dayOf(startOfDay(date))).toBe(date);
        expect(dayOf(new Date(startOfDay(date).getTime() - 1))).toBe(addDays(date, -1));
      }),
    );
  });
});

test('days are added across months and leap years, and taken back', () => {
  expect([addDays('2024-02-28', 1), addDays('2023-02-28', 1), addDays('2025-01-01', -1)]).toEqual([
    '2024-02-29',
    '2023-03-01',
    '2024-12-31',
  ]);
  fc.assert(fc.property(day, fc.integer({ min: -3_000, max: 3_000 }), (date, days) => addDays(addDays(date, days), -days) === date));
});

test('a month is its first and last day', () => {
  expect(['2024-02', '2025-02', '2025-12', '9999-12', '1000-01'].map(monthBounds)).toEqual([
    { from: '2024-02-01', to: '2024-02-29' },
    { from: '2025-02-01', to: '2025-02-28' },
    { from: '2025-12-01', to: '2025-12-31' },
    { from: '9999-12-01', to: '9999-12-31' },
    { from: '1000-01-01', to: '1000-01-31' },
  ]);
  fc.assert(
    fc.property(day, (date) => {
      const { from, to } = monthBounds(date.slice(0, 7));
      expect(from <= date && date <= to).toBe(true);
      expect(addDays(to, 1).slice(8)).toBe('01');
    }),
  );
});

test.each([
  '2025-02-29',
  '2025-04-31',
  '2025-13-01',
  '2025-00-10',
  '2025-01-00',
  '0999-12-31',
  '10000-01-01',
  '2025-1-8',
  '2025-01-22T00:00',
  '',
  '２０２５-01-01',
])('%j is no calendar day', (text) => {
  expect(isCalendarDay(text)).toBe(false);
});

test('every day there is is a calendar day', () => {
  fc.assert(fc.property(day, isCalendarDay));
});
