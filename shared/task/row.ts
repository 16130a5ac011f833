import type { Task } from './contract';
import { repeatOf } from './recurrence';

/** A task as a row of the table or of the view task_json. */
export interface TaskRow {
  id: number;
  task_date: string;
  title: string;
  description: string;
  category: string;
  points_reward: number;
  is_system: number;
  is_weekly: number;
  weekdays: number | null;
  is_completed: number;
  completed_at: Date | string | null;
  remind_at: string | null;
  by_guardian: number;
  rejected_reason: string | null;
}

export const toTask = (row: TaskRow): Task => ({
  id: row.id,
  title: row.title,
  description: row.description,
  category: row.category,
  pointsReward: row.points_reward,
  isSystem: row.is_system === 1,
  isCompleted: row.is_completed === 1,
  completedAt: row.completed_at && new Date(row.completed_at).toISOString(),
  date: row.task_date,
  repeat: repeatOf(row.weekdays, row.is_weekly === 1),
  status: row.is_completed === 1 ? 'done' : row.completed_at === null ? 'open' : 'waiting',
  remindAt: row.remind_at,
  byGuardian: row.by_guardian === 1,
  rejectedReason: row.rejected_reason,
});
