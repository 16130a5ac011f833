import { addDays, earliest } from '../clock';
import type { Stats } from '../contract';
import { AppError, fieldError } from '../errors';
import type { Request } from '../request';
import { config } from '../runtime/config';
import type { Errand, UserContext } from '../runtime/context';
import { Moved } from '../runtime/mysql';
import { type CheckStatus, isChecking, statusOf } from '../safety/check';
import { remove } from '../storage/storage';
import { contentHash } from '../sync/content-hash';
import type { Diary, Written } from './contract';
import { type DiaryState, postDiary, postNewDay, type StoredDiary, selectDiaryState, toDiary } from './queries';
import { currentStreak, type Streak } from './streak';

export { type DiaryState, type StoredDiary, toDiary } from './queries';

/** What is to become of one diary. */
export interface Change {
  /** The living row it changes; null makes a new one. */
  row: StoredDiary | null;
  next: Pick<Diary, 'date' | 'content' | 'mood' | 'weather' | 'images' | 'tags' | 'isDraft'>;
  isDeleted: boolean;
  /** The content check has already refused what stands there. */
  isUnfit?: boolean;
  /** The row's text loses a conflict: it is kept as a revision, as is a published one that a refused text takes the place of. */
  keepsOld?: boolean;
  modifiedAt?: Date;
  origin?: { client: string; mutation: number };
}

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

/**
 * The one way a diary is written. Reads what the decision rests on, lets `decide` judge, works out the reward, and posts all of it in
 * one call, which counts the streak; when the user's data moved in between, it is read and decided again. Direct calls and sync both come through here.
 * Where nothing is to be changed, `decide` gives what is to be posted in its place. A `fresh` text is posted without a look, where it can be.
 */
export async function changeDiary<Other extends object = never>(
  ctx: UserContext,
  request: Request,
  target: { id?: number; date?: string },
  decide: (state: DiaryState) => Change | (() => Promise<Other>),
  fresh?: Change['next'],
): Promise<Outcome | Other> {
  const check = publicationCheck(ctx);
  const first = fresh && (await postFresh(ctx, request, fresh, check));
  if (first) return first;
  for (;;) {
    const state = await selectDiaryState(ctx.db, ctx, request.requestId, target);
    await ctx.admitted;
    if (state.request) return replay<Outcome | Other>(state.request, request);
    const decision = decide(state);
    try {
      return await (typeof decision === 'function' ? decision() : post(ctx, request, state, decision, check));
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      if (Date.now() >= ctx.deadline) throw new AppError('UNAVAILABLE', { cause: error });
    }
  }
}

/** Only today's diary and yesterday's are paid for. */
const rewardFor = ({ today }: UserContext, day: string): number => (day >= addDays(today, -1) ? config().diaryReward : 0);

/** The first text of a day, the usual case. Null when it is not that, or something stands in the way: then it is decided by what is there. */
async function postFresh(ctx: UserContext, request: Request, next: Change['next'], check: PublicationCheck): Promise<Outcome | null> {
  if (next.isDraft || next.content.trim() === '') return null;
  if (isChecking() && ctx.openid === null) return null;
  await ctx.admitted;
  const checkStatus = await check(ctx.openid, null, next);
  if (checkStatus === 'rejected') return null;
  const reward = rewardFor(ctx, next.date);
  const now = ctx.now.toISOString();
  const outcome: Outcome = {
    diary: { ...next, id: 0, aiComment: null, aiImage: null, version: 0, createdAt: now, updatedAt: now },
    stats: { totalDiaries: 0, continuousDays: 0, longestStreak: 0, lastDiaryDate: next.date },
    reward: reward > 0 ? { points: reward, balance: 0 } : null,
    isDeleted: false,
    isRejected: false,
  };
  try {
    return await postNewDay(ctx.db, ctx.userId, request, { diary: next, checkStatus, reward }, outcome, ctx);
  } catch (error) {
    if (error instanceof Moved) return null;
    throw error;
  }
}

function replay<Answer>(stored: { hash: Buffer; response: string }, request: Request): Answer {
  if (!stored.hash.equals(request.hash)) throw new AppError('IDEMPOTENCY_MISMATCH');
  return JSON.parse(stored.response) as Answer;
}

async function post(
  ctx: UserContext,
  request: Request,
  state: DiaryState,
  { row, next: wanted, isDeleted, isUnfit = false, keepsOld = false, modifiedAt, origin }: Change,
  check: PublicationCheck,
): Promise<Outcome> {
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
  const rev = state.rev + 1;
  const now = ctx.now.toISOString();
  const kept = isDeleted ? { ...next, content: '', mood: '', weather: '', images: [], tags: [] } : next;
  const outcome: Outcome = {
    diary: {
      ...kept,
      id: row?.id ?? rev,
      aiComment: isDeleted ? null : (row?.ai_comment ?? null),
      aiImage: isDeleted ? null : (row?.ai_image ?? null),
      version: rev,
      createdAt: row ? new Date(row.created_at).toISOString() : now,
      updatedAt: now,
    },
    stats: statsOf(state, ctx.today),
    reward: reward > 0 ? { points: reward, balance: state.points + reward } : null,
    isDeleted,
    isRejected,
  };
  const answer = await postDiary(
    ctx.db,
    ctx.userId,
    request,
    {
      baseRev: state.rev,
      id: row?.id ?? null,
      oldDate: moves ? row.diary_date : null,
      diary: kept,
      checkStatus,
      isDeleted,
      modifiedAt: modifiedAt ?? ctx.now,
      origin: origin ?? null,
      drafts,
      changedDay: unpublished !== null && published !== null ? earliest(unpublished, published) : (unpublished ?? published),
      keptHash: row !== null && (keepsOld || (isRejected && !isUnfit && wasPublished)) ? contentHash(contentOf(row)) : null,
      reward,
    },
    outcome,
    ctx,
  );
  if (isDeleted && row?.ai_image) await remove([row.ai_image]);
  return answer;
}

const publicText = ({ content, tags, mood, weather }: Change['next']): string => [content, ...tags, mood, weather].join('\n');

type PublicationCheck = ReturnType<typeof publicationCheck>;

/** Has a text checked that is about to be published. What stands published with the same text is not asked about again, nor is a decision made anew. */
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
