import { addDays, dayOf, startOfDay } from '../clock';
import type { Database } from '../runtime/mysql';
import { postForgetting, postGarbage, selectUsersWithTombstones } from './queries';

/** A phone that has not synced for longer reads everything anew. */
const TOMBSTONE_DAYS = 90;
/** A queue may wait that long on a phone; a restored or cloned one must not do things twice. */
const MUTATION_DAYS = 90;
const REQUEST_DAYS = 30;
/** Clean-ups that may fail in a row before answers stay until MUTATION_DAYS. */
const REQUEST_SPAN_DAYS = 7;

const USERS = 200;
const ROWS = 1_000;
const ROUNDS = 20;

/** Removes what is past its keeping time, a bounded part of it per call: tombstones, answered requests. For the timer. */
export async function collectGarbage(db: Database, now: Date): Promise<{ users: number; requests: number }> {
  const daysAgo = (days: number): Date => startOfDay(addDays(dayOf(now), -days));
  const users = await selectUsersWithTombstones(db, daysAgo(TOMBSTONE_DAYS), USERS);
  for (const userId of users) await postGarbage(db, userId, daysAgo(TOMBSTONE_DAYS));
  const direct = await forget(db, { from: daysAgo(REQUEST_DAYS + REQUEST_SPAN_DAYS), until: daysAgo(REQUEST_DAYS), mutations: false });
  const all = await forget(db, { from: new Date(0), until: daysAgo(MUTATION_DAYS), mutations: true });
  return { users: users.length, requests: direct + all };
}

async function forget(db: Database, span: { from: Date; until: Date; mutations: boolean }): Promise<number> {
  let sum = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { forgotten } = await postForgetting(db, span, ROWS);
    sum += forgotten;
    if (forgotten < ROWS) break;
  }
  return sum;
}
