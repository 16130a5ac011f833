import { createHmac } from 'node:crypto';
import { AppError } from '../errors';
import { config } from '../runtime/config';
import type { SystemContext, UserContext } from '../runtime/context';
import { describeError, logLine } from '../runtime/log';
import { linkKey, removeOrFail } from '../storage/storage';
import {
  postErase,
  postEraseFiles,
  postEraseRows,
  selectDueFiles,
  selectErasedFiles,
  selectUnfinishedErasures,
  selectWasPaid,
} from './erase-queries';

const CHUNK_ROWS = 500;
const CHUNK_FILES = 50;
/** With more files than this, their temporary links are left to expire within the hour. */
const MAX_LINKS = 5_000;
/** Longer than any call runs, so that a call in flight when the account ends cannot leave a row behind. */
const SETTLE_SECONDS = 60;
/** Time reserved for the answer, in milliseconds. */
const MARGIN_MS = 2_000;

/** Keyed hash of the openid: recognises the person of an erased account. Without the secret it identifies nobody. */
export const personHash = (subject: string): Buffer => createHmac('sha256', config().personPepper).update(subject).digest();

/**
 * Ends the account at once: revokes every token and frees the openid for a new account. Removes rows and files as far as this call's time
 * allows; the timer removes the rest. Ledger rows and draws are kept anonymously.
 */
export async function eraseAccount(ctx: UserContext): Promise<{ erased: true }> {
  await postErase(ctx.db, ctx, personHash(ctx.subject), ctx.now);
  const files = await selectErasedFiles(ctx.db, ctx.userId, MAX_LINKS);
  // Rate-limit counters stay until their window ends: a new account of the same person gets no new quota.
  const links = files.map((file) => linkKey(ctx.subject, file));
  if (links.length > 0) await ctx.cache.run((redis) => redis.unlink(links));
  await emptyAccount(ctx, ctx.userId).catch((error: unknown) => leaveToTimer(ctx, error));
  return { erased: true };
}

function leaveToTimer({ requestId }: SystemContext, error: unknown): void {
  logLine('warning', { what: 'erase', requestId, causes: describeError(error) });
}

async function emptyAccount(ctx: SystemContext, userId: number): Promise<void> {
  const requireTime = () => {
    if (Date.now() > ctx.deadline - MARGIN_MS) throw new AppError('UNAVAILABLE');
  };
  // Rows first: the child's texts are removed even when the storage of files is down.
  while ((await postEraseRows(ctx.db, userId, CHUNK_ROWS, SETTLE_SECONDS, ctx.now)) > 0) requireTime();
  for (;;) {
    const files = await selectErasedFiles(ctx.db, userId, CHUNK_FILES);
    if (files.length === 0) return;
    requireTime();
    await removeOrFail(files);
    await postEraseFiles(ctx.db, userId, files);
  }
}

/** Whether this person's history on a phone was already paid for under an erased account. */
export const wasPaidBefore = ({ db, subject }: UserContext): Promise<boolean> => selectWasPaid(db, personHash(subject));

/** Removes exports whose links have expired, and files that erasures have left in storage. */
export async function removeDueFiles(ctx: SystemContext): Promise<void> {
  const due = await selectDueFiles(ctx.db, ctx.now, CHUNK_FILES);
  await removeOrFail(due.map(({ file }) => file));
  for (const userId of new Set(due.map((each) => each.userId))) {
    const files = due.filter((each) => each.userId === userId).map(({ file }) => file);
    await postEraseFiles(ctx.db, userId, files);
  }
}

/**
 * Continues erasures for which earlier calls had no time. An account that fails does not delay the others: the first error is thrown after all
 * were tried.
 */
export async function continueErasures(ctx: SystemContext): Promise<void> {
  const failures: unknown[] = [];
  for (const userId of await selectUnfinishedErasures(ctx.db)) {
    if (Date.now() > ctx.deadline - MARGIN_MS) break;
    await emptyAccount(ctx, userId).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
