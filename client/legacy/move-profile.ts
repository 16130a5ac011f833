import { isBag, isText } from '../platform/text';
import type { Profile } from '../types';
import type { ProfileField } from './harvest';
import { isTemporary } from './picture-url';
import { uploadOne } from './pictures';
import { type ItemOutcome, type Move, saveProgress } from './progress';

export const profileKey = (field: ProfileField): string => `profile:${field}`;

/** Sets nickname and avatar where the account has none of its own. A local avatar is uploaded first. */
export async function moveProfile(move: Move): Promise<void> {
  const { here, harvest, progress } = move;
  const fields = (['nickname', 'avatar'] as const).filter((field) => harvest.profile[field] && !progress.done[profileKey(field)]);
  if (fields.length === 0) return;
  const profile = await here.call<Profile>('user', 'profile', {});
  for (const field of fields) {
    progress.done[profileKey(field)] = profile[field] === '' ? await setField(move, field) : { status: 'kept-server' };
    saveProgress(move);
  }
}

/** A refusal for good is named; one that may pass ends the run. */
async function setField(move: Move, field: ProfileField): Promise<ItemOutcome> {
  const old = move.harvest.profile[field] ?? '';
  const value = field === 'avatar' && isTemporary(old) ? await uploadOne(move, old) : old;
  if (value === '') return { status: 'invalid', reason: '头像已不在手机上' };
  try {
    await move.here.call('user', 'update', { [field]: value });
    return { status: 'imported' };
  } catch (error) {
    if (!isBag(error) || error.retryable !== false) throw error;
    return { status: 'invalid', reason: isText(error.message) ? error.message : '不能使用' };
  }
}
