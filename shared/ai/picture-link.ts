/** Characters that end a link in running text: spaces, quotes, brackets, and Chinese punctuation and letters, which a URL holds only encoded. */
const LINK = /https?:\/\/[^\s"'<>()[\]{}|\\^`\u2000-\u206f\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+/g;
const TRAILING_PUNCTUATION = /[.,;:!?*_~]+$/;
const PICTURE_EXTENSION = /\.(png|jpe?g|webp)$/i;
/** Field names under which workflows put a picture, as opposed to a link to documentation or a log. */
const PICTURE_FIELD = /^(image|img|pic|picture|photo|url|image_?url|output)s?$/i;
const MAX_DEPTH = 6;

interface Found {
  link: string;
  /** A higher score is more likely the picture. */
  rank: number;
}

function linksInText(text: string, rank: number): Found[] {
  return [...text.matchAll(LINK)].flatMap(([raw]) => {
    const link = raw.replace(TRAILING_PUNCTUATION, '');
    if (!URL.canParse(link)) return [];
    const isPicture = PICTURE_EXTENSION.test(new URL(link).pathname);
    return [{ link, rank: rank + (isPicture ? 4 : 0) }];
  });
}

function linksIn(value: unknown, rank: number, depth: number): Found[] {
  if (depth > MAX_DEPTH) return [];
  if (typeof value === 'string') {
    const trimmed = value.trim();
    if (/^[[{"]/.test(trimmed)) {
      try {
        return linksIn(JSON.parse(trimmed), rank, depth + 1);
      } catch {
        // The text begins like JSON but is none.
      }
    }
    // Markdown marks the link as a picture, whatever it looks like.
    const [, shown] = /!\[[^\]]*\]\(\s*(https?:[^)\s]+)/.exec(trimmed) ?? [];
    return [...(shown === undefined ? [] : linksInText(shown, rank + 8)), ...linksInText(trimmed, rank)];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    linksIn(each, Array.isArray(value) ? rank : PICTURE_FIELD.test(name) ? 2 : 0, depth + 1),
  );
}

/** The link in a workflow's answer that most likely is the picture; null without any. The author of the workflow chooses the answer's format. */
export function pictureLinkIn(value: unknown): string | null {
  const [best] = linksIn(value, 0, 0).toSorted((a, b) => b.rank - a.rank);
  return best?.link ?? null;
}
