/**
 * Stands in for `mime-db` (137 KB), which axios carries along to name the type of a file in a form by its ending. Pictures are
 * the only files that ever leave these functions.
 */
interface MimeType {
  source: 'iana';
  extensions: string[];
}

const type = (...extensions: string[]): MimeType => ({ source: 'iana', extensions });

const json = type('json');
const gif = type('gif');
const jpeg = type('jpeg', 'jpg');
const png = type('png');
const webp = type('webp');
const plain = type('txt');

export {
  gif as 'image/gif',
  jpeg as 'image/jpeg',
  json as 'application/json',
  plain as 'text/plain',
  png as 'image/png',
  webp as 'image/webp',
};
