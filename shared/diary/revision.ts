import { isDeepStrictEqual } from 'node:util';
import { AppError } from '../errors';
import { contentHash, type Written } from '../sync/content-hash';
import type { RevisionReason } from './revision-reasons';

/** A state of a diary that is kept because a change would lose it. */
export interface KeptState {
  hash: string;
  reason: RevisionReason;
  /** A conflict that the user has not been shown. */
  isUnread: boolean;
  /** As the database counts them. */
  bytes: number;
}

/** Revisions of one account. An autosave each second for a month stays far below. */
const MAX_BYTES = 64 * 1_024 * 1_024;

const bytesOf = ({ content, images, tags }: Written): number =>
  Buffer.byteLength(content) + Buffer.byteLength(JSON.stringify(images)) + Buffer.byteLength(JSON.stringify(tags));

/** Throws QUOTA_EXCEEDED when another state does not fit: nothing that is kept is dropped before its time. */
export function requireRoom(used: number, bytes: number): void {
  if (used + bytes > MAX_BYTES) throw new AppError('QUOTA_EXCEEDED', { message: '历史记录太多了，过几天再改吧' });
}

const isBlank = ({ content, mood, weather, images, tags }: Written): boolean =>
  content.trim() === '' && mood === '' && weather === '' && images.length === 0 && tags.length === 0;

/** A save that adds to the end of the text and changes nothing else loses nothing. */
const isExtendedBy = (before: Written, after: Written): boolean =>
  after.content.startsWith(before.content) &&
  before.mood === after.mood &&
  before.weather === after.weather &&
  isDeepStrictEqual(before.images, after.images) &&
  isDeepStrictEqual(before.tags, after.tags);

/** What has to be kept of the state before a change; null when the change loses nothing. `after` null: the diary is deleted. */
export function keptState(before: Written, after: Written | null, isConflict: boolean): KeptState | null {
  if (isBlank(before) || (!isConflict && after !== null && isExtendedBy(before, after))) return null;
  const reason = isConflict ? 'conflict' : after === null ? 'deleted' : before.isDraft ? 'draft' : 'overwritten';
  return { hash: contentHash(before), reason, isUnread: isConflict, bytes: bytesOf(before) };
}
