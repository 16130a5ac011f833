/** Case and width folded: `Ａ` and `a` are the same. */
const fold = (text: string): string => text.normalize('NFKC').toLowerCase();

const AROUND = 20;

interface Match {
  excerpt: string;
  start: number;
  length: number;
}

/** Start and end of `words` in `text`, both folded; null when they are not there. */
function find(text: string, words: string): { start: number; end: number } | null {
  let folded = '';
  // For each folded code unit, where the character it comes from begins and ends in the text.
  const begins: number[] = [];
  const ends: number[] = [];
  let position = 0;
  for (const character of text) {
    const part = fold(character);
    for (let unit = 0; unit < part.length; unit += 1) {
      begins.push(position);
      ends.push(position + character.length);
    }
    folded += part;
    position += character.length;
  }
  const wanted = fold(words);
  const at = folded.indexOf(wanted);
  if (at < 0) return null;
  return { start: begins[at] ?? 0, end: ends[at + wanted.length - 1] ?? text.length };
}

/** A boundary near `position` that does not cut a character in two. */
const whole = (text: string, position: number): number => {
  const at = Math.max(0, Math.min(text.length, position));
  return /^[\udc00-\udfff]/.test(text.slice(at)) ? at + 1 : at;
};

/** The first place of `words` in `content`, with its surroundings; the beginning of the content when the words are not there. */
export function matchIn(content: string, words: string): Match {
  const place = find(content, words);
  const { start, end } = place ?? { start: 0, end: 0 };
  const from = whole(content, start - AROUND);
  return { excerpt: content.slice(from, whole(content, end + AROUND)), start: start - from, length: end - start };
}
