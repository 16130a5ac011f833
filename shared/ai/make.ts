import { createHash } from 'node:crypto';
import { AppError } from '../errors';
import type { Errand } from '../runtime/context';
import { checkText, isChecking, submitPicture, type Verdict } from '../safety/check';
import { remove, temporaryUrls, upload } from '../storage/storage';
import { admitted, failed, succeeded } from './breaker';
import { coze } from './coze';
import { after, type Desk, ENDING_MS, hold, leaseMs } from './desk';
import { fetchPicture } from './picture';
import { isBegun, type Provider, ProviderError } from './provider';
import type { Lease, Outcome } from './queries';

/** Calls for one job that may cost money. */
export const MAX_ATTEMPTS = 2;
/** WeChat answers within half an hour. */
export const PICTURE_CHECK_MS = 30 * 60_000;
const MEDIA = 'media:';

export const referenceOfTrace = (traceId: string): string => MEDIA + traceId;

const provider: Provider = coze;

/** No verdict on a text: it is neither sent nor shown until there is one. */
export class Undecided extends Error {
  override readonly name = 'Undecided';
  readonly isUnpaid: boolean;

  constructor(isUnpaid: boolean) {
    super('undecided');
    this.isUnpaid = isUnpaid;
  }
}

function requirePassed(verdict: Verdict, isUnpaid: boolean, mayReview: boolean): void {
  if (verdict === 'unknown') throw new Undecided(isUnpaid);
  if (verdict === 'risky' || (verdict === 'review' && !mayReview)) throw new AppError('CONTENT_REJECTED');
}

/** Every word of the child's that goes to the provider. */
const sentText = ({ content, mood, weather }: Lease): string => [content, mood, weather].filter(Boolean).join('\n');

const person = (userId: number): string => createHash('sha256').update(`growth-diary:${userId}`).digest('base64url').slice(0, 22);

/** Calls the provider unless it is known to be ill, and takes note of how it does. */
async function call<T>({ ctx: { cache } }: Desk, work: () => Promise<T>): Promise<T> {
  if (!(await admitted(cache))) throw new ProviderError('down', 'breaker');
  try {
    const answer = await work();
    await succeeded(cache);
    return answer;
  } catch (error) {
    if (error instanceof ProviderError && error.isIllness) await failed(cache);
    throw error;
  }
}

/** Has a comment begun, once: where it will be is noted before it is paid for, so that whoever takes the job up after us looks there first. */
async function begin(desk: Desk, lease: Lease): Promise<void> {
  requirePassed(await checkText(sentText(lease), 'diary', lease.openid, desk), true, true);
  const errand: Errand = { requestId: desk.requestId, deadline: desk.ctx.deadline - ENDING_MS };
  const note = async (reference: string): Promise<void> => {
    if (reference === lease.reference) return;
    lease.reference = reference;
    await hold(desk, lease, { reference, dueAt: after(desk, leaseMs(desk)), isReleased: false });
  };
  await call(desk, async () => {
    const place = await provider.prepareComment(lease.reference, errand);
    await note(place);
    if (isBegun(place)) return;
    if (lease.attempts > MAX_ATTEMPTS) throw new ProviderError('failed', 'attempts');
    await note(await provider.beginComment(place, lease, person(lease.userId), errand));
  });
}

/** The text of a comment, or null when it has to be asked for again later. */
export async function makeComment(desk: Desk, lease: Lease): Promise<Outcome | null> {
  if (!isBegun(lease.reference)) await begin(desk, lease);
  const reference = lease.reference ?? '';
  const text = await call(desk, () => provider.finishComment(reference, desk));
  if (text === null) {
    await hold(desk, lease, { reference, dueAt: desk.now(), isReleased: true });
    return null;
  }
  requirePassed(await checkText(text, 'ai', lease.openid, desk.ctx), false, false);
  return { text };
}

/** A picture in our own storage, or null when it waits for WeChat's verdict, unseen. */
export async function makePicture(desk: Desk, lease: Lease): Promise<Outcome | null> {
  const { openid } = lease;
  requirePassed(await checkText(sentText(lease), 'diary', openid, desk), true, true);
  const link = await call(desk, () => provider.drawPicture(lease, desk));
  const { bytes, extension } = await fetchPicture(link, desk);
  const fileId = await upload(`users/${lease.userId}/ai/${lease.id}.${extension}`, bytes);
  if (!isChecking()) return { fileId };
  const urls = await temporaryUrls({ cache: desk.ctx.cache, subject: `ai:${lease.userId}` }, [fileId]);
  const trace = await submitPicture(urls.get(fileId) ?? link, openid, desk.ctx);
  if (trace === null) {
    await remove([fileId]);
    throw new Undecided(false);
  }
  await hold(desk, lease, { reference: MEDIA + trace, fileId, dueAt: after(desk, PICTURE_CHECK_MS), isReleased: true });
  return null;
}
