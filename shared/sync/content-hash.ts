/** Fingerprints of diaries, computed alike by phone and server. Plain ES2017, because the mini-program bundles this file too. */

/** The content of one day's diary. */
export interface Written {
  date: string;
  content: string;
  mood: string;
  weather: string;
  images: readonly string[];
  tags: readonly string[];
  isDraft: boolean;
}

// With the u flag a range of surrogates matches lone surrogates only.
const LONE_SURROGATES = /[\uD800-\uDFFF]/gu;
const CONTROLS_IN_TEXT = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;
const CONTROLS_IN_LINE = /[\u0000-\u001F\u007F-\u009F]/g;

/** Text in the form that is stored and sent: lone surrogates become U+FFFD; control characters except tab and newline are removed. */
export const normaliseText = (text: string): string => text.replace(LONE_SURROGATES, '\uFFFD').replace(CONTROLS_IN_TEXT, '');

/** One line of text (a mood, a tag): as above, without any control character, trimmed, NFC. */
export const normaliseLine = (text: string): string =>
  text.replace(LONE_SURROGATES, '\uFFFD').replace(CONTROLS_IN_LINE, '').trim().normalize();

export const normaliseWritten = ({ date, content, mood, weather, images, tags, isDraft }: Written): Written => ({
  date,
  content: normaliseText(content),
  mood: normaliseLine(mood),
  weather: normaliseLine(weather),
  images: images.map(normaliseText),
  tags: [...new Set(tags.map(normaliseLine))].filter((tag) => tag !== ''),
  isDraft,
});

const hex = (word: number): string => `0000000${(word >>> 0).toString(16)}`.slice(-8);

/** 64-bit hash of a text as 16 hex digits: two multiplicative hashes, mixed at the end. Detects differences; not for security. */
export function hashText(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return hex(b) + hex(a);
}

/** Fingerprint of a day. Two texts that are equal after normalisation have the same fingerprint. */
export function contentHash(written: Written): string {
  const { date, content, mood, weather, images, tags, isDraft } = normaliseWritten(written);
  return hashText(JSON.stringify([date, content, mood, weather, images, tags, isDraft]));
}

/** Fingerprint of a set, independent of order; `0000000000000000` for the empty set. */
export function xorHashes(hashes: readonly string[]): string {
  let high = 0;
  let low = 0;
  for (const hash of hashes) {
    high ^= Number.parseInt(hash.slice(0, 8), 16);
    low ^= Number.parseInt(hash.slice(8), 16);
  }
  return hex(high) + hex(low);
}
