import type { Account } from '../database/account';
import * as call from '../database/procedures';
import type { Database } from '../runtime/mysql';

export interface RevisionRow {
  id: number;
  diary_date: string;
  reason: string;
  content: string;
  mood: string;
  weather: string;
  images: string[];
  tags: string[];
  is_draft: number;
  modified_at: Date;
}

export const selectRevisions = (db: Database, userId: number, after: number, limit: number): Promise<RevisionRow[]> =>
  db.rows(
    'export.revisions',
    `SELECT id, diary_date, reason, content, mood, weather, images, tags, is_draft, modified_at
       FROM diary_revisions WHERE user_id = ? AND id > ? ORDER BY id LIMIT ?`,
    [userId, after, limit],
  );

export interface RuleRow {
  id: number;
  title: string;
  description: string;
  category: string;
  points_reward: number;
  weekdays: number;
  is_weekly: number;
  remind_at: string | null;
  by_guardian: number;
  ended_at: Date | null;
}

export const selectRules = (db: Database, userId: number): Promise<RuleRow[]> =>
  db.rows(
    'export.rules',
    `SELECT id, title, description, category, points_reward, weekdays, is_weekly, remind_at, by_guardian, ended_at
       FROM task_rules WHERE user_id = ? ORDER BY id`,
    [userId],
  );

export const postDoomedFile = (db: Database, { userId, epoch }: Account, fileId: string, dueAt: Date): Promise<unknown> =>
  call.postDoomedFile(db, { userId, epoch, fileId, dueAt });
