import type { Errand, SystemContext } from '../runtime/context';
import { type Lease, postJobHold } from './queries';

/** A request that a dead worker sent has arrived by then, or never will. Only then may another worker look for it and ask again. */
export const SETTLING_MS = 5_000;
/** Part of a call's time that is reserved for storing how a job ended. */
export const ENDING_MS = 1_000;

/** One worker: its identity and its deadline, which may be earlier than the call's. A job that is unfinished by then is continued later. */
export interface Desk extends Errand {
  ctx: SystemContext;
  /** The current business time: the call's time plus what has passed since. */
  now(): Date;
}

export function deskOf(ctx: SystemContext, deadline: number): Desk {
  const startedAt = Date.now();
  return { ctx, requestId: ctx.requestId, deadline, now: () => new Date(ctx.now.getTime() + Date.now() - startedAt) };
}

export const after = (desk: Desk, ms: number): Date => new Date(desk.now().getTime() + ms);

/** No request is sent after the deadline. */
export const leaseMs = ({ deadline, ctx }: Desk): number => Math.max(deadline, ctx.deadline) - Date.now() + SETTLING_MS;

/** The lease has passed to another worker, who continues alone. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export async function hold(desk: Desk, lease: Lease, note: Parameters<typeof postJobHold>[2]): Promise<void> {
  if (!(await postJobHold(desk.ctx.db, lease, note))) throw new LeaseLost();
}
