import type { Moment } from '../clock';
import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { Posted, Request, StoredRequest } from '../request';
import type { Database } from '../runtime/mysql';
import type { TaskDecision, TaskState } from './change';
import type { DayPlan, Missing } from './due';
import { type RecurrenceColumns, repeatOf } from './recurrence';
import type { TaskRow } from './row';

const NAMES: (keyof TaskRow)[] = [
  'id',
  'task_date',
  'title',
  'description',
  'category',
  'points_reward',
  'is_system',
  'is_weekly',
  'weekdays',
  'is_completed',
  'completed_at',
  'remind_at',
  'by_guardian',
  'rejected_reason',
];
const COLUMNS = NAMES.map((name) => `t.${name}`).join(', ');

/** The columns of a TaskRow for a row of another table: NULL for those that it does not have. */
const onlyColumns = (has: readonly (keyof TaskRow)[]): string => NAMES.map((name) => (has.includes(name) ? name : 'NULL')).join(', ');

/** Null when the task does not exist or is deleted. */
export const selectTask = async (db: Database, account: Account, id: number): Promise<TaskRow | null> => {
  const rows = await db.rows<{ [Column in keyof TaskRow]: TaskRow[Column] | null }>(
    'task.by-id',
    `SELECT ${COLUMNS} FROM users u LEFT JOIN tasks t ON t.user_id = u.id AND t.id = ? AND t.deleted_at IS NULL WHERE ${guard('u')}`,
    [id, ...guardValues(account)],
  );
  const row = requireAccount(rows);
  return row.id === null ? null : (row as TaskRow);
};

type DayRow = { [Column in keyof TaskRow]: TaskRow[Column] | null } & {
  kind: 'task' | 'rule' | 'template';
  task_key: string | null;
  is_deleted: 0 | 1 | null;
};

/** The tasks of a day and the data of missingOn, in one statement. The plan as JSON beside the rows cost a fifth more of the server's time. */
export const selectDay = async (db: Database, account: Account, date: string): Promise<{ rows: TaskRow[]; plan: DayPlan }> => {
  const found = await db.rows<DayRow>(
    'task.day',
    `SELECT 'task' AS kind, t.task_key, t.deleted_at IS NOT NULL AS is_deleted, ${COLUMNS}
       FROM users u LEFT JOIN tasks t FORCE INDEX (uk_user_date_key) ON t.user_id = u.id AND t.task_date = ? WHERE ${guard('u')}
     UNION ALL
     SELECT 'rule', NULL, NULL, ${onlyColumns(['id', 'is_weekly', 'weekdays'])}
       FROM task_rules WHERE user_id = ? AND ended_at IS NULL AND start_date <= ?
     UNION ALL
     SELECT 'template', id, NULL, ${onlyColumns([])} FROM task_templates
      WHERE is_active AND NOT EXISTS (SELECT 1 FROM hidden_templates h WHERE h.user_id = ? AND h.template_id = task_templates.id)`,
    [date, ...guardValues(account), account.userId, date, account.userId],
  );
  const of = (kind: DayRow['kind']) => found.filter((row) => row.kind === kind);
  const tasks = of('task');
  requireAccount(tasks);
  return {
    rows: tasks.filter((row): row is DayRow & TaskRow => row.id !== null && row.is_deleted === 0),
    plan: {
      keys: tasks.flatMap(({ task_key }) => task_key ?? []),
      templates: of('template').flatMap(({ task_key }) => task_key ?? []),
      rules: of('rule').map(({ id, weekdays, is_weekly }) => ({ id: id ?? 0, weekdays: weekdays ?? 0, is_weekly: is_weekly ?? 0 })),
    },
  };
};

/** Creates the missing rows of a day and answers the day. Concurrent callers create each row once. */
export const postTasks = async (
  db: Database,
  { userId, epoch }: Account,
  date: string,
  missing: Missing,
  now: Date,
): Promise<TaskRow[]> => {
  const { tasks } = await call.postTasks<{ tasks: TaskRow[] | null }>(db, { userId, epoch, date, ...missing, now });
  return tasks ?? [];
};

export interface NewTask {
  title: string;
  description: string;
  category: string;
  pointsReward: number;
  /** Date of the first task. */
  date: string;
  rule: (RecurrenceColumns & { startDate: string }) | null;
  remindAt: string | null;
  byGuardian: boolean;
}

export const postTask = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  task: NewTask,
  now: Date,
): Promise<Posted<{ id: number }>> => {
  const { title, description, category, pointsReward: reward, date, rule, remindAt, byGuardian } = task;
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
    remindAt,
    byGuardian,
    now,
  });
};

interface StateRow {
  rev: number;
  hash: Buffer | null;
  receipt: string | null;
  id: number | null;
  task_date: string;
  is_system: number;
  is_completed: number;
  points_reward: number;
  rule_id: number | null;
  weekdays: number | null;
  is_weekly: number;
  by_guardian: number;
  later_days: { id: number; date: string; isCompleted: number }[] | null;
}

/** The data that a change of a task is decided on; `state` null without such a task. `request`: the earlier request when this is a replay. */
export const selectTaskState = async (
  db: Database,
  account: Account,
  requestId: string,
  id: number,
  today: string,
): Promise<{ request: StoredRequest | null; state: TaskState | null }> => {
  const rows = await db.rows<StateRow>(
    'task.state',
    `SELECT u.rev, r.hash, r.receipt, t.id, t.task_date, t.is_system, IF(t.completed_at IS NULL, 0, 1) AS is_completed, t.points_reward, t.rule_id, t.weekdays,
            t.is_weekly, t.by_guardian,
            (SELECT JSON_ARRAYAGG(JSON_OBJECT('id', d.id, 'date', d.task_date, 'isCompleted', IF(d.completed_at IS NULL, 0, 1)))
               FROM tasks d FORCE INDEX (uk_user_date_key)
              WHERE d.user_id = u.id AND d.task_date >= ? AND d.rule_id = t.rule_id AND d.id <> t.id AND d.deleted_at IS NULL) AS later_days
       FROM users u
       LEFT JOIN requests r ON r.user_id = u.id AND r.request_id = ?
       LEFT JOIN tasks t ON t.user_id = u.id AND t.id = ? AND t.deleted_at IS NULL
      WHERE ${guard('u')}`,
    [today, requestId, id, ...guardValues(account)],
  );
  const row = requireAccount(rows);
  const request = row.hash && { hash: row.hash, receipt: row.receipt };
  if (row.id === null) return { request, state: null };
  const task = {
    id: row.id,
    date: row.task_date,
    isSystem: row.is_system === 1,
    isCompleted: row.is_completed === 1,
    byGuardian: row.by_guardian === 1,
    pointsReward: row.points_reward,
    ruleId: row.rule_id,
    repeat: repeatOf(row.weekdays, row.is_weekly === 1),
  };
  const laterDays = (row.later_days ?? []).map((later) => ({ ...later, isCompleted: later.isCompleted === 1 }));
  return { request, state: { rev: row.rev, task, laterDays } };
};

/** Null leaves a field unchanged. */
export interface TaskWords {
  title: string | null;
  description: string | null;
  category: string | null;
  pointsReward: number | null;
  /** Empty: no reminder any more. */
  remindAt: string | null;
  /** Whether a guardian makes the change. */
  byGuardian: boolean;
}

/** Throws Moved when the user's data have changed since `baseRev`. */
export const postTaskChange = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  { baseRev, id }: { baseRev: number; id: number },
  { pointsReward: reward, ...words }: TaskWords,
  { schedule, ...decision }: TaskDecision,
  now: Date,
): Promise<Posted<{ id: number }, { task: TaskRow }>> =>
  call.postTaskChange(db, {
    userId,
    epoch,
    ...request,
    baseRev,
    id,
    ...words,
    reward,
    ...decision,
    isRescheduled: schedule !== null,
    weekdays: schedule?.columns?.weekdays ?? null,
    isWeekly: schedule?.columns?.isWeekly ?? false,
    startDate: schedule?.startDate ?? null,
    now,
  });

export const postTaskDeletion = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  id: number,
  byGuardian: boolean,
  { today, now }: Moment,
): Promise<{ id: number }> => call.postTaskDeletion(db, { userId, epoch, ...request, id, byGuardian, today, now });

export interface CompletionReceipt {
  id: number;
  awarded: number;
  /** Balance after the award. */
  balance: number;
  /** Whether a daily cap lowered the award. */
  capped: boolean;
}

export const postCompletion = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  completion: { id: number; doneOn: string; ownCap: number; dayCap: number; dayStart: Date; daysBack: number },
  now: Date,
): Promise<Posted<CompletionReceipt, { task: TaskRow }>> => call.postCompletion(db, { userId, epoch, ...request, ...completion, now });

export const postUncompletion = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  id: number,
  now: Date,
): Promise<Posted<{ id: number; returned: number; balance: number }, { task: TaskRow }>> =>
  call.postUncompletion(db, { userId, epoch, ...request, id, now });

export interface ApprovalReceipt {
  awarded: number;
  bonus: number;
  balance: number;
}

export const postApproval = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  given: { ids: number[]; bonus: number; mostBonus: number; ownCap: number; dayCap: number; daysBack: number },
  { today, now }: Moment,
): Promise<ApprovalReceipt> => call.postApproval(db, { userId, epoch, ...request, ...given, today, now });

export const postRejection = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  given: { ids: number[]; reason: string },
  now: Date,
): Promise<unknown> => call.postRejection(db, { userId, epoch, ...request, ...given, now });

export const postHiddenTemplates = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  templateIds: string[],
  { today, now }: Moment,
): Promise<unknown> => call.postHiddenTemplates(db, { userId, epoch, ...request, templateIds, today, now });

/** Oldest day first. */
export const selectTasks = async (db: Database, account: Account, ids: readonly number[]): Promise<TaskRow[]> => {
  const rows = await db.rows<{ [Column in keyof TaskRow]: TaskRow[Column] | null }>(
    'task.by-ids',
    `SELECT ${COLUMNS}
       FROM users u LEFT JOIN (tasks t JOIN JSON_TABLE(?, '$[*]' COLUMNS (asked BIGINT UNSIGNED PATH '$')) AS wanted ON t.id = wanted.asked)
         ON t.user_id = u.id AND t.deleted_at IS NULL WHERE ${guard('u')} ORDER BY t.task_date, t.id`,
    [JSON.stringify(ids), ...guardValues(account)],
  );
  requireAccount(rows);
  return rows.filter((row): row is TaskRow => row.id !== null);
};

const MOST_WAITING = 200;

/** Completions that wait for a guardian, oldest day first. */
export const selectWaiting = async (db: Database, account: Account): Promise<TaskRow[]> => {
  const rows = await db.rows<{ [Column in keyof TaskRow]: TaskRow[Column] | null }>(
    'task.waiting',
    `SELECT ${COLUMNS}
       FROM users u LEFT JOIN (waiting_tasks w JOIN tasks t ON t.user_id = w.user_id AND t.id = w.task_id) ON w.user_id = u.id
        AND t.deleted_at IS NULL AND NOT t.is_completed AND t.completed_at IS NOT NULL
      WHERE ${guard('u')} ORDER BY t.task_date, t.id LIMIT ${MOST_WAITING}`,
    guardValues(account),
  );
  requireAccount(rows);
  return rows.filter((row): row is TaskRow => row.id !== null);
};

/** All system tasks. */
export const selectTemplateIds = async (db: Database): Promise<string[]> =>
  (await db.rows<{ id: string }>('task.templates', 'SELECT id FROM task_templates WHERE is_active', [])).map(({ id }) => id);
