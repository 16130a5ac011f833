import { createHash } from 'node:crypto';
import { AppError } from '../errors';
import type { Errand } from '../runtime/context';
import { checkText, isChecking, submitPicture, type Verdict } from '../safety/check';
import { harmIn, harmSentences } from '../safety/harm';
import { remove, temporaryUrls, upload } from '../storage/storage';
import { withMark } from './aigc-mark';
import { admitted, failed, succeeded } from './breaker';
import { after, type Desk, ENDING_MS, hold, leaseMs } from './desk';
import { fetchPicture, pictureOf } from './picture';
import { isFitForChild } from './prompts';
import { type Completions, type Conversations, isBegun, type Place, ProviderError } from './provider';
import { requireProvider } from './providers';
import type { Lease, Outcome } from './queries';

/** Most calls for one job that may cost money. */
export const MAX_ATTEMPTS = 2;
/** WeChat answers within half an hour. */
export const PICTURE_CHECK_MS = 30 * 60_000;

/** There is no verdict on a text yet: until there is one, the text is neither sent nor shown. */
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

/** All of the child's text that goes to the provider. */
const sentText = ({ content, mood, weather }: Lease): string => [content, mood, weather].filter(Boolean).join('\n');

const person = (userId: number): string => createHash('sha256').update(`growth-diary:${userId}`).digest('base64url').slice(0, 22);

/** Calls the provider unless its circuit breaker is open, and reports the outcome to the breaker. */
async function call<T>({ ctx: { cache } }: Desk, work: () => Promise<T>): Promise<T> {
  if (!(await admitted(cache))) throw new ProviderError('down', 'breaker');
  try {
    const answer = await work();
    await succeeded(cache);
    return answer;
  } catch (error) {
    if (error instanceof ProviderError && error.isOutage) await failed(cache);
    throw error;
  }
}

/** The time-out of a paid call: that of the function, however short the caller waits. */
const errandOf = ({ requestId, ctx }: Desk): Errand => ({ requestId, deadline: ctx.deadline - ENDING_MS });

async function notePlace(desk: Desk, lease: Lease, place: Place): Promise<void> {
  if (place.conversation === lease.place?.conversation && place.chat === lease.place.chat) return;
  lease.place = place;
  await hold(desk, lease, { begun: { place }, dueAt: after(desk, leaseMs(desk)), isReleased: false });
}

/** After this time no worker looks into a conversation any more for a question that may have been accepted. */
const LOOKING_MS = 60_000;

/** Begins a comment once: the conversation is stored before the paid call, so that the next worker looks there first. */
async function begin(comments: Conversations, desk: Desk, lease: Lease): Promise<void> {
  requirePassed(await checkText(sentText(lease), 'diary', lease.openid, desk), true, true);
  const errand = errandOf(desk);
  await call(desk, async () => {
    const place = await comments.prepare(lease.place, errand);
    await notePlace(desk, lease, place);
    if (isBegun(place)) return;
    if (lease.attempts > MAX_ATTEMPTS) throw new ProviderError(lease.ageMs < LOOKING_MS ? 'occupied' : 'failed', 'attempts');
    await notePlace(desk, lease, await comments.begin(place.conversation, lease, person(lease.userId), errand));
  });
}

/** The text of a comment that the provider keeps, or null while it is not ready. */
async function fetchKept(comments: Conversations, desk: Desk, lease: Lease): Promise<string | null> {
  if (!isBegun(lease.place)) await begin(comments, desk, lease);
  const { place } = lease;
  if (place === null) throw new Error('a comment was begun without a place');
  const text = await call(desk, () => comments.finish(place, desk));
  if (text === null) await hold(desk, lease, { dueAt: desk.now(), isReleased: true });
  return text;
}

/** Makes a paid call that cannot be looked up afterwards. The call is stored before it is sent; a worker that finds it stored does not repeat it. */
async function callOnce<T>(desk: Desk, lease: Lease, work: () => Promise<T>): Promise<T> {
  requirePassed(await checkText(sentText(lease), 'diary', lease.openid, desk), true, true);
  return call(desk, async () => {
    lease.isSent = true;
    await hold(desk, lease, { begun: 'sent', dueAt: after(desk, leaseMs(desk)), isReleased: false });
    return work();
  });
}

const completed = (comments: Completions, desk: Desk, lease: Lease): Promise<string> =>
  callOnce(desk, lease, () => comments.complete(lease, person(lease.userId), errandOf(desk)));

/** The text of a comment, or null when the job is continued later. */
export async function makeComment(desk: Desk, lease: Lease): Promise<Outcome | null> {
  const sign = harmIn(sentText(lease));
  // A fixed text of ours: nothing is sent to the provider. For harm by others the guardian gets no note, because the guardian may be the cause.
  if (sign !== null) return { text: harmSentences[sign], ...(sign === 'self-harm' && { noteKind: sign }) };
  const { comments } = requireProvider();
  if (comments === null) throw new ProviderError('misconfigured', 'comments');
  const text = lease.text ?? (comments.isKept ? await fetchKept(comments, desk, lease) : await completed(comments, desk, lease));
  if (text === null) return null;
  if (!isFitForChild(text)) throw new ProviderError('unusable', 'rules');
  const verdict = await checkText(text, 'ai', lease.openid, desk.ctx);
  // Stored without being shown, so that the next worker only has to check it.
  if (verdict === 'unknown' && lease.text === null) await hold(desk, lease, { text, dueAt: after(desk, leaseMs(desk)), isReleased: false });
  requirePassed(verdict, false, false);
  return { text };
}

/** Has a picture drawn and stores it in our own storage; answers its file id. */
async function drawInto(desk: Desk, lease: Lease): Promise<string> {
  const { draw } = requireProvider();
  if (draw === null) throw new ProviderError('misconfigured', 'pictures');
  const drawing = await callOnce(desk, lease, () => draw(lease, errandOf(desk)));
  const picture = 'bytes' in drawing ? pictureOf(drawing.bytes) : await fetchPicture(drawing.link, desk);
  const { bytes, extension } = withMark(picture, lease);
  return upload(`users/${lease.userId}/ai/${lease.id}.${extension}`, bytes);
}

/** A picture in our own storage, or null while it waits unseen for WeChat's verdict. A picture that is already stored is only submitted again. */
export async function makePicture(desk: Desk, lease: Lease): Promise<Outcome | null> {
  const fileId = lease.fileId ?? (await drawInto(desk, lease));
  if (!isChecking()) return { fileId };
  const urls = await temporaryUrls({ cache: desk.ctx.cache, subject: `ai:${lease.userId}` }, [fileId]);
  const trace = await submitPicture(urls.get(fileId) ?? '', lease.openid, desk.ctx);
  if (trace === null) {
    await remove([fileId]);
    throw new Undecided(false);
  }
  await hold(desk, lease, { begun: { traceId: trace }, fileId, dueAt: after(desk, PICTURE_CHECK_MS), isReleased: true });
  return null;
}
