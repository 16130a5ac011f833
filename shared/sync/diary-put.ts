import { changeDiary, contentOf, type DiaryState, isAlive, toDiary } from '../diary/change';
import type { Diary } from '../diary/contract';
import { requireWritable } from '../diary/operations';
import { AppError, type ErrorCode, errorKinds } from '../errors';
import type { Request } from '../request';
import type { UserContext } from '../runtime/context';
import { Moved } from '../runtime/mysql';
import { judge, type Put } from './conflict';
import { contentHash } from './content-hash';
import type { MutationResult } from './contract';
import { postAnswer, type Revision, requestIdOf, selectMetVersion } from './queries';

/** What is remembered of a put that changed nothing. */
interface Unchanged {
  isConflict: boolean;
  /** What stands. */
  diary: Diary | null;
}

type Effect = Pick<MutationResult, 'status' | 'row' | 'deleted' | 'points' | 'code' | 'message'>;

/** Writes or deletes the diary of a date as a client wants it, unless what it had not seen speaks against it. */
export async function putDiary(ctx: UserContext, request: Request, put: Put & { mid: number }): Promise<Effect> {
  const { wanted, clientId, mid, modifiedAt } = put;
  // Its author has also seen what `prev` found standing as they wanted it. Looked up only where that could change the verdict.
  let metVersion = put.prev === 0 ? 0 : null;
  const outcome = await changeDiary<Unchanged | { refused: ErrorCode }>(ctx, request, { date: wanted.date }, (state) => {
    requireWritable(ctx, wanted);
    const row = isAlive(state.byDate) ? state.byDate : null;
    const verdict = judge(state.byDate, { ...put, baseRev: Math.max(believable(put.baseRev, state), metVersion ?? 0) });
    if (metVersion === null && (verdict === 'lose' || verdict === 'replace')) {
      return async () => {
        metVersion = await selectMetVersion(ctx.db, ctx.userId, requestIdOf(clientId, put.prev));
        throw new Moved();
      };
    }
    if (verdict === 'same' || verdict === 'lose') {
      const isConflict = verdict === 'lose';
      const revision = isConflict ? lostText(put) : null;
      const answer: Unchanged = { isConflict, diary: row && toDiary(row) };
      return () => postAnswer(ctx.db, ctx.userId, request, { baseRev: state.rev, revision }, answer, ctx.now);
    }
    // What is left writes: a new verdict does not compile before it has its place here or above.
    const keepsOld = (verdict satisfies 'write' | 'replace') === 'replace';
    const change = { row, keepsOld, modifiedAt, origin: { client: clientId, mutation: mid } };
    if (!('deleted' in wanted)) return { ...change, next: wanted, isDeleted: false };
    return { ...change, next: row === null ? blank(wanted.date) : contentOf(row), isDeleted: true };
  });
  if ('refused' in outcome) throw new AppError(outcome.refused);
  if ('isConflict' in outcome) return { status: outcome.isConflict ? 'conflict' : 'applied', ...shown(outcome.diary) };
  const { diary, reward, isDeleted, isRejected } = outcome;
  const unfit = isRejected ? { code: 'CONTENT_REJECTED', message: errorKinds.CONTENT_REJECTED.message } : {};
  return { status: 'applied', ...shown(isDeleted ? null : diary), ...(reward && { points: reward.balance }), ...unfit };
}

/** A rev that the server never gave (a restored database, a broken client) proves no knowledge of what stands. */
const believable = (baseRev: number, { rev }: DiaryState): number => (baseRev > rev ? 0 : baseRev);

const shown = (diary: Diary | null): Pick<Effect, 'row' | 'deleted'> => (diary === null ? { deleted: true } : { row: diary });

const blank = (date: string) => ({ date, content: '', mood: '', weather: '', images: [], tags: [], isDraft: true });

const lostText = ({ wanted, modifiedAt }: Put): Revision | null =>
  'deleted' in wanted ? null : { ...wanted, reason: 'lost', hash: contentHash(wanted), isUnread: true, modifiedAt };
