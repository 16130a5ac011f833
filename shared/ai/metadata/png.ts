import { crc32 } from 'node:zlib';
import { markInXmp, xmpWith } from './xmp';

// https://www.w3.org/TR/png-3: a signature, then chunks of length, type, data, CRC of type and data.
const SIGNATURE_BYTES = 8;
const XMP_KEYWORD = 'XML:com.adobe.xmp';
const KEYWORD = 'AIGC';

interface Chunk {
  type: string;
  data: Buffer;
  start: number;
  end: number;
}

function chunksOf(bytes: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE_BYTES; at + 12 <= bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    chunks.push({ type: bytes.toString('latin1', at + 4, at + 8), data: bytes.subarray(at + 8, end - 4), start: at, end });
    at = end;
  }
  return chunks;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

/** JSON in Latin-1, the only encoding that a tEXt chunk may hold. */
const latin1 = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

const keywordOf = ({ data }: Chunk): string => data.toString('latin1', 0, Math.max(0, data.indexOf(0)));

/** The text of an uncompressed iTXt chunk: keyword, two flags, language, translated keyword, text, with zeros between. */
function textOf({ data }: Chunk): string | null {
  const keywordEnd = data.indexOf(0);
  if (data[keywordEnd + 1] !== 0) return null;
  const languageEnd = data.indexOf(0, keywordEnd + 3);
  const translationEnd = data.indexOf(0, languageEnd + 1);
  return languageEnd < 0 || translationEnd < 0 ? null : data.toString('utf8', translationEnd + 1);
}

const xmpChunk = (chunks: readonly Chunk[]): Chunk | undefined =>
  chunks.find((each) => each.type === 'iTXt' && keywordOf(each) === XMP_KEYWORD);

export function markIn(bytes: Buffer): string | null {
  const chunks = chunksOf(bytes);
  const plain = chunks.find((each) => each.type === 'tEXt' && keywordOf(each) === KEYWORD);
  if (plain) return plain.data.toString('latin1', KEYWORD.length + 1);
  const xmp = xmpChunk(chunks);
  return xmp ? markInXmp(textOf(xmp) ?? '') : null;
}

/** Puts the label after the header, as plain text and as XMP. */
export function markPng(bytes: Buffer, mark: string): Buffer {
  const chunks = chunksOf(bytes);
  const [header] = chunks;
  if (header?.type !== 'IHDR') return bytes;
  const xmp = xmpChunk(chunks);
  const known = xmp ? textOf(xmp) : null;
  const text = Buffer.from(`${KEYWORD}\0${latin1(mark)}`, 'latin1');
  const document = Buffer.from(`${XMP_KEYWORD}\0\0\0\0\0${xmpWith(mark, known)}`);
  // A compressed XMP document of another program is left alone; the plain text is enough.
  const own = xmp && known === null ? [] : [chunk('iTXt', document)];
  const rest = xmp && known !== null ? [bytes.subarray(header.end, xmp.start), bytes.subarray(xmp.end)] : [bytes.subarray(header.end)];
  return Buffer.concat([bytes.subarray(0, header.end), chunk('tEXt', text), ...own, ...rest]);
}
