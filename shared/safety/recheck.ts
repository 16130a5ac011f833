import { changeDiary, contentOf, isAlive } from '../diary/change';
import { AppError } from '../errors';
import { requestOf, systemRequestId } from '../request';
import type { SystemContext, UserContext } from '../runtime/context';
import { subjectOf } from '../runtime/identity';
import { updateProfile } from '../user/operations';
import { checkText, isChecking } from './check';
import { type PendingCheck, postCheck, selectDueChecks } from './queries';

const BATCH = 20;
const MARGIN_MS = 2_000;
/** WeChat judges nobody who has not been in the app for two hours: there is no hurry, and no end. */
const MAX_PAUSE_MS = 6 * 3_600_000;

const pauseMs = (tries: number): number => Math.min(60_000 * 2 ** tries, MAX_PAUSE_MS);

/** Texts that were stored unchecked are checked again. A diary that does not pass becomes a draft, a nickname is taken away. */
export async function recheckTexts(ctx: SystemContext): Promise<number> {
  if (!isChecking()) return 0;
  const due = await selectDueChecks(ctx.db, ctx.now, BATCH);
  let rechecked = 0;
  for (const check of due) {
    if (Date.now() > ctx.deadline - MARGIN_MS) break;
    await recheck(ctx, check);
    rechecked += 1;
  }
  return rechecked;
}

async function recheck(ctx: SystemContext, check: PendingCheck): Promise<void> {
  const { text, openid, diaryId, tries } = check;
  if (text === null || openid === null) return void (await postCheck(ctx.db, check, null));
  const verdict = await checkText(text, diaryId === 0 ? 'profile' : 'diary', openid, ctx);
  if (verdict === 'unknown') return void (await postCheck(ctx.db, check, new Date(ctx.now.getTime() + pauseMs(tries))));
  if (verdict === 'risky') await withdraw(ctx, check, openid);
  await postCheck(ctx.db, check, null);
}

async function withdraw(ctx: SystemContext, { userId, diaryId, version }: PendingCheck, openid: string): Promise<void> {
  // The system acts for the user; the id makes a second timer's withdrawal the same request.
  const account = { userId, epoch: null };
  const child: UserContext = { ...ctx, ...account, caller: account, guardianToken: null, openid, subject: subjectOf(openid) };
  const requestId = systemRequestId(`check:${diaryId}:${version ?? ctx.now.getTime()}`);
  const request = requestOf({ action: 'safety.withdraw', requestId }, {});
  if (diaryId === 0) {
    await updateProfile(child, { nickname: '' }, request);
    return;
  }
  await changeDiary(child, request, { id: diaryId }, ({ byId }) => {
    if (!isAlive(byId) || byId.content_rev !== version) throw new AppError('NOT_FOUND');
    return { row: byId, next: contentOf(byId), isDeleted: false, isUnfit: true };
  }).catch((error: unknown) => {
    if (!(error instanceof AppError && error.code === 'NOT_FOUND')) throw error;
  });
}
