import type * as z from 'zod';
import { statsOf } from '../diary/change';
import { AppError } from '../errors';
import type { UserContext } from '../runtime/context';
import type { MutationResult, SyncOutput, sync } from './contract';
import { oldestContract } from './limits';
import { applyMutations, type Sent } from './mutations';
import { pull } from './pull';
import { postAck, selectKnown } from './queries';

export { getHome } from './home';

/** Both directions in one call: the client's mutations, each applied once and in order, then what changed after its cursor. */
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
  return applyMutations(ctx, mutations, sender, known);
}
