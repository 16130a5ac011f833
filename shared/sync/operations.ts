import type * as z from 'zod';
import { statsOf } from '../diary/change';
import { AppError } from '../errors';
import type { UserContext } from '../runtime/context';
import { takeOfDay } from '../runtime/counters';
import type { MutationResult, SyncOutput, sync } from './contract';
import { oldestContract } from './limits';
import { applyMutations, goesOn, type Sender, type Sent } from './mutations';
import { pull } from './pull';
import { type Known, postAck, selectKnown } from './queries';

export { getHome } from './home';

/** Both directions in one call: applies the client's mutations, each once and in order, then answers the changes after its cursor. */
export async function synchronise(ctx: UserContext, input: z.output<typeof sync.input>): Promise<SyncOutput> {
  const { clientId, contractVersion, ack, cursor, mutations, limit, sentAt, conflictsSeen = null } = input;
  if (contractVersion !== undefined && contractVersion < oldestContract) throw new AppError('UPGRADE_REQUIRED');

  const skewMs = sentAt === undefined ? 0 : ctx.now.getTime() - Date.parse(sentAt);
  const results = await push(ctx, mutations, { clientId, skewMs });
  const { head, changes, cursor: next, hasMore, isReset } = await pull(ctx, cursor, { limit, clientId, ack });
  if (head.hasAcknowledged || conflictsSeen !== null) await postAck(ctx.db, ctx, clientId, ack, conflictsSeen);
  return {
    results,
    changes,
    cursor: next,
    hasMore,
    ...(isReset && { reset: true }),
    user: { points: head.points, ...statsOf(head, ctx.today) },
    serverRev: head.rev,
    serverTime: ctx.now.toISOString(),
  };
}

async function push(ctx: UserContext, mutations: readonly Sent[], sender: { clientId: string; skewMs: number }): Promise<MutationResult[]> {
  const mids = mutations.map(({ mid }) => mid);
  if (mids.length === 0) return [];
  const known = await selectKnown(ctx.db, ctx, sender.clientId, Math.min(...mids), Math.max(...mids));
  return applyWithinDay(ctx, mutations, sender, known);
}

/**
 * New mutations count in the day's window of `write`, as direct writes do; the minute's does not apply, because a phone that was offline for a week
 * sends many at once. What the day has no room for stays in the phone's queue: the first such mutation answers `retry`, and the batch ends.
 */
async function applyWithinDay(ctx: UserContext, mutations: readonly Sent[], sender: Sender, known: Known): Promise<MutationResult[]> {
  const fresh = mutations.filter(({ mid }) => mid > known.lastMid);
  if (fresh.length === 0) return applyMutations(ctx, mutations, sender, known);
  const { taken, ms } = await takeOfDay(ctx.cache, ctx.subject, 'write', fresh.length);
  const next = fresh[taken];
  if (next === undefined) return applyMutations(ctx, mutations, sender, known);
  const admitted = mutations.slice(0, mutations.indexOf(next));
  const results = await applyMutations(ctx, admitted, sender, known);
  if (results.length < admitted.length || !results.every(({ status }) => goesOn[status])) return results;
  const { code, message } = new AppError('RATE_LIMITED');
  return [...results, { mid: next.mid, status: 'retry', code, message, retryAfter: Math.max(1, Math.ceil(ms / 1_000)) }];
}
