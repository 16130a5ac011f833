import type { Mood } from './contract';

/** As the table has it, or as JSON_OBJECT writes it. */
export interface MoodRow {
  mood_date: string;
  mood: string;
  created_at: Date | string;
  updated_at: Date | string;
}

export const toMood = (row: MoodRow): Mood => ({
  date: row.mood_date,
  mood: row.mood,
  createdAt: new Date(row.created_at).toISOString(),
  updatedAt: new Date(row.updated_at).toISOString(),
});

/** A row of `moods` as JSON, for statements that read several kinds in one trip. */
export const moodJson = `JSON_OBJECT('mood_date', mood_date, 'mood', mood,
  'created_at', DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ'), 'updated_at', DATE_FORMAT(updated_at, '%Y-%m-%dT%H:%i:%s.%fZ'))`;
