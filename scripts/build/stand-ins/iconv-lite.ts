/**
 * Stands in for `iconv-lite` inside the bundles. mysql2 asks it only for character sets that Buffer does not know, and our
 * connections speak utf8mb4 and binary alone: its tables of Asian code pages would be half of every bundle and were never read.
 */
interface Decoder {
  write(bytes: Uint8Array): string;
  end(): string;
}

interface Encoder {
  write(text: string): Buffer;
  end(): undefined;
}

// MySQL's utf8mb3 is what mysql2 calls cesu8. It stores no character outside the basic plane, and there the two are the same bytes.
const utf8Names = new Set(['cesu8', 'utf8mb3', 'utf8mb4']);

function bufferEncoding(name: string): BufferEncoding {
  if (utf8Names.has(name)) return 'utf8';
  if (Buffer.isEncoding(name)) return name;
  throw new Error(`Encoding not recognized: '${name}' (only utf8, ascii, latin1 and binary are in this bundle)`);
}

export function encodingExists(name: string): boolean {
  return utf8Names.has(name) || Buffer.isEncoding(name);
}

export function getDecoder(name: string): Decoder {
  const encoding = bufferEncoding(name);
  return {
    write: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding),
    end: () => '',
  };
}

export function getEncoder(name: string): Encoder {
  const encoding = bufferEncoding(name);
  return { write: (text) => Buffer.from(text, encoding), end: () => undefined };
}
