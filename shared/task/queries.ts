import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { Posted, Request } from '../request';
import type { Database } from '../runtime/mysql';
import type { Task } from './contract';
import { type Recurrence, repeatOf } from './recurrence';

/** As the table has it, or as the view task_json does. */
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
});

/** Null when there is no such task, or no longer. */
export const selectTask = async (db: Database, account: Account, id: number): Promise<TaskRow | null> => {
  const rows = await db.rows<{ [Column in keyof TaskRow]: TaskRow[Column] | null }>(
    'task.by-id',
    `SELECT t.id, t.task_date, t.title, t.description, t.category, t.points_reward, t.is_system, t.is_weekly, t.weekdays, t.is_completed,
            t.completed_at
       FROM users u LEFT JOIN tasks t ON t.user_id = u.id AND t.id = ? AND t.deleted_at IS NULL WHERE ${guard('u')}`,
    [id, ...guardValues(account)],
  );
  const row = requireAccount(rows);
  return row.id === null ? null : (row as TaskRow);
};

export interface DayRows {
  rows: TaskRow[];
  /** Tasks of the day that have no row yet: postTasks makes them. */
  isIncomplete: boolean;
}

type JoinedRow = { [Column in keyof TaskRow]: TaskRow[Column] | null } & { is_incomplete: 0 | 1 };

/** Whether a row of `users` has tasks due on a day that have no row yet; takes the day four times. What is due is told as in post_tasks. */
export const dayIsIncomplete = `(EXISTS (
           SELECT 1 FROM task_templates WHERE is_active
              AND NOT EXISTS (SELECT 1 FROM tasks WHERE user_id = users.id AND task_date = ? AND task_key = CONCAT('sys:', task_templates.id))
         ) OR EXISTS (
           SELECT 1 FROM task_rules WHERE user_id = users.id AND ended_at IS NULL AND start_date <= ? AND weekdays >> WEEKDAY(?) & 1
              AND NOT EXISTS (SELECT 1 FROM tasks WHERE user_id = users.id AND task_date = ? AND task_key = CONCAT('rule:', task_rules.id))
         ))`;

export const selectDay = async (db: Database, account: Account, date: string): Promise<DayRows> => {
  const joined = await db.rows<JoinedRow>(
    'task.day',
    `SELECT t.id, t.task_date, t.title, t.description, t.category, t.points_reward, t.is_system, t.is_weekly, t.weekdays, t.is_completed,
            t.completed_at, due.is_incomplete
       FROM (SELECT ${dayIsIncomplete} AS is_incomplete FROM users WHERE ${guard('users')}) AS due
       LEFT JOIN tasks t FORCE INDEX (uk_user_date_key) ON t.user_id = ? AND t.task_date = ? AND t.deleted_at IS NULL`,
    [date, date, date, date, ...guardValues(account), account.userId, date],
  );
  const isIncomplete = requireAccount(joined).is_incomplete === 1;
  return { isIncomplete, rows: joined.filter((row): row is JoinedRow & TaskRow => row.id !== null) };
};

/** Makes the rows of the day that are due and not there yet; answers the day. Any number of callers make one set. */
export const postTasks = async (db: Database, { userId, epoch }: Account, date: string, now: Date): Promise<TaskRow[]> => {
  const { tasks } = await call.postTasks<{ tasks: TaskRow[] | null }>(db, { userId, epoch, date, now });
  return tasks ?? [];
};

export interface NewTask {
  title: string;
  description: string;
  category: string;
  pointsReward: number;
  /** Of the first instance. */
  date: string;
  rule: (Recurrence & { startDate: string }) | null;
}

/** The days a task may be given or done on, both included. */
export interface Days {
  from: string;
  to: string;
}

export const postTask = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  task: NewTask,
  days: Days,
  now: Date,
): Promise<Posted<{ id: number }>> => {
  const { title, description, category, pointsReward: reward, date, rule } = task;
  return call.postTask(db, {
    userId,
    epoch,
    ...request,
    title,
    description,
    category,
    reward,
    date,
    weekdays: rule?.weekdays ?? null,
    isWeekly: rule?.isWeekly ?? false,
    startDate: rule?.startDate ?? null,
    ...days,
    now,
  });
};

/** Null leaves a field as it is. */
export interface TaskChange {
  title: string | null;
  description: string | null;
  category: string | null;
  pointsReward: number | null;
  date: string | null;
  recurrence: Recurrence | null;
}

export const postTaskChange = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  id: number,
  { title, description, category, pointsReward: reward, date, recurrence }: TaskChange,
  days: Days,
  today: string,
  now: Date,
): Promise<Posted<{ id: number }, { task: TaskRow }>> =>
  call.postTaskChange(db, {
    userId,
    epoch,
    ...request,
    id,
    title,
    description,
    category,
    reward,
    date,
    ...days,
    weekdays: recurrence?.weekdays ?? null,
    isWeekly: recurrence?.isWeekly ?? null,
    today,
    now,
  });

export const postTaskDeletion = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  id: number,
  today: string,
  now: Date,
): Promise<{ id: number }> => call.postTaskDeletion(db, { userId, epoch, ...request, id, today, now });

export interface CompletionReceipt {
  id: number;
  awarded: number;
  /** After the award. */
  balance: number;
  /** The daily cap lowered the award. */
  capped: boolean;
}

export const postCompletion = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  { id, doneOn, days, ownCap }: { id: number; doneOn: string; days: Days; ownCap: number },
  now: Date,
): Promise<Posted<CompletionReceipt, { task: TaskRow }>> =>
  call.postCompletion(db, { userId, epoch, ...request, id, doneOn, ...days, ownCap, now });

export const postUncompletion = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  id: number,
  now: Date,
): Promise<Posted<{ id: number; returned: number; balance: number }, { task: TaskRow }>> =>
  call.postUncompletion(db, { userId, epoch, ...request, id, now });
