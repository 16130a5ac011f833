import type { Database } from '../runtime/mysql';
import { postForgetting, postGarbage, selectOldest, selectUsersWithTombstones } from './garbage-queries';

/** Retention of tombstones. A phone that has not synced for longer reads everything again. */
const TOMBSTONE_DAYS = 90;
/** Retention of requests that callers named. */
const REQUEST_DAYS = 30;
/** Retention of requests that the system named. A phone's queue may be that old; a restored or cloned phone must not repeat its mutations. */
const SYSTEM_REQUEST_DAYS = 90;

const USERS = 200;
/** Rows per statement: well below 200 ms, so that no call waits long for a lock. */
const SLICE_ROWS = 200;
const BUDGET_MS = 10_000;

const HOUR_MS = 3_600_000;
const daysBefore = (now: Date, days: number): Date => new Date(now.getTime() - days * 24 * HOUR_MS);

/**
 * Removes rows past their retention time in slices, until none is left or the time is used up; the next run continues. Called by the timer.
 * `until`: epoch milliseconds.
 */
export async function collectGarbage(db: Database, now: Date, until = Date.now() + BUDGET_MS): Promise<void> {
  const hasTime = () => Date.now() < until;
  const before = daysBefore(now, TOMBSTONE_DAYS);
  await removeAll(hasTime, () => postForgetting(db, false, daysBefore(now, REQUEST_DAYS), SLICE_ROWS));
  await removeAll(hasTime, () => postForgetting(db, true, daysBefore(now, SYSTEM_REQUEST_DAYS), SLICE_ROWS));
  for (const userId of await selectUsersWithTombstones(db, before, USERS)) {
    await removeAll(hasTime, () => postGarbage(db, userId, before, SLICE_ROWS));
  }
}

async function removeAll(hasTime: () => boolean, removeSlice: () => Promise<{ removed: number }>): Promise<void> {
  while (hasTime() && (await removeSlice()).removed >= SLICE_ROWS);
}

/** Hours by which the oldest row is past its retention time; 0 when nothing is due. */
export async function garbageHours(db: Database, now: Date): Promise<number> {
  const { request, systemRequest, tombstone } = await selectOldest(db);
  const hoursPast = (at: Date | null, days: number): number =>
    at === null ? 0 : (daysBefore(now, days).getTime() - at.getTime()) / HOUR_MS;
  return Math.max(0, hoursPast(request, REQUEST_DAYS), hoursPast(systemRequest, SYSTEM_REQUEST_DAYS), hoursPast(tombstone, TOMBSTONE_DAYS));
}
