import { startOfDay } from '../clock';
import { requireWritable } from '../diary/writable';
import { AppError } from '../errors';
import type { UserContext } from '../runtime/context';
import { fieldErrors } from '../runtime/field-errors';
import { contentHash, normaliseText, normaliseWritten, type Written } from '../sync/content-hash';
import { DiaryText } from '../sync/contract';
import { ImportDay, type ImportOutput } from './contract';
import type { Revision } from './queries';
import { Unfit, unfitBy } from './unfit';

type Report = ImportOutput['days'][number];

/** A day of the phone that could be a diary here. */
export interface Candidate {
  written: Written;
  hash: string;
  ai: { comment: string; at: Date | null; isLiked: boolean } | null;
  createdAt: Date;
  modifiedAt: Date;
  originals: string[];
}

const MAX_COMMENT = 2_000;

/** Reads a day as the phone sent it. Throws Unfit. */
export function readDay(ctx: UserContext, raw: object): Candidate {
  const day = ImportDay.safeParse(raw, { reportInput: true });
  if (!day.success) throw unfitBy(fieldErrors(day.error));
  const { createdAt, modifiedAt, originals = [], aiComment = '', aiCommentAt, aiLiked = false, ...text } = day.data;
  const written = DiaryText.safeParse(normaliseWritten(text), { reportInput: true });
  if (!written.success) throw unfitBy(fieldErrors(written.error));
  if (!written.data.isDraft && written.data.content.trim() === '') throw new Unfit('没有内容');
  try {
    requireWritable(ctx, written.data);
  } catch (error) {
    if (!(error instanceof AppError) || !Array.isArray(error.details)) throw error;
    throw unfitBy(error.details);
  }
  const { date } = written.data;
  const notAfterNow = (instant: string): Date => new Date(Math.min(Date.parse(instant), ctx.now.getTime()));
  const lastWritten = modifiedAt ?? createdAt ?? startOfDay(date).toISOString();
  const comment = normaliseText(aiComment.slice(0, MAX_COMMENT)).trim();
  return {
    written: written.data,
    hash: contentHash(written.data),
    ai: comment === '' ? null : { comment, at: aiCommentAt === undefined ? null : notAfterNow(aiCommentAt), isLiked: aiLiked },
    createdAt: notAfterNow(createdAt ?? lastWritten),
    modifiedAt: notAfterNow(lastWritten),
    originals: originals.map(normaliseText),
  };
}

/** What stands on the dates of a chunk, and what is kept beside. */
export interface Ground {
  /** Fingerprint of the diary of a date; null of a deletion. */
  standing: Map<string, string | null>;
  /** `date hash` of the texts kept. */
  kept: Set<string>;
}

/**
 * Decides one day: a diary where nothing stands, else a text kept beside what does (a deletion counts). Adds to `ground` what it decided, so that the
 * next day of the chunk finds it.
 */
export function settleDay(
  { written, hash, modifiedAt, originals }: Candidate,
  { standing, kept }: Ground,
): { report: Report; isNew: boolean; revisions: Revision[] } {
  const { date } = written;
  const revisions: Revision[] = [];
  const keep = (text: Written) => {
    const textHash = contentHash(text);
    if (kept.has(`${date} ${textHash}`)) return;
    kept.add(`${date} ${textHash}`);
    revisions.push({ ...text, reason: 'imported', hash: textHash, isUnread: false, modifiedAt });
  };
  const found = standing.get(date);
  const isNew = found === undefined;
  if (isNew) standing.set(date, hash);
  else if (found !== hash) keep(written);
  for (const content of originals) keep({ ...written, content });
  return { report: { date, hash, status: isNew ? 'imported' : found === hash ? 'same' : 'kept-server' }, isNew, revisions };
}
