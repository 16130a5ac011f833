import { addDays, earliest } from '../clock';
import type { Stats } from '../contract';
import { AppError, fieldError } from '../errors';
import { type Request, receiptOf } from '../request';
import { config } from '../runtime/config';
import type { Errand, UserContext } from '../runtime/context';
import { Moved } from '../runtime/mysql';
import { type CheckStatus, isChecking, statusOf } from '../safety/check';
import { remove } from '../storage/storage';
import type { Diary, Written } from './contract';
import { type DiaryReceipt, type DiaryState, postDiary, postNewDay, type StoredDiary, selectDiaryState } from './queries';
import { keptState, requireRoom } from './revision';
import { aiPartOf, toDiary } from './row';
import { currentStreak, type Streak } from './streak';

export { type DiaryReceipt, type DiaryState, type StoredDiary, selectDiaryByDate } from './queries';
export { toDiary } from './row';

/** What is to become of one diary. */
export interface Change {
  /** The living row it changes; null makes a new one. */
  row: StoredDiary | null;
  next: Pick<Diary, 'date' | 'content' | 'mood' | 'weather' | 'images' | 'tags' | 'isDraft'>;
  isDeleted: boolean;
  /** The content check has already refused the stored text. */
  isUnfit?: boolean;
  /** The row's text loses a conflict, and the user is shown that. */
  isConflict?: boolean;
  /** The revision whose text `next` is. */
  restoredId?: number;
  modifiedAt?: Date;
  origin?: { client: string; mutation: number };
}

/** The first text of a day; `mood` null: that of the day. */
export type Fresh = Omit<Change['next'], 'mood'> & { mood: string | null };

export interface Outcome extends Written {
  isDeleted: boolean;
  /** Its text did not pass the content check: it was kept as a draft. */
  isRejected: boolean;
}

export const isAlive = (row: StoredDiary | null): row is StoredDiary => row !== null && row.deleted_at === null;

export const statsOf = (streak: Streak, today: string): Stats => ({
  totalDiaries: streak.total,
  continuousDays: currentStreak(streak, today),
  longestStreak: streak.longest,
  lastDiaryDate: streak.last,
});

/** A request that was done before: its receipt, and the state now. */
export interface Replay<Receipt> {
  receipt: Receipt;
  state: DiaryState;
}

/**
 * The one way a diary is written, for direct calls and for sync. Reads what the decision is based on, lets `decide` decide, works out the reward,
 * and posts all of it in one call, which counts the streak. When the user's data changed in between, it reads and decides again. Where nothing is
 * to be written, `decide` returns what to do in its place. A `fresh` text is posted without a read, unless it has to be checked.
 */
export async function changeDiary<Other extends object = never, OtherReceipt = never>(
  ctx: UserContext,
  request: Request,
  target: { id?: number; date?: string },
  decide: (state: DiaryState) => Change | (() => Promise<Other | null>),
  fresh?: Fresh,
): Promise<Outcome | Other | Replay<DiaryReceipt | OtherReceipt>> {
  const check = publicationCheck(ctx);
  const first = fresh && !isChecking() ? await postFresh(ctx, request, fresh) : null;
  if (first) return first;
  for (;;) {
    const state = await selectDiaryState(ctx.db, ctx, request.requestId, target);
    if (state.request) return { receipt: receiptOf<DiaryReceipt | OtherReceipt>(state.request, request), state };
    const decision = decide(state);
    try {
      const outcome = await (typeof decision === 'function' ? decision() : post(ctx, request, state, decision, check));
      // The same request was done in the meantime: the next read finds its receipt.
      if (outcome) return outcome;
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      if (Date.now() >= ctx.deadline) throw new AppError('UNAVAILABLE', { cause: error });
    }
  }
}

/** Only today's diary and yesterday's are paid for. */
const rewardFor = ({ today }: UserContext, day: string): number => (day >= addDays(today, -1) ? config().diaryReward : 0);

/** The first text of a day, the usual case. Null when something is already there, which then decides. */
async function postFresh(ctx: UserContext, request: Request, next: Fresh): Promise<Outcome | null> {
  if (next.isDraft || next.content.trim() === '') return null;
  const posting = { diary: next, checkStatus: 'unchecked', reward: rewardFor(ctx, next.date) } as const;
  try {
    const posted = await postNewDay(ctx.db, ctx, request, posting, ctx.now);
    if (posted.replayed) return null;
    const { moodOfDay } = posted;
    const diary = { ...next, mood: next.mood ?? moodOfDay ?? '', moodOfDay, ...aiPartOf(null) };
    const now = ctx.now.toISOString();
    return outcomeOf(ctx, posted, { ...diary, createdAt: now, updatedAt: now }, false);
  } catch (error) {
    if (error instanceof Moved) return null;
    throw error;
  }
}

const outcomeOf = (
  { today }: UserContext,
  { id, version, reward, balance, isRejected, ...streak }: DiaryReceipt & Streak,
  diary: Omit<Diary, 'id' | 'version'>,
  isDeleted: boolean,
): Outcome => ({
  diary: { ...diary, id, version },
  stats: statsOf(streak, today),
  reward: rewardIn({ reward, balance }),
  isDeleted,
  isRejected,
});

export const rewardIn = ({ reward, balance }: Pick<DiaryReceipt, 'reward' | 'balance'>): Written['reward'] =>
  reward > 0 ? { points: reward, balance } : null;

async function post(
  ctx: UserContext,
  request: Request,
  state: DiaryState,
  { row, next: wanted, isDeleted, isUnfit = false, isConflict = false, restoredId, modifiedAt, origin }: Change,
  check: PublicationCheck,
): Promise<Outcome | null> {
  if (!isDeleted && !wanted.isDraft && wanted.content.trim() === '') throw fieldError('content', '写点内容再发布吧');
  const isPublic = !isDeleted && !wanted.isDraft && !isUnfit;
  const checkStatus = isPublic ? await check(state.openid, row, wanted) : isUnfit ? 'rejected' : 'unchecked';
  const isRejected = checkStatus === 'rejected';
  const next = isRejected ? { ...wanted, isDraft: true } : wanted;
  const wasDraft = row?.is_draft === 1;
  const wasPublished = row !== null && !wasDraft;
  const willBePublished = !isDeleted && !next.isDraft;

  const moves = row !== null && row.diary_date !== next.date;
  const unpublished = wasPublished && (!willBePublished || moves) ? row.diary_date : null;
  const published = willBePublished && (!wasPublished || moves) ? next.date : null;
  const drafts = state.drafts - (wasDraft ? 1 : 0) + (!isDeleted && next.isDraft ? 1 : 0);

  // A diary that is only moved has been published before.
  const reward = published !== null && !wasPublished && !state.rewarded ? rewardFor(ctx, published) : 0;
  const before = row && keptState(contentOf(row), isDeleted ? null : next, isConflict);
  if (before) requireRoom(state.revisionBytes, before.bytes);
  const kept = isDeleted ? { ...next, content: '', mood: '', weather: '', images: [], tags: [] } : next;
  const isCommentStale = !isDeleted && row !== null && row.ai_comment !== null && (row.ai_is_stale === 1 || row.content !== kept.content);
  const posted = await postDiary(
    ctx.db,
    ctx,
    request,
    {
      baseRev: state.rev,
      id: row?.id ?? null,
      oldDate: moves ? row.diary_date : null,
      diary: kept,
      checkStatus,
      isDeleted,
      isCommentStale,
      modifiedAt: modifiedAt ?? ctx.now,
      origin: origin ?? null,
      drafts,
      changedDay: unpublished !== null && published !== null ? earliest(unpublished, published) : (unpublished ?? published),
      kept: before,
      restoredId: restoredId ?? null,
      reward,
    },
    ctx.now,
  );
  if (posted.replayed) return null;
  if (isDeleted && row?.ai_image) await remove([row.ai_image]);
  return outcomeOf(
    ctx,
    posted,
    {
      ...kept,
      moodOfDay: state.moodOfDay,
      ...aiPartOf(isDeleted || row === null ? null : { ...row, ai_is_stale: isCommentStale ? 1 : 0 }),
      createdAt: new Date(row?.created_at ?? ctx.now).toISOString(),
      updatedAt: ctx.now.toISOString(),
    },
    isDeleted,
  );
}

const publicText = ({ content, tags, mood, weather }: Change['next']): string => [content, ...tags, mood, weather].join('\n');

type PublicationCheck = ReturnType<typeof publicationCheck>;

/** Checks a text before it is published. A text that is already published unchanged is not checked again, nor is one in a repeated decision. */
function publicationCheck(errand: Errand) {
  const known = new Map<string, CheckStatus>();
  return async (openid: string | null, row: StoredDiary | null, next: Change['next']): Promise<CheckStatus> => {
    const text = publicText(next);
    if (row?.is_draft === 0 && publicText(contentOf(row)) === text) return row.check_status;
    const status = known.get(text) ?? (await statusOf(text, 'diary', openid, errand));
    known.set(text, status);
    return status;
  };
}

export const contentOf = (row: StoredDiary): Change['next'] => {
  const { date, content, mood, weather, images, tags, isDraft } = toDiary(row);
  return { date, content, mood, weather, images, tags, isDraft };
};
