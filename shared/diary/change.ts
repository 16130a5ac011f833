import { addDays } from '../clock';
import type { Stats } from '../contract';
import { AppError, fieldError } from '../errors';
import type { Request } from '../request';
import { config } from '../runtime/config';
import type { UserContext } from '../runtime/context';
import { Moved } from '../runtime/mysql';
import { contentHash } from '../sync/content-hash';
import type { Diary, Written } from './contract';
import { type DiaryState, postDiary, recountStreak, type StoredDiary, selectDiaryState, toDiary } from './queries';
import { appendDay, currentStreak, type Streak } from './streak';

/** What is to become of one diary. */
export interface Change {
  /** The living row it changes; null makes a new one. */
  row: StoredDiary | null;
  next: Pick<Diary, 'date' | 'content' | 'mood' | 'weather' | 'images' | 'tags' | 'isDraft'>;
  isDeleted: boolean;
  /** The row's text loses a conflict: it is kept as a revision. */
  keepsOld?: boolean;
  modifiedAt?: Date;
  origin?: { client: string; mutation: number };
}

export interface Outcome extends Written {
  isDeleted: boolean;
}

export const isAlive = (row: StoredDiary | null): row is StoredDiary => row !== null && row.deleted_at === null;

export const statsOf = (streak: Streak, today: string): Stats => ({
  totalDiaries: streak.total,
  continuousDays: currentStreak(streak, today),
  longestStreak: streak.longest,
  lastDiaryDate: streak.last,
});

/**
 * The one way a diary is written. Reads what the decision rests on, lets `decide` judge, works out streak and reward, and posts all of it in
 * one call; when the user's data moved in between, it is read and decided again. Direct calls and sync both come through here.
 * Where nothing is to be changed, `decide` gives what is to be posted in its place.
 */
export async function changeDiary<Other extends object = never>(
  ctx: UserContext,
  request: Request,
  target: { id?: number; date?: string },
  decide: (state: DiaryState) => Change | (() => Promise<Other>),
): Promise<Outcome | Other> {
  for (;;) {
    const state = await selectDiaryState(ctx.db, ctx.userId, request.id, target);
    if (state === null) throw new AppError('UNAUTHENTICATED');
    if (state.request) return replay<Outcome | Other>(state.request, request);
    const decision = decide(state);
    try {
      return await (typeof decision === 'function' ? decision() : post(ctx, request, state, decision));
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      if (Date.now() >= ctx.deadline) throw new AppError('UNAVAILABLE', { cause: error });
    }
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
  { row, next, isDeleted, keepsOld = false, modifiedAt, origin }: Change,
): Promise<Outcome> {
  const wasDraft = row?.is_draft === 1;
  const wasPublished = row !== null && !wasDraft;
  const willBePublished = !isDeleted && !next.isDraft;
  if (willBePublished && next.content.trim() === '') throw fieldError('content', '写点内容再发布吧');

  const moves = row !== null && row.diary_date !== next.date;
  const unpublished = wasPublished && (!willBePublished || moves) ? row.diary_date : null;
  const published = willBePublished && (!wasPublished || moves) ? next.date : null;
  const streak = await streakAfter(ctx, state, unpublished, published);
  const drafts = state.drafts - (wasDraft ? 1 : 0) + (!isDeleted && next.isDraft ? 1 : 0);

  const isRecent = published !== null && published >= addDays(ctx.today, -1);
  const reward = isRecent && !state.rewarded ? config().diaryReward : 0;
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
      createdAt: row?.created_at.toISOString() ?? now,
      updatedAt: now,
    },
    stats: statsOf(streak, ctx.today),
    reward: reward > 0 ? { points: reward, balance: state.points + reward } : null,
    isDeleted,
  };
  return postDiary(
    ctx.db,
    ctx.userId,
    request,
    {
      baseRev: state.rev,
      id: row?.id ?? null,
      oldDate: moves ? row.diary_date : null,
      diary: kept,
      isDeleted,
      modifiedAt: modifiedAt ?? ctx.now,
      origin: origin ?? null,
      streak,
      drafts,
      keptHash: keepsOld && row !== null ? contentHash(contentOf(row)) : null,
      reward,
    },
    outcome,
    ctx.now,
  );
}

async function streakAfter(ctx: UserContext, stored: Streak, unpublished: string | null, published: string | null): Promise<Streak> {
  if (unpublished === null && published === null) return stored;
  if (unpublished === null && published !== null && (stored.last === null || published > stored.last)) return appendDay(stored, published);
  return recountStreak(ctx.db, ctx.userId, unpublished, published);
}

export const contentOf = (row: StoredDiary): Change['next'] => {
  const { date, content, mood, weather, images, tags, isDraft } = toDiary(row);
  return { date, content, mood, weather, images, tags, isDraft };
};
