import type { ReadOptions, Seen } from '../types';
import type { Here, Phone } from './here';

/** How long a page waits for the network before it shows what the phone has. */
const READ_PATIENCE_MS = 3_000;
const FRESH_MS = 5_000;

/** Times of the last request and the last answer, in epoch milliseconds of the phone's clock. */
export interface Freshness {
  askedAt: number;
  refreshedAt: number;
}

/** When the clock was set back, everything counts as old. */
const isOld = (at: number, nowMs: number): boolean => nowMs < at || nowMs - at >= FRESH_MS;

type Parts = Pick<Here, 'phone' | 'meta' | 'sync'> & { freshness: Freshness; catchUp(): void };

/** Syncs before a page reads, unless a sync was made or tried very recently. */
export async function refresh({ phone, meta, sync, freshness, catchUp }: Parts, { prefer }: ReadOptions = {}): Promise<Seen> {
  catchUp();
  const from = (source: Seen['source']): Seen => ({ source, at: meta.get().syncedAt });
  const wasAskedLately = !isOld(freshness.askedAt, phone.now());
  if (prefer === 'cache') {
    // A page that reads again after each sync must not start the next one.
    if (!wasAskedLately) sync.wake();
    return from('cache');
  }
  if (!isOld(freshness.refreshedAt, phone.now()) && meta.get().complete) return from('cache');
  // After a failure only the timer retries: otherwise a page that reads at each change would request without end.
  const isVain = !sync.isRunning() && (wasAskedLately || sync.isResting());
  if (isVain) return from('cache');
  if (!phone.isOnline()) {
    // The phone may be wrong about being offline: the sync is tried, but the page does not wait for it.
    sync.wake();
    return from('cache');
  }
  return from((await succeedsWithin(phone.schedule, sync.now(), READ_PATIENCE_MS)) ? 'network' : 'cache');
}

const succeedsWithin = (schedule: Phone['schedule'], work: Promise<unknown>, ms: number): Promise<boolean> =>
  new Promise((resolve) => {
    const cancel = schedule(() => resolve(false), ms);
    work.then(
      () => resolve(true),
      () => resolve(false),
    );
    work.then(cancel, cancel);
  });
