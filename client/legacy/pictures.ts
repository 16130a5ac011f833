import type { ImportDay } from '../../shared/import/contract';
import { hashText } from '../../shared/sync/content-hash';
import { isBag } from '../platform/text';
import type { PhoneDay } from './harvest';
import { isLink, isTemporary } from './picture-url';
import { type Move, saveProgress } from './progress';

const MOST_FAILURES = 5;
const MAX_IMAGES = 30;

type Pictures = Pick<Move, 'progress'>;

/** A picture as the server knows it; empty where the server cannot show it. */
export function fileOf({ progress: { pictures } }: Pictures, url: string): string {
  if (isLink(url)) return pictures[url] ?? url;
  return isTemporary(url) ? (pictures[url] ?? '') : '';
}

/** The pictures of a day that the server can show, as many as one day holds. */
export const imagesOf = (move: Pictures, { images }: ImportDay): string[] =>
  images
    .map((url) => fileOf(move, url))
    .filter((file) => file !== '')
    .slice(0, MAX_IMAGES);

/** Each picture of each day, once: a further page names the same pictures. */
export const picturesIn = (days: readonly PhoneDay[]): [day: PhoneDay, url: string][] =>
  ([] as [PhoneDay, string][]).concat(
    ...days.filter(({ role }) => role !== 'page').map((day) => day.images.map((url): [PhoneDay, string] => [day, url])),
  );

/** Uploads one picture. Empty: it is gone, or failed too often. A failure that may pass ends the run: the next one tries again. */
export async function uploadOne(move: Move, url: string): Promise<string> {
  const { here, upload, progress } = move;
  try {
    return await upload(here, url, { name: `old-${hashText(url)}` });
  } catch (error) {
    if (!isBag(error) || typeof error.retryable !== 'boolean') throw error;
    if (!error.retryable || progress.failures >= MOST_FAILURES) return '';
    progress.failures += 1;
    saveProgress(move);
    throw error;
  }
}

export async function uploadPictures(move: Move): Promise<void> {
  const { harvest, progress, tell } = move;
  const all = picturesIn(harvest.days);
  for (const [index, [day, url]] of all.entries()) {
    if (isTemporary(url) && progress.pictures[url] === undefined && imagesOf(move, day).length < MAX_IMAGES) {
      progress.pictures[url] = await uploadOne(move, url);
      saveProgress(move);
    }
    tell('pictures', index + 1, all.length);
  }
}

/** Gives up the pictures for which a day was refused: links first. False when the day was sent without any. */
export function dropPictures(move: Pictures, sent: ImportDay, { images }: ImportDay): boolean {
  const links = images.filter((url) => sent.images.includes(url));
  const dropped = links.length > 0 ? links : images.filter((url) => fileOf(move, url) !== '');
  for (const url of dropped) move.progress.pictures[url] = '';
  return dropped.length > 0;
}
