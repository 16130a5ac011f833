import { contentHash } from '../../shared/sync/content-hash';
import type { Copy } from '../sync/conflict-copies';
import type { Diary } from '../types';
import type { PhoneDay } from './harvest';
import { type Move, saveProgress } from './progress';
import { asSent, dayKey } from './send';

/** Not an installation: no mutation has these names. */
const CLIENT_ID = 'import';

/** Keeps each text of which the server has another version among the conflicts, once. */
export async function moveConflicts(move: Move): Promise<void> {
  const { here, harvest, progress } = move;
  for (const phoneDay of harvest.days.filter(({ role }) => role === 'day')) {
    const day = asSent(move, phoneDay);
    const hash = contentHash(day);
    if (progress.done[dayKey(day)]?.status !== 'kept-server' || progress.conflicts[hash]) continue;
    here.copies.keep('conflict', await copyOf(move, phoneDay, hash));
    progress.conflicts[hash] = true;
    saveProgress(move);
  }
}

async function copyOf(move: Move, phoneDay: PhoneDay, hash: string): Promise<Copy> {
  const { here } = move;
  const { date, content, mood, weather, images, tags, isDraft, modifiedAt } = asSent(move, phoneDay);
  const { diary } = await here.call<{ diary: Diary | null }>('diary', 'get', { date });
  const at = new Date(here.phone.now()).toISOString();
  return {
    entry: {
      clientId: CLIENT_ID,
      mid: Number.parseInt(hash.slice(0, 8), 16),
      type: 'diary.put',
      args: { date, content, mood, weather, images, tags, isDraft },
      policy: 'ask',
      modifiedAt: modifiedAt ?? at,
    },
    result: { mid: 0, status: 'conflict', ...(diary ? { row: diary } : { deleted: true }) },
    at,
    attended: false,
  };
}
