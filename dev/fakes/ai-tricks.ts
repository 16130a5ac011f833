import { Readable } from 'node:stream';
import type { FakeAnswer, FakeRoutes } from './server';

/*
 * Shared by the fakes of AI providers: the diary's text selects a failure, as `#<trick>` or `#<trick>-<number>`.
 */

/** The number after a trick that a text names, 0 without one; null when the text does not name it. */
export const told = (text: string, trick: string): number | null => {
  const found = new RegExp(`#${trick}(?:-(\\d+))?(?![\\w-])`).exec(text);
  return found ? Number(found[1] ?? 0) : null;
};

const comment = '读到你今天的日记，我也跟着开心起来。你把看到的、想到的都写得清清楚楚，真了不起！明天又会遇见什么有趣的事呢？';

export function commentOn(text: string): string {
  if (told(text, 'empty') !== null) return '   ';
  if (told(text, 'risky') !== null) return '这里有违规内容';
  if (told(text, 'asks') !== null) return '写得真好！你在哪个学校读书？加我微信 wx12345678 吧。';
  return comment;
}

/** 16 × 16 points of green. */
export const png = Buffer.from(
  [
    'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAByElEQVR42gXBQQqAIBBA0e76L9bCRYsWLQaMMBCKUBgoomBAEbpJ73X0Qu/pF/',
    'qVPtJv9Ad9plf6k/6mf+mNvtA3+q/DCc7jFtyKi7gNd+AyTnEn7sa9OMMVXMN9HYMweIaFYWWIDBvDwZAZlOFkuBleBmMoDI3h6xiF0TMujCtj',
    'ZNwYD8bMqIwn4834MhpjYWyMX8ckTJ5pYVqZItPGdDBlJmU6mW6ml8mYClNj+jpEEI8syIpEZEMOJCOKnMiNvIghBWnI1zELs2demFfmyLwxH8',
    'yZWZlP5pv5ZTbmwtyYv44gBE9YCCshEjbCQcgEJZyEm/ASjFAIjfB1RCF64kJciZG4EQ9iJirxJN7El2jEQmzEr2MXds++sK/skX1jP9gzu7Kf',
    '7Df7y27shb2xfx1JSJ60kFZSJG2kg5RJSjpJN+klGamQGunrUEE9uqArGtENPdCMKnqiN/qihha0oV/HJVyea+FauSLXxnVwZS7lOrlurpfLuA',
    'pX4/o6HuHxPAvPyhN5Np6DJ/Moz8lz87w8xlN4Gs/XYYJ5bMFWLGIbdmAZU+zEbuzFDCtYw76OKlRPXagrNVI36kHNVKWe1Jv6Uo1aqI36/V5h',
    '65DIszWgAAAAAElFTkSuQmCC',
  ].join(''),
  'base64',
);

/** A body larger than any client should read, without a Content-Length. */
function endless(): Readable {
  const piece = Buffer.alloc(256 * 1_024, 1);
  let sent = 0;
  return new Readable({
    read() {
      sent += piece.length;
      this.push(sent > 64 * 1_024 * 1_024 ? null : sent === piece.length ? Buffer.concat([png.subarray(0, 8), piece]) : piece);
    },
  });
}

/** The fields in which the workflow puts the picture. */
export function linkFor(text: string, url: string): string {
  if (told(text, 'otherhost') !== null) return 'https://pictures.example.com/a.png';
  const port = told(text, 'port');
  if (port !== null) return `http://127.0.0.1:${port}/picture.png`;
  const redirected = told(text, 'astray');
  if (redirected !== null) return `${url}/pictures/astray?port=${redirected}`;
  for (const kind of ['svg', 'huge', 'page', 'moved', 'gone']) if (told(text, kind) !== null) return `${url}/pictures/${kind}`;
  return `${url}/pictures/plain`;
}

const pictures: Record<string, (query: URLSearchParams) => FakeAnswer> = {
  plain: () => ({ headers: { 'content-type': 'image/png' }, body: png }),
  svg: () => ({
    headers: { 'content-type': 'image/png' },
    body: '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
  }),
  page: () => ({ body: '<html></html>' }),
  huge: () => ({ headers: { 'content-type': 'image/png' }, body: endless() }),
  moved: () => ({ status: 302, headers: { location: '/pictures/plain' }, body: '' }),
  astray: (query) => ({ status: 302, headers: { location: `http://127.0.0.1:${query.get('port')}/picture.png` }, body: '' }),
};

export const pictureRoutes: FakeRoutes = {
  'GET /pictures/*': ({ path, query }) => pictures[path.split('/').at(-1) ?? '']?.(query) ?? { status: 404, body: 'gone' },
};
