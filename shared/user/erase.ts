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
/** Links to more files than this end by themselves within the hour. */
const MAX_LINKS = 5_000;
/** Longer than any call lives, so that one which had begun before the account ended cannot leave a row behind. */
const SETTLE_SECONDS = 60;
/** Left for the answer. */
const MARGIN_MS = 2_000;

/** Stands for a person once nothing else of them is kept. Without the secret nobody can tell whose it is. */
export const personHash = (subject: string): Buffer => createHmac('sha256', config().personPepper).update(subject).digest();

/**
 * Ends the account at once: every token is void, the openid is free for a fresh account. Rows and files are removed as far as this call's time
 * allows; the timer does the rest. Ledger and draws stay without a person.
 */
export async function eraseAccount(ctx: UserContext): Promise<{ erased: true }> {
  await postErase(ctx.db, ctx, personHash(ctx.subject), ctx.now);
  const files = await selectErasedFiles(ctx.db, ctx.userId, MAX_LINKS);
  // Counts of calls stay until their window ends: a new account of the same person brings no new allowance.
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
  // What the child wrote goes first, and does not wait for a storage that is down.
  while ((await postEraseRows(ctx.db, userId, CHUNK_ROWS, SETTLE_SECONDS, ctx.now)) > 0) requireTime();
  for (;;) {
    const files = await selectErasedFiles(ctx.db, userId, CHUNK_FILES);
    if (files.length === 0) return;
    requireTime();
    await removeOrFail(files);
    await postEraseFiles(ctx.db, userId, files);
  }
}

/** Whether this person's history on a phone was paid for under an account that is gone. */
export const wasPaidBefore = ({ db, subject }: UserContext): Promise<boolean> => selectWasPaid(db, personHash(subject));

/** Removes exports whose links have ended, and what erasures have left in storage. */
export async function removeDueFiles(ctx: SystemContext): Promise<void> {
  const due = await selectDueFiles(ctx.db, ctx.now, CHUNK_FILES);
  await removeOrFail(due.map(({ file }) => file));
  for (const userId of new Set(due.map((each) => each.userId))) {
    const files = due.filter((each) => each.userId === userId).map(({ file }) => file);
    await postEraseFiles(ctx.db, userId, files);
  }
}

/**
 * Continues what earlier calls had no time for. An account that cannot be emptied now does not delay the others. Throws the first failure after
 * all were tried.
 */
export async function continueErasures(ctx: SystemContext): Promise<void> {
  const failures: unknown[] = [];
  for (const userId of await selectUnfinishedErasures(ctx.db)) {
    if (Date.now() > ctx.deadline - MARGIN_MS) break;
    await emptyAccount(ctx, userId).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
