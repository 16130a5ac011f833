import type { MoodOfDay } from '../types';
import type { Cache } from './cache';
import type { Sync } from './engine';
import type { Outbox } from './outbox';

/** Moods by date: the server's rows, overlaid by queued changes. */
export function moodsOf({ cache, outbox, sync }: { cache: Cache; outbox: Outbox; sync: Sync }): Map<string, string> {
  const moods = new Map(cache.rows<MoodOfDay>('mood').map(({ date, mood }) => [date, mood]));
  for (const { type, args } of [...sync.echo(), ...outbox.all()]) {
    if (type === 'diary.recordMood') moods.set(String(args.date), String(args.mood));
  }
  return moods;
}
