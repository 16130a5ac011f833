import type { SystemContext } from '../runtime/context';
import { type Counts, minuteKey, touchedKey } from '../runtime/metrics';
import { type MinuteRow, postMinutes, selectCounts } from './queries';

const MAX_MINUTES = 500;

/** The fields of a minute's hash are `<action> <name>`. */
function rowsOf(minute: string, fields: Readonly<Record<string, string>>): MinuteRow[] {
  const byAction = new Map<string, Counts>();
  for (const [field, value] of Object.entries(fields)) {
    const [action = '', name = ''] = field.split(' ');
    const counts = byAction.get(action) ?? {};
    counts[name] = Number(value);
    byAction.set(action, counts);
  }
  return [...byAction].map(([action, counts]) => ({ minute, action, counts }));
}

/**
 * Copies the sums of all instances from Redis to call_minutes. Redis keeps them for an hour and each write sets the absolute values, so that a
 * repeated or interrupted run counts nothing twice.
 */
export async function storeMinutes(ctx: SystemContext): Promise<void> {
  const minutes = await ctx.cache.run((redis) => redis.spop(touchedKey, MAX_MINUTES));
  if (minutes === null || minutes.length === 0) return;
  try {
    const hashes = await ctx.cache.run((redis) => Promise.all(minutes.map((minute) => redis.hgetall(minuteKey(minute)))));
    if (hashes === null) throw new Error('Redis went away');
    const rows = minutes.flatMap((minute, index) => rowsOf(minute, hashes[index] ?? {}));
    await postMinutes(ctx.db, 'redis', rows);
  } catch (error) {
    await ctx.cache.run((redis) => redis.sadd(touchedKey, ...minutes));
    throw error;
  }
}

/** The counts of each action since an instant, over all sources. */
export async function countsSince(ctx: SystemContext, since: Date): Promise<Map<string, Counts>> {
  const sums = new Map<string, Counts>();
  for (const { action, counts } of await selectCounts(ctx.db, since, ctx.now)) {
    const sum = sums.get(action) ?? {};
    for (const [name, value] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + value;
    sums.set(action, sum);
  }
  return sums;
}
