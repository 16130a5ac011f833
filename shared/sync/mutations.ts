import type * as z from 'zod';
import type { Contract } from '../contract';
import { appendToDiary } from '../diary/append';
import { append, recordMood as recordMoodContract } from '../diary/contract';
import { recordMood } from '../diary/mood';
import { AppError, errorKinds, fieldError } from '../errors';
import { deduct } from '../points/contract';
import { deductPoints } from '../points/operations';
import { type Request, requestOf } from '../request';
import { requireConsent, waitsForConsent } from '../runtime/consent';
import type { UserContext } from '../runtime/context';
import { fieldErrors } from '../runtime/field-errors';
import { describeError, logLine } from '../runtime/log';
import * as task from '../task/contract';
import { completeTask, createTask, deleteTask, uncompleteTask, updateTask } from '../task/operations';
import { update as updateUser } from '../user/contract';
import { updateProfile } from '../user/operations';
import { DiaryDeletion, DiaryText, type Mutation, type MutationResult, type MutationType } from './contract';
import { putDiary } from './diary-put';
import { type Known, postAnswer, postFailure, requestIdOf, selectAnswer, selectMadeTask, type UnwrittenReceipt } from './queries';

export type Sent = z.output<typeof Mutation>;

/** What all mutations of one call share. */
export interface Sender {
  clientId: string;
  /** Milliseconds by which the server's clock is ahead of the device's. */
  skewMs: number;
}

type Effect = Omit<MutationResult, 'mid'>;

/** A validated mutation. */
type Prepared = (ctx: UserContext, request: Request) => Promise<Effect>;

const parsed = <In extends z.ZodObject>(input: In, args: unknown): z.output<In> => {
  const result = input.safeParse(args, { reportInput: true });
  if (!result.success) throw new AppError('INVALID_INPUT', { details: fieldErrors(result.error) });
  return result.data;
};

type Action<In extends z.ZodObject> = Pick<Contract<'user', In>, 'input' | 'needsConsent'>;
type Run<In extends z.ZodObject> = (ctx: UserContext, input: z.output<In>, request: Request) => Promise<Omit<Effect, 'status'>>;

/** A mutation that runs a direct call's operation; `points` is the balance after it. A phone's queue belongs to its own child. */
const call =
  <In extends z.ZodObject>({ input, needsConsent }: Action<In>, run: Run<In>) =>
  ({ args }: Sent): Prepared => {
    if (args.childId !== undefined) throw fieldError('childId', '离线修改只能属于自己');
    const asked = parsed(input, args);
    return async (ctx, request) => {
      if (needsConsent) await requireConsent(ctx, asked);
      return { status: 'applied', ...(await run(ctx, asked, request)) };
    };
  };

/** As `call`, for a task that may be referred to by the mutation that made it. */
const callOnTask =
  <In extends z.ZodObject>(action: Action<In>, run: Run<In>) =>
  (sent: Sent, sender: Sender): Prepared => {
    const { ref, ...others } = sent.args;
    if (typeof ref !== 'number') return call(action, run)(sent);
    return async (ctx, request) => {
      const id = await selectMadeTask(ctx.db, ctx.userId, requestIdOf(sender.clientId, ref));
      if (id === null) throw new AppError('NOT_FOUND');
      return call(action, run)({ ...sent, args: { ...others, id } })(ctx, request);
    };
  };

/** When a mutation was written, by the server's clock and never in the future. DATETIME does not hold every year that a device may report. */
const writtenAtOf = (modifiedAt: string, skewMs: number, now: Date): Date =>
  new Date(Math.min(Math.max(Date.parse(modifiedAt) + skewMs, 0), now.getTime()));

const kinds: Record<MutationType, (sent: Sent, sender: Sender) => Prepared> = {
  'diary.put': ({ mid, args, baseRev, prev, policy, modifiedAt }, { clientId, skewMs }) => {
    const wanted = 'deleted' in args ? parsed(DiaryDeletion, args) : parsed(DiaryText, args);
    return async (ctx, request) => {
      if (!('deleted' in wanted)) await requireConsent(ctx, wanted);
      const writtenAt = writtenAtOf(modifiedAt, skewMs, ctx.now);
      return putDiary(ctx, request, { wanted, clientId, mid, baseRev, prev, policy, modifiedAt: writtenAt });
    };
  },
  'diary.append': ({ mid, args, modifiedAt }, { clientId, skewMs }) => {
    const asked = parsed(append.input.required({ date: true }), args);
    return async (ctx, request) => {
      await requireConsent(ctx, asked);
      const when = { writtenAt: writtenAtOf(modifiedAt, skewMs, ctx.now), origin: { client: clientId, mutation: mid } };
      const { diary, reward } = await appendToDiary(ctx, asked, request, when);
      return { status: 'applied', row: diary, ...(reward && { points: reward.balance }) };
    };
  },
  'diary.recordMood': call(recordMoodContract, async (ctx, input, request) => {
    const { points } = await recordMood(ctx, input, request);
    return points ? { points: points.balance } : {};
  }),
  'task.create': call(task.create, async (ctx, input, request) => ({ row: (await createTask(ctx, input, request)).task })),
  'task.update': callOnTask(task.update, async (ctx, input, request) => ({ row: (await updateTask(ctx, input, request)).task })),
  'task.complete': callOnTask(task.complete, async (ctx, input, request) => {
    const { task, points } = await completeTask(ctx, input, request);
    return { row: task, points: points.balance };
  }),
  'task.uncomplete': callOnTask(task.uncomplete, async (ctx, input, request) => {
    const { task, points } = await uncompleteTask(ctx, input, request);
    return { row: task, points: points.balance };
  }),
  'task.delete': callOnTask(task.remove, async (ctx, input, request) => ({
    deleted: (await deleteTask(ctx, input, request)).deleted,
  })),
  'points.deduct': call(deduct, async (ctx, input, request) => {
    const { record, points } = await deductPoints(ctx, input, request);
    return { row: record, points };
  }),
  'user.update': call(updateUser, async (ctx, input, request) => ({ row: await updateProfile(ctx, input, request) })),
};

const isKnownType = (type: string): type is MutationType => Object.hasOwn(kinds, type);

function prepare(sent: Sent, sender: Sender): Prepared {
  if (!isKnownType(sent.type)) throw new AppError('INVALID_INPUT', { details: [{ path: 'type', message: '不支持的修改' }] });
  return kinds[sent.type](sent, sender);
}

/** Hash of the content as it was sent, so that a later version of the contract computes the same. */
const requestFor = ({ clientId }: Sender, { mid, type, ...content }: Sent): Request =>
  requestOf({ action: type, requestId: requestIdOf(clientId, mid) }, content);

/** Statuses after which the batch continues. */
export const goesOn: Record<MutationResult['status'], boolean> = {
  applied: true,
  conflict: true,
  rejected: true,
  retry: false,
  stale: false,
  gap: false,
};

/** Time reserved for the pull after the mutations, in milliseconds. */
const PULL_MS = 2_000;

/** Applies the mutations in order, each at most once, and stops where going on would break the order. */
export async function applyMutations(
  ctx: UserContext,
  mutations: readonly Sent[],
  sender: Sender,
  known: Known,
): Promise<MutationResult[]> {
  const results: MutationResult[] = [];
  let { lastMid } = known;
  for (const sent of mutations) {
    if (results.length > 0 && Date.now() > ctx.deadline - PULL_MS) break;
    const result =
      sent.mid > lastMid + 1 ? { mid: sent.mid, status: 'gap' as const, expected: lastMid + 1 } : await apply(ctx, sent, sender, known);
    results.push(result);
    if (!goesOn[result.status]) break;
    lastMid = Math.max(lastMid, sent.mid);
  }
  return results;
}

async function apply(ctx: UserContext, sent: Sent, sender: Sender, known: Known): Promise<MutationResult> {
  const { mid } = sent;
  const request = requestFor(sender, sent);
  const remembered = recall(mid, request, known);
  if (remembered) return remembered;
  const replayed = mid <= known.lastMid && { replayed: true as const };
  try {
    return { mid, ...(await prepare(sent, sender)(ctx, request)), ...replayed };
  } catch (error) {
    return { ...(await settle(ctx, request, mid, error)), ...replayed };
  }
}

/** The answer to a mid that was used before, if it can be given without a lookup; null where a lookup is needed, or the mid is new. */
function recall(mid: number, { hash }: Request, { lastMid, answers }: Known): MutationResult | null {
  if (mid > lastMid) return null;
  const known = answers.get(mid);
  if (!known?.hash.equals(hash)) return { mid, status: 'stale' };
  return known.isForgotten ? { mid, status: 'applied', replayed: true } : null;
}

/** The mid was answered, or its request was removed, after the batch began. */
async function recallAgain(ctx: UserContext, request: Request, mid: number): Promise<MutationResult> {
  const known = await selectAnswer(ctx.db, ctx.userId, request.requestId);
  return (known && recall(mid, request, { lastMid: mid, answers: new Map([[mid, known]]) })) ?? { mid, status: 'stale' };
}

/** The result of a mutation that failed: final, or `retry`. */
async function settle(ctx: UserContext, request: Request, mid: number, error: unknown): Promise<MutationResult> {
  if (!(error instanceof AppError)) return countFailure(ctx, request, mid, error);
  if (error.code === 'IDEMPOTENCY_MISMATCH') return recallAgain(ctx, request, mid);
  if (errorKinds[error.code].retryable || error.code === 'UNAUTHENTICATED') throw error;
  if (waitsForConsent(error)) return { mid, status: 'retry', code: error.code, message: error.message };
  return refuse(ctx, request, mid, error);
}

const FAILURES_ALLOWED = 2;

async function countFailure(ctx: UserContext, request: Request, mid: number, error: unknown): Promise<MutationResult> {
  logLine('error', { action: ctx.action, requestId: ctx.requestId, code: 'INTERNAL', causes: describeError(error) });
  const { failures } = await postFailure(ctx.db, ctx, request.requestId, ctx.now);
  return failures > FAILURES_ALLOWED ? refuse(ctx, request, mid, new AppError('INTERNAL')) : { mid, status: 'retry' };
}

/** Rejects for good. When the mutation already has an answer, that answer is given. */
async function refuse(ctx: UserContext, request: Request, mid: number, refusal: AppError): Promise<MutationResult> {
  try {
    const receipt: UnwrittenReceipt = { refused: refusal.code };
    const posted = await postAnswer(ctx.db, ctx, request, {}, receipt, ctx.now);
    // The receipt is no refusal: an earlier call applied the mutation.
    if ('isConflict' in posted && posted.isConflict) return { mid, status: 'conflict', replayed: true };
    if (posted.replayed) return { mid, status: 'applied', replayed: true };
    return { mid, status: 'rejected', ...refusal.toBody() };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'IDEMPOTENCY_MISMATCH') return recallAgain(ctx, request, mid);
    if (errorKinds[error.code].retryable || error.code === 'UNAUTHENTICATED') throw error;
    return { mid, status: 'rejected', ...error.toBody() };
  }
}
