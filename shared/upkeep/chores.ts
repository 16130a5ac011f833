import { AppError } from '../errors';
import type { SystemContext } from '../runtime/context';
import { describeError, logLine } from '../runtime/log';
import { countEvent } from '../runtime/metrics';

/** The name under which failed chores are counted for the monitor. */
export const CHORES = 'upkeep.chores';

/** Reports that a part of a timer's work failed: in the log, and in the counts that the monitor's rule reads. */
export function noteFailure({ requestId, now }: Pick<SystemContext, 'requestId' | 'now'>, chore: string, error: unknown): void {
  logLine('error', { what: chore, requestId, causes: describeError(error) });
  countEvent(CHORES, `failed:${chore}`, now);
}

/** Runs chores one after the other. A failed chore is reported and the next ones still run. Answers the names of the failed ones. */
export async function runChores(ctx: SystemContext, chores: Readonly<Record<string, () => Promise<unknown>>>): Promise<string[]> {
  const failed: string[] = [];
  for (const [chore, run] of Object.entries(chores)) {
    try {
      await run();
    } catch (error) {
      noteFailure(ctx, chore, error);
      failed.push(chore);
    }
  }
  return failed;
}

/** Throws INTERNAL with the names of the failed chores in `details`. */
export function requireDone(failed: readonly string[]): void {
  if (failed.length === 0) return;
  throw new AppError('INTERNAL', { details: failed.map((path) => ({ path, message: '这一部分没有完成' })) });
}
