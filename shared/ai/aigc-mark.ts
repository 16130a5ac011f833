import { createHash } from 'node:crypto';
import { config } from '../runtime/config';
import { markIn as markInJpeg, markJpeg } from './metadata/jpeg';
import { markIn as markInPng, markPng } from './metadata/png';
import { markIn as markInWebp, markWebp } from './metadata/webp';
import type { Picture } from './picture';

/** The implicit label of 《人工智能生成合成内容标识办法》 (GB 45438-2025): the file was made by an AI, its producer, and its distributor. */
export interface AigcMark {
  /** '1': made by an AI. */
  Label: string;
  ContentProducer: string;
  ProduceID: string;
  ReservedCode1: string;
  ContentPropagator: string;
  PropagateID: string;
  ReservedCode2: string;
}

const formats = {
  png: { read: markInPng, write: markPng },
  jpg: { read: markInJpeg, write: markJpeg },
  webp: { read: markInWebp, write: markWebp },
} as const satisfies Record<Picture['extension'], object>;

/** Identifies the picture uniquely without revealing the child. */
const contentId = (userId: number, jobId: number): string =>
  createHash('sha256').update(`growth-diary:picture:${userId}:${jobId}`).digest('base64url').slice(0, 22);

const isWhole = (text: string | null): boolean => {
  if (text === null) return false;
  try {
    const mark: Partial<AigcMark> | null = JSON.parse(text);
    return ['1', '2', '3'].includes(String(mark?.Label)) && Boolean(mark?.ContentProducer);
  } catch {
    return false;
  }
};

/** The label in a picture, as JSON text; null without one. */
export const markOf = ({ bytes, extension }: Picture): string | null => formats[extension].read(bytes);

/** Adds the label to the picture's metadata; the pixels stay unchanged. A label that the provider wrote is kept when it names its producer. */
export function withMark(picture: Picture, { userId, id }: { userId: number; id: number }): Picture {
  if (isWhole(markOf(picture))) return picture;
  const { ai, aiProducer, wechat } = config();
  const produced = contentId(userId, id);
  const mark: AigcMark = {
    Label: '1',
    ContentProducer: aiProducer || (ai?.provider ?? 'ai'),
    ProduceID: produced,
    ReservedCode1: '',
    ContentPropagator: wechat.appId || 'growth-diary',
    PropagateID: produced,
    ReservedCode2: '',
  };
  return { ...picture, bytes: formats[picture.extension].write(picture.bytes, JSON.stringify(mark)) };
}
