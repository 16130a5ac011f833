import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentHash, hashText, normaliseLine, normaliseText, normaliseWritten, type Written, xorHashes } from './content-hash';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  // Surrogate halves, control characters and combining marks in random order.
  fc.array(fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit))).map((units) => units.join('')),
  fc.array(fc.constantFrom('\ud83d', '\ude00', '\u0000', '\t', '\n', '\r', '\u0085', 'e', '\u0301', ' ')).map((units) => units.join('')),
);

const anyWritten: fc.Arbitrary<Written> = fc.record({
  date: fc.constantFrom('2025-01-18', '2025-01-19'),
  content: anyText,
  mood: anyText,
  weather: anyText,
  images: fc.array(anyText, { maxLength: 3 }),
  tags: fc.array(anyText, { maxLength: 4 }),
  isDraft: fc.boolean(),
});

test('a normalised text can be stored and sent, and normalising it again changes nothing', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const normal = normaliseText(text);
      expect(normal.isWellFormed()).toBe(true);
      expect(normal).not.toMatch(/(?![\t\n])\p{Cc}/u);
      expect(normaliseText(normal)).toBe(normal);
      const line = normaliseLine(text);
      expect(line).not.toMatch(/\p{Cc}/u);
      expect(normaliseLine(line)).toBe(line);
    }),
  );
});

test('a text that went through JSON and UTF-8 has the same fingerprint', () => {
  fc.assert(
    fc.property(anyWritten, (written) => {
      const arrived = JSON.parse(Buffer.from(JSON.stringify(normaliseWritten(written))).toString('utf8'));
      expect(contentHash(arrived)).toBe(contentHash(written));
    }),
  );
});

test('what normalising removes makes no difference, anything else does', () => {
  const written: Written = { date: '2025-01-18', content: 'a', mood: '', weather: '', images: [], tags: ['b'], isDraft: false };
  const hash = contentHash(written);
  for (const same of [{ content: 'a\u0000' }, { mood: ' \n' }, { tags: ['b', ' b '] }, { tags: ['', 'b'] }]) {
    expect(contentHash({ ...written, ...same })).toBe(hash);
  }
  const others = [
    { content: 'a ' },
    { content: 'A' },
    { mood: 'a' },
    { weather: 'a' },
    { images: ['a'] },
    { tags: [] },
    { tags: ['b', 'c'] },
    { isDraft: true },
    { date: '2025-01-19' },
    { content: '', mood: 'a' },
  ].map((other) => contentHash({ ...written, ...other }));
  expect(new Set([hash, ...others]).size).toBe(others.length + 1);
});

describe('the hash', () => {
  test('is 16 hex digits that never change: phones have stored them', () => {
    expect(hashText('')).toMatch(/^[0-9a-f]{16}$/);
    expect([hashText(''), hashText('a'), hashText('今天去公园😀')]).toMatchInlineSnapshot(`
      [
        "488bdcb81aee8d83",
        "501c2ba782c97901",
        "84c1ea868ddb676d",
      ]
    `);
  });

  test('does not repeat over a hundred thousand near texts', () => {
    const hashes = new Set(Array.from({ length: 100_000 }, (_, index) => hashText(`2025-01-18 ${index}`)));
    expect(hashes.size).toBe(100_000);
    // Each 32-bit half spreads as well: among 100,000 texts one or two collisions are expected.
    expect(new Set([...hashes].map((hash) => hash.slice(0, 8))).size).toBeGreaterThan(99_980);
    expect(new Set([...hashes].map((hash) => hash.slice(8))).size).toBeGreaterThan(99_980);
  });

  test('of a set is that of any order of it, and finds one that is missing', () => {
    const hashes = ['a', 'b', 'c'].map(hashText);
    expect(xorHashes([])).toBe('0000000000000000');
    expect(xorHashes(hashes)).toBe(xorHashes(hashes.toReversed()));
    expect(xorHashes(hashes)).not.toBe(xorHashes(hashes.slice(1)));
  });
});
