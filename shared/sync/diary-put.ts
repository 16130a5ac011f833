import {
  changeDiary,
  contentOf,
  type DiaryReceipt,
  type DiaryState,
  isAlive,
  type Replay,
  rewardIn,
  selectDiaryByDate,
  toDiary,
} from '../diary/change';
import type { Diary } from '../diary/contract';
import { requireWritable } from '../diary/writable';
import { errorKinds } from '../errors';
import type { Request } from '../request';
import type { UserContext } from '../runtime/context';
import { Moved } from '../runtime/mysql';
import { judge, type Put } from './conflict';
import { contentHash } from './content-hash';
import type { DiaryPut, MutationResult } from './contract';
import { type PutReceipt, postAnswer, requestIdOf, selectMetVersion } from './queries';
import type { Revision } from './revisions';

/** The receipt of a put that wrote nothing. */
interface Unwritten {
  isConflict: boolean;
  /** The diary that the put found; null for none. */
  diary: Diary | null;
}

type Effect = Pick<MutationResult, 'status' | 'row' | 'deleted' | 'points' | 'code' | 'message'>;

/** Writes or deletes the diary of a date as a client asks, unless it conflicts with a version that the client has not seen. */
export async function putDiary(ctx: UserContext, request: Request, put: Put & { mid: number }): Promise<Effect> {
  const { wanted, clientId, mid, modifiedAt } = put;
  // The author has also seen the version that the put `prev` found unchanged. It is read only where it could change the verdict.
  let metVersion = put.prev === 0 ? 0 : null;
  const target = { date: wanted.date, ...(await movedDiary(ctx, wanted)) };
  const outcome = await changeDiary<Unwritten, PutReceipt>(ctx, request, target, (state) => {
    requireWritable(ctx, wanted);
    const row = isAlive(state.byId) ? state.byId : isAlive(state.byDate) ? state.byDate : null;
    const isTaken = isAlive(state.byId) && isAlive(state.byDate) && state.byDate.id !== state.byId.id;
    const seen = {
      ...put,
      wanted: 'deleted' in wanted ? wanted : textOf(wanted),
      baseRev: Math.max(believable(put.baseRev, state), metVersion ?? 0),
    };
    const verdict = isTaken ? 'lose' : judge(row ?? state.byDate, seen);
    if (metVersion === null && !isTaken && (verdict === 'lose' || verdict === 'replace')) {
      return async () => {
        metVersion = await selectMetVersion(ctx.db, ctx.userId, requestIdOf(clientId, put.prev));
        throw new Moved();
      };
    }
    if (verdict === 'same' || verdict === 'lose') {
      const isConflict = verdict === 'lose';
      const revision = isConflict ? lostText(put) : null;
      const standing = isTaken ? state.byDate : row;
      return async () => {
        const receipt = { isConflict, version: standing?.content_rev ?? 0 };
        const posted = await postAnswer(ctx.db, ctx, request, { baseRev: state.rev, revision }, receipt, ctx.now);
        return posted.replayed ? null : { isConflict, diary: standing && toDiary(standing) };
      };
    }
    // The remaining verdicts write. A new verdict does not compile until it is handled here or above.
    const isConflict = (verdict satisfies 'write' | 'replace') === 'replace';
    const change = { row, isConflict, modifiedAt, origin: { client: clientId, mutation: mid } };
    if (!('deleted' in wanted)) return { ...change, next: textOf(wanted), isDeleted: false };
    return { ...change, next: row === null ? blank(wanted.date) : contentOf(row), isDeleted: true };
  });
  if ('receipt' in outcome) return putBefore(outcome);
  if ('isConflict' in outcome) return { status: outcome.isConflict ? 'conflict' : 'applied', ...shown(outcome.diary) };
  const { diary, reward, isDeleted, isRejected } = outcome;
  return { status: 'applied', ...shown(isDeleted ? null : diary), ...(reward && { points: reward.balance }), ...unfit(isRejected) };
}

/** The answer to a replayed put: verdict and balance of the first time, with the diary of the date as it is now. */
function putBefore({ receipt, state }: Replay<DiaryReceipt | PutReceipt>): Effect {
  const now = shown(isAlive(state.byDate) ? toDiary(state.byDate) : null);
  if ('isConflict' in receipt) return { status: receipt.isConflict ? 'conflict' : 'applied', ...now };
  const reward = rewardIn(receipt);
  return { status: 'applied', ...now, ...(reward && { points: reward.balance }), ...unfit(receipt.isRejected) };
}

const unfit = (isRejected: boolean): Pick<Effect, 'code' | 'message'> =>
  isRejected ? { code: 'CONTENT_REJECTED', message: errorKinds.CONTENT_REJECTED.message } : {};

/** The diary of `movedFrom`; null when the put is no move, or that day has no diary. */
async function movedDiary(ctx: UserContext, wanted: DiaryPut): Promise<{ id?: number }> {
  if ('deleted' in wanted || wanted.movedFrom === undefined || wanted.movedFrom === wanted.date) return {};
  const row = await selectDiaryByDate(ctx.db, ctx, wanted.movedFrom);
  return row === null ? {} : { id: row.id };
}

/** The content of a put, without `movedFrom`. */
function textOf(wanted: Exclude<DiaryPut, { deleted: true }>): Omit<typeof wanted, 'movedFrom'> {
  const { movedFrom: _, ...text } = wanted;
  return text;
}

/** Ignores a rev that the server never issued (restored database, broken client): it does not prove that the client saw the stored version. */
const believable = (baseRev: number, { rev }: DiaryState): number => (baseRev > rev ? 0 : baseRev);

const shown = (diary: Diary | null): Pick<Effect, 'row' | 'deleted'> => (diary === null ? { deleted: true } : { row: diary });

const blank = (date: string) => ({ date, content: '', mood: '', weather: '', images: [], tags: [], isDraft: true });

const lostText = ({ wanted, modifiedAt }: Put): Revision | null =>
  'deleted' in wanted ? null : { ...textOf(wanted), reason: 'conflict', hash: contentHash(wanted), isUnread: true, modifiedAt };
