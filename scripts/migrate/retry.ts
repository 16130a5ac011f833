import { setTimeout as sleep } from 'node:timers/promises';

const LOCK_WAIT_TIMEOUT = 1205;
const ATTEMPTS = 30;
const PAUSE_MS = 500;

/**
 * Repeats a statement that waited too long for running calls. One that waits for them holds up all later calls as well, so that it gives up soon
 * (lock_wait_timeout) and lets those pass before it tries again.
 */
export async function untilUnlocked<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      const isLocked = error instanceof Error && 'errno' in error && error.errno === LOCK_WAIT_TIMEOUT;
      if (!isLocked || attempt === ATTEMPTS) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
