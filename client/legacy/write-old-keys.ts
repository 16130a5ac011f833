import { contentHash, normaliseWritten, type Written } from '../../shared/sync/content-hash';
import type { Here } from '../account/here';
import { type Bag, isBag } from '../platform/text';
import type { MigrationMode } from '../types';
import { childOf, claimOf } from './claim';
import { listOf } from './old-values';
import { isOurs, writtenOf } from './read-diaries';

/**
 * Writes a diary into the former version's keys too, from the start of the migration until it is verified (or as long as the server says `dual`):
 * going back to that version then shows what was written since. Entries of the former version's own are left alone; ours carry a fingerprint, by
 * which the migration passes them over unless the former version has changed them.
 */
export function writeOldKeys(here: Pick<Here, 'phone' | 'storage'>, mode: MigrationMode, diary: Bag): void {
  const claim = claimOf(here);
  if (!claim || claim.child !== childOf(here) || (claim.verified && mode !== 'dual')) return;
  const { wx, now } = here.phone;
  const isOfDay = (entry: unknown, isDraft: boolean): entry is Bag =>
    isBag(entry) && entry.date === diary.date && isOurs(entry, writtenOf(entry, isDraft));

  for (const key of ['diaries', 'diary_drafts']) {
    const isDraft = key === 'diary_drafts';
    const stored = wx.getStorageSync(key);
    if (stored && !Array.isArray(stored)) continue;
    const entries = listOf(stored);
    const before = entries.find((entry) => isOfDay(entry, isDraft));
    const rest = entries.filter((entry) => !isOfDay(entry, isDraft));
    if (diary.deleted !== true && diary.isDraft === isDraft)
      rest.push(asOldEntry(diary as unknown as Written, isBag(before) ? before : {}, now()));
    if (rest.length > 0 || entries.length > 0) wx.setStorageSync(key, rest);
  }
}

function asOldEntry(diary: Written, before: Bag, now: number): Bag {
  const at = new Date(now).toISOString();
  const written = normaliseWritten(diary);
  const entry: Bag = {
    id: String(now),
    createTime: at,
    ...before,
    ...written,
    images: written.images.map((url, index) => ({ id: now + index, url, isAiGenerated: false })),
    aiComment: null,
    updateTime: at,
  };
  entry.cloudHash = contentHash(writtenOf(entry, written.isDraft));
  return entry;
}
