import type { Errand, SystemContext } from '../runtime/context';
import { type Lease, postJobHold } from './queries';

/** What a worker sent before it died or gave up has arrived by then, or never will: only then may anyone look for it, and ask again. */
export const SETTLING_MS = 5_000;
/** Kept back of a call's time for writing down how a job ended. */
export const ENDING_MS = 1_000;

/** A worker's place. Its deadline may come before the call's: what is not ready by then is left to be gone on with. */
export interface Desk extends Errand {
  ctx: SystemContext;
  /** The business time: the call's clock, moving. */
  now(): Date;
}

export function deskOf(ctx: SystemContext, deadline: number): Desk {
  const startedAt = Date.now();
  return { ctx, requestId: ctx.requestId, deadline, now: () => new Date(ctx.now.getTime() + Date.now() - startedAt) };
}

export const after = (desk: Desk, ms: number): Date => new Date(desk.now().getTime() + ms);

/** Nothing is sent after the deadline. */
export const leaseMs = ({ deadline, ctx }: Desk): number => Math.max(deadline, ctx.deadline) - Date.now() + SETTLING_MS;

/** Someone else holds the lease now, and goes on alone. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export async function hold(desk: Desk, lease: Lease, note: Parameters<typeof postJobHold>[2]): Promise<void> {
  if (!(await postJobHold(desk.ctx.db, lease, note))) throw new LeaseLost();
}
