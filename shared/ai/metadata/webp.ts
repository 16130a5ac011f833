import { markInXmp, xmpWith } from './xmp';

// https://developers.google.com/speed/webp/docs/riff_container: chunks of a name, a length and data, padded to an even length.
const HEADER_BYTES = 12;
const XMP = 'XMP ';
const XMP_FLAG = 0x04;
const ALPHA_FLAG = 0x10;

interface Chunk {
  name: string;
  data: Buffer;
}

function chunksOf(bytes: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = HEADER_BYTES; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    if (at + 8 + length > bytes.length) break;
    chunks.push({ name: bytes.toString('latin1', at, at + 4), data: bytes.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length % 2);
  }
  return chunks;
}

export function markIn(bytes: Buffer): string | null {
  const xmp = chunksOf(bytes).find(({ name }) => name === XMP);
  return xmp ? markInXmp(xmp.data.toString()) : null;
}

interface Canvas {
  width: number;
  height: number;
  hasAlpha: boolean;
}

/** Picture size of a simple file, from the header of its bitstream; null for an unknown format. */
function canvasOf({ name, data }: Chunk): Canvas | null {
  if (name === 'VP8 ' && data.length >= 10) {
    return { width: data.readUInt16LE(6) & 0x3fff, height: data.readUInt16LE(8) & 0x3fff, hasAlpha: false };
  }
  if (name !== 'VP8L' || data.length < 5 || data[0] !== 0x2f) return null;
  const bits = data.readUInt32LE(1);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, hasAlpha: ((bits >>> 28) & 1) === 1 };
}

function extendedHeader({ width, height, hasAlpha }: Canvas): Chunk {
  const data = Buffer.alloc(10);
  data[0] = XMP_FLAG | (hasAlpha ? ALPHA_FLAG : 0);
  data.writeUIntLE(width - 1, 4, 3);
  data.writeUIntLE(height - 1, 7, 3);
  return { name: 'VP8X', data };
}

function fileOf(chunks: readonly Chunk[]): Buffer {
  const parts = chunks.map(({ name, data }) => {
    const head = Buffer.from(`${name}\0\0\0\0`, 'latin1');
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
  });
  const body = Buffer.concat([Buffer.from('WEBP', 'latin1'), ...parts]);
  const head = Buffer.from('RIFF\0\0\0\0', 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

/** Puts the label into an XMP chunk at the end. A simple file becomes an extended one with the same bitstream. */
export function markWebp(bytes: Buffer, mark: string): Buffer {
  const chunks = chunksOf(bytes);
  const [first] = chunks;
  if (first === undefined) return bytes;
  const known = chunks.find(({ name }) => name === XMP);
  const xmp = { name: XMP, data: Buffer.from(xmpWith(mark, known?.data.toString() ?? null)) };
  const others = chunks.filter(({ name }) => name !== XMP);
  if (first.name === 'VP8X') {
    const flags = Buffer.from(first.data);
    flags[0] = (flags[0] ?? 0) | XMP_FLAG;
    return fileOf([{ name: 'VP8X', data: flags }, ...others.slice(1), xmp]);
  }
  const canvas = canvasOf(first);
  return canvas === null ? bytes : fileOf([extendedHeader(canvas), ...others, xmp]);
}
