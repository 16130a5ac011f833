import type { Here } from '../account/here';
import { isNoAnswer } from '../platform/error';
import { toInstant } from '../platform/text';
import type { Seen } from '../types';

/** Network first; where it fails, the cached data. Without cached data it rejects with the failure: never an empty list. */
export async function quietly<Answer extends object>(
  here: Here,
  ask: () => Promise<Answer>,
  local: () => Answer | null,
): Promise<Answer & Seen> {
  const fromPhone = (): (Answer & Seen) | null => {
    const kept = local();
    return kept && { ...kept, source: 'cache', at: here.meta.get().syncedAt };
  };
  const atOnce = here.phone.isOnline() ? null : fromPhone();
  if (atOnce) {
    // The phone may be wrong about being offline: the network is tried, but not waited for.
    here.refresh({ prefer: 'cache' });
    return atOnce;
  }
  try {
    return { ...(await ask()), source: 'network', at: toInstant(here.phone.now()) };
  } catch (error) {
    const kept = isNoAnswer(error) ? fromPhone() : null;
    if (kept === null) throw error;
    return kept;
  }
}

/** Added to cached answers when rows of the kind were evicted or cannot be read. */
export const partOf = ({ cache }: Here, kind: 'task' | 'record' | 'draw'): { partial?: true } =>
  cache.hasGaps(kind) ? { partial: true } : {};
