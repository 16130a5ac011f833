import type { Here } from '../account/here';
import { GrowthDiaryError } from '../platform/error';
import { toId } from '../platform/id';
import type { Shown } from '../sync/diary-view';
import type { Diary, DiaryKey } from '../types';

/** Caches rows that were fetched because they were missing on this phone. */
export function refill({ cache }: Here, diaries: readonly Diary[]): void {
  for (const { imageUrls: _, ...row } of diaries) cache.refill(row);
}

async function fetchDiary(here: Here, key: { id: number } | { date: string }): Promise<Shown | null> {
  try {
    const { diary } = await here.call<{ diary: Diary }>('diary', 'get', key);
    refill(here, [diary]);
    return here.diaries.over(diary);
  } catch (error) {
    if (!(error instanceof GrowthDiaryError) || error.code !== 'NOT_FOUND') throw error;
    if ('date' in key) here.cache.dropUnknown(key.date);
    return null;
  }
}

/**
 * The diary that a page asks for; fetched from the server where this phone does not have it. Null: it does not exist. Rejects when the phone does
 * not know and the server does not answer.
 */
export async function findDiary(here: Here, key: DiaryKey): Promise<Shown | null> {
  const { diaries } = here;
  const id = 'date' in key ? null : toId(key.id);
  const date = 'date' in key ? key.date : diaries.dateOf(toId(key.id));
  const known = date === null ? null : diaries.on(date);
  if (known === 'evicted') return fetchDiary(here, { date: date ?? '' });
  if (known !== null) return known;
  if (id !== null && id < 0) return null;
  // The date of the id is unknown, so that its row may be one that is not on this phone.
  if (diaries.isComplete() && (id === null || !diaries.hasMissing())) return null;
  return fetchDiary(here, id === null ? { date: date ?? '' } : { id });
}
