import { markInXmp, xmpWith } from './xmp';

// ITU-T T.81: markers of two bytes, most followed by a length that includes itself. XMP is an APP1 segment with its own signature.
const SIGNATURE = Buffer.from('http://ns.adobe.com/xap/1.0/\0', 'latin1');
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP15 = 0xef;
const START_OF_SCAN = 0xda;
const MAX_SEGMENT = 65_533;

interface Segment {
  marker: number;
  data: Buffer;
  start: number;
  end: number;
}

/** The segments before the pixels. */
function segmentsOf(bytes: Buffer): Segment[] {
  const segments: Segment[] = [];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1] ?? 0;
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (marker === START_OF_SCAN || end > bytes.length) break;
    segments.push({ marker, data: bytes.subarray(at + 4, end), start: at, end });
    at = end;
  }
  return segments;
}

const isXmp = ({ marker, data }: Segment): boolean => marker === APP1 && data.subarray(0, SIGNATURE.length).equals(SIGNATURE);
const xmpText = ({ data }: Segment): string => data.toString('utf8', SIGNATURE.length);

export function markIn(bytes: Buffer): string | null {
  const xmp = segmentsOf(bytes).find(isXmp);
  return xmp ? markInXmp(xmpText(xmp)) : null;
}

function xmpSegment(text: string): Buffer | null {
  const data = Buffer.concat([SIGNATURE, Buffer.from(text)]);
  if (data.length > MAX_SEGMENT) return null;
  const head = Buffer.from([0xff, APP1, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

/** Puts the label into the file's XMP, or into a new XMP segment after the leading application segments. */
export function markJpeg(bytes: Buffer, mark: string): Buffer {
  const segments = segmentsOf(bytes);
  const known = segments.find(isXmp);
  const merged = known && xmpSegment(xmpWith(mark, xmpText(known)));
  if (known && merged) return Buffer.concat([bytes.subarray(0, known.start), merged, bytes.subarray(known.end)]);
  const firstOther = segments.findIndex(({ marker }) => marker < APP0 || marker > APP15);
  const at = (firstOther < 0 ? segments.at(-1)?.end : segments[firstOther]?.start) ?? 2;
  return Buffer.concat([bytes.subarray(0, at), xmpSegment(xmpWith(mark, null)) ?? Buffer.alloc(0), bytes.subarray(at)]);
}
