import { type Bag, isBag, isDay } from '../platform/text';

/** How the former version's storage is read; nothing in it is trusted to have the shape that version meant. */
export type ReadKey = (key: string) => unknown;

export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');

export const bagOf = (value: unknown): Bag => (isBag(value) ? value : {});

export const codePoints = (text: string): number => [...text].length;

/** A mood, a weather or a tag, without what nobody sees: for some of it the server would refuse the day. */
export const lineOf = (value: unknown): string => textOf(value).replace(/[\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, '');

/** `2025-1-8` and `2025/1/8 20:00` as well. */
export function padded(value: unknown): string | null {
  const parts = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)/.exec(textOf(value));
  if (!parts) return null;
  const day = [parts[1], twoDigits(parts[2]), twoDigits(parts[3])].join('-');
  return isDay(day) ? day : null;
}

const twoDigits = (part: unknown): string => `0${part}`.slice(-2);

/** Milliseconds: from an instant, or from an id that was made of the clock. */
export function instantOf(value: unknown): number | null {
  const time = /^\d{12,13}$/.test(textOf(value)) ? Number(value) : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) || Math.abs(time) > 8e15 ? null : time;
}

/** The calendar day on the phone's own clock. */
export function localDay(epochMs: number): string {
  const at = new Date(epochMs);
  return [`000${at.getFullYear()}`.slice(-4), twoDigits(at.getMonth() + 1), twoDigits(at.getDate())].join('-');
}

/** HH:MM on the phone's own clock. */
export function localClock(epochMs: number): string {
  const at = new Date(epochMs);
  return `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`;
}

export const firstOf = <Found>(values: unknown[], read: (value: unknown) => Found | null): Found | null => {
  for (const value of values) {
    const found = read(value);
    if (found !== null) return found;
  }
  return null;
};

/** A list or a record may have been stored as its JSON text. */
export function unpacked(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
