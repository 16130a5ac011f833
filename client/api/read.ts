import type { Here } from '../account/here';
import { GrowthDiaryError } from '../platform/error';
import { toInstant } from '../platform/text';
import type { Seen } from '../types';

/** Whether what the phone has may stand in for this failure: an answer that was never given, but not a refusal. */
const isNoAnswer = (error: unknown): boolean =>
  error instanceof GrowthDiaryError && (error.retryable || error.code === 'INTERNAL' || error.code === 'UPGRADE_REQUIRED');

/** The network first; where it does not answer, what this phone has. When it has nothing either, the failure: never an empty list. */
export async function quietly<Answer extends object>(
  here: Here,
  ask: () => Promise<Answer>,
  local: () => Answer | null,
): Promise<Answer & Seen> {
  let failure: unknown = new GrowthDiaryError('UNAVAILABLE');
  if (here.phone.isOnline()) {
    try {
      return { ...(await ask()), source: 'network', at: toInstant(here.phone.now()) };
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
      failure = error;
    }
  }
  const kept = local();
  if (kept === null) throw failure;
  return { ...kept, source: 'cache', at: here.meta.get().syncedAt };
}
