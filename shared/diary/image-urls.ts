import type { UserContext } from '../runtime/context';
import { visiblePictures } from '../safety/pictures';
import { isStoredFile, temporaryUrls } from '../storage/storage';
import type { Diary } from './contract';

/** Leaves out pictures that the caller may not see yet, and adds links that anything can show beside file IDs that only a mini-program can. Diaries without file IDs cost nothing. */
export async function withImageUrls(ctx: UserContext, all: readonly Diary[]): Promise<Diary[]> {
  const isVisible = await visiblePictures(
    ctx,
    all.flatMap(({ images }) => images),
  );
  const diaries = all.map((diary) => ({ ...diary, images: diary.images.filter(isVisible) }));
  const files = diaries.flatMap(({ images }) => images.filter(isStoredFile));
  if (files.length === 0) return diaries;
  const links = await temporaryUrls(ctx, files);
  return diaries.map((diary) => {
    const imageUrls = diary.images.flatMap((image) => (isStoredFile(image) ? (links.get(image) ?? []) : image));
    const isWhole = diary.images.some(isStoredFile) && imageUrls.length === diary.images.length;
    return isWhole ? { ...diary, imageUrls } : diary;
  });
}
