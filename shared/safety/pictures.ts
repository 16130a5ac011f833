import type { SystemContext, UserContext } from '../runtime/context';
import { describeError, logLine } from '../runtime/log';
import { isStoredFile, temporaryUrls } from '../storage/storage';
import { isChecking, submitPicture, type Verdict } from './check';
import {
  postPictureHold,
  postPictureVerdict,
  selectDuePictures,
  selectPassedPictures,
  selectPictureByTrace,
  type WaitingPicture,
} from './picture-queries';

/*
 * waiting ──submitted──► waiting for the push ──► passed, or risky
 *    ▲                        │
 *    └── no push in 40 min, or a push without a verdict
 *
 * The owner sees a picture at once, others after it passed. A risky picture is hidden from everyone; its file is kept for 30 days for an
 * appeal.
 */
const BATCH = 50;
const MARGIN_MS = 2_000;
const KEEP_DAYS = 30;
const MINUTE_MS = 60_000;
/** WeChat answers within half an hour. */
const PUSH_MS = 40 * MINUTE_MS;
const MAX_PAUSE_MS = 6 * 60 * MINUTE_MS;

const pauseMs = (tries: number): number => Math.min(MINUTE_MS * 2 ** tries, MAX_PAUSE_MS);
const after = (now: Date, ms: number): Date => new Date(now.getTime() + ms);

async function handIn(ctx: SystemContext, { userId, file, openid, tries }: WaitingPicture): Promise<void> {
  // The account was erased; its rows are removed later.
  if (openid === null) return void (await postPictureHold(ctx.db, { userId, file }, null, after(ctx.now, MAX_PAUSE_MS)));
  const links = isStoredFile(file) ? await temporaryUrls({ cache: ctx.cache, subject: `check:${userId}` }, [file]) : null;
  const url = links === null ? file : links.get(file);
  const trace = url === undefined ? null : await submitPicture(url, openid, ctx);
  await postPictureHold(ctx.db, { userId, file }, trace, after(ctx.now, trace === null ? pauseMs(tries) : PUSH_MS));
}

/** Submits waiting pictures of users to WeChat's check and answers how many. A failed one does not delay the others. */
export async function checkPictures(ctx: SystemContext): Promise<number> {
  if (!isChecking()) return 0;
  let handedIn = 0;
  for (const picture of await selectDuePictures(ctx.db, ctx.now, BATCH)) {
    if (Date.now() > ctx.deadline - MARGIN_MS) break;
    try {
      await handIn(ctx, picture);
      handedIn += 1;
    } catch (error) {
      logLine('warning', { what: 'picture-check', requestId: ctx.requestId, causes: describeError(error) });
    }
  }
  return handedIn;
}

/** Applies WeChat's verdict on a user's picture; null: the check failed. False when no picture waits for it. */
export async function decideOwnPicture(ctx: SystemContext, traceId: string, verdict: Verdict | null): Promise<boolean> {
  const picture = await selectPictureByTrace(ctx.db, traceId);
  if (picture === null) return false;
  if (verdict === null || verdict === 'unknown') await postPictureHold(ctx.db, picture, null, after(ctx.now, pauseMs(picture.tries)));
  else await postPictureVerdict(ctx.db, picture, verdict !== 'pass', KEEP_DAYS, ctx.now);
  return true;
}

/** The message to the child about pictures that failed the check. */
export const hiddenSentence = (count: number): string =>
  `有 ${count} 张图片未通过安全检查，已隐藏；如有疑问，请在 ${KEEP_DAYS} 天内联系客服`;

/** Whether the caller may see a picture of this user: their own at once, another's after it passed. */
export async function visiblePictures(
  ctx: Pick<UserContext, 'db' | 'userId' | 'caller'>,
  files: readonly string[],
): Promise<(file: string) => boolean> {
  const isOwner = ctx.caller.userId === ctx.userId;
  if (isOwner || files.length === 0 || !isChecking()) return () => true;
  const passed = await selectPassedPictures(ctx.db, ctx.userId, files);
  return (file) => passed.has(file);
}
