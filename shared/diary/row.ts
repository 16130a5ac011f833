import { hiddenSentence } from '../safety/pictures';
import type { Diary } from './contract';

/** As the table has it, or as the view diary_json does. */
export interface DiaryRow {
  id: number;
  diary_date: string;
  content: string;
  mood: string;
  mood_of_day: string | null;
  weather: string;
  images: string[];
  hidden_images: number;
  tags: string[];
  ai_comment: string | null;
  ai_comment_at: Date | string | null;
  ai_liked: 0 | 1;
  ai_is_stale: 0 | 1;
  ai_image: string | null;
  is_draft: 0 | 1;
  content_rev: number;
  created_at: Date | string;
  updated_at: Date | string;
}

/** What an AI made of a diary, labelled as such. */
export function aiPartOf(
  row: Pick<DiaryRow, 'ai_comment' | 'ai_comment_at' | 'ai_liked' | 'ai_is_stale' | 'ai_image'> | null,
): Pick<Diary, 'aiComment' | 'aiCommentInfo' | 'aiImage' | 'aiImageInfo'> {
  const { ai_comment: aiComment = null, ai_image: aiImage = null } = row ?? {};
  const at = row?.ai_comment_at ?? null;
  return {
    aiComment,
    aiCommentInfo:
      row === null || aiComment === null
        ? null
        : {
            at: at && new Date(at).toISOString(),
            liked: row.ai_liked === 1,
            aiGenerated: true,
            isForEarlierVersion: row.ai_is_stale === 1,
          },
    aiImage,
    aiImageInfo: aiImage === null ? null : { aiGenerated: true },
  };
}

export const toDiary = (row: DiaryRow): Diary => ({
  id: row.id,
  date: row.diary_date,
  content: row.content,
  mood: row.mood,
  moodOfDay: row.mood_of_day,
  weather: row.weather,
  images: row.images,
  ...(row.hidden_images > 0 && { hiddenImages: { count: row.hidden_images, message: hiddenSentence(row.hidden_images) } }),
  tags: row.tags,
  ...aiPartOf(row),
  isDraft: row.is_draft === 1,
  version: row.content_rev,
  createdAt: new Date(row.created_at).toISOString(),
  updatedAt: new Date(row.updated_at).toISOString(),
});
