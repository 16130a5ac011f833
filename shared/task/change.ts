import { addDays, latest } from '../clock';
import { AppError, fieldError } from '../errors';
import type { Repeat } from './contract';
import { columnsOf, isDue, type RecurrenceColumns } from './recurrence';

/** The range of days that a task may be moved to or completed on, both included. */
export interface Days {
  from: string;
  to: string;
}

export const DAYS_BACK = 7;
export const DAYS_AHEAD = 7;

/** The data that a change of a task is decided on. */
export interface TaskState {
  rev: number;
  task: {
    id: number;
    date: string;
    isSystem: boolean;
    /** Completed, or waiting for a guardian. */
    isCompleted: boolean;
    byGuardian: boolean;
    pointsReward: number;
    ruleId: number | null;
    repeat: Repeat;
  };
  /** The other days of its rule from today on. */
  laterDays: { id: number; date: string; isCompleted: boolean }[];
}

/** The change that the user asks for; null leaves a field unchanged. */
export interface Wish {
  pointsReward: number | null;
  date: string | null;
  repeat: Repeat | null;
}

/** The decided change, as post_task_change stores it. */
export interface TaskDecision {
  /** The task's new date. */
  date: string;
  /** The task's new rule; null for a task of one day. */
  ruleId: number | null;
  /** Set when the repetition changes: the new columns of the rule, the task and its open days; null when the task no longer repeats. */
  schedule: { columns: RecurrenceColumns | null; startDate: string } | null;
  /** The rule that this change ends. */
  endedRuleId: number | null;
  /** Open days that take over the change. */
  openDays: number[];
  /** Open days that are removed, because they are no longer due. */
  droppedDays: number[];
}

export function badDate({ from, to }: Days, date: string | null): AppError | null {
  if (date !== null && date < from) return fieldError('date', `最多补 ${DAYS_BACK} 天前的任务`);
  return date !== null && date > to ? fieldError('date', `最多安排到 ${DAYS_AHEAD} 天后`) : null;
}

export const tooFarOff = (): AppError => fieldError('repeat', `第一次最多安排到 ${DAYS_AHEAD} 天后`);

export const systemTask = (): AppError => new AppError('FORBIDDEN', { message: '系统任务不能修改或删除' });

/** For a repeating task the rule and its open days change from today on; completed days stay. Throws the error when the change is refused. */
export function decideChange(
  { rev, task, laterDays }: TaskState,
  { pointsReward, date, repeat }: Wish,
  days: Days,
  today: string,
): TaskDecision {
  const { isCompleted, ruleId } = task;
  if (task.isSystem) throw systemTask();
  const wrong = badDate(days, date);
  if (wrong) throw wrong;
  if (date !== null && date !== task.date && (isCompleted || ruleId !== null)) throw fieldError('date', '已完成或重复的任务不能改日期');
  if (pointsReward !== null && pointsReward !== task.pointsReward && isCompleted && ruleId === null) {
    throw new AppError('TASK_ALREADY_COMPLETED', { message: '任务已完成，不能再改积分' });
  }
  const open = laterDays.filter((later) => !later.isCompleted);
  const unchanged = { ruleId, schedule: null, endedRuleId: null, droppedDays: [] };
  if (repeat === null || isSame(repeat, task.repeat)) return { ...unchanged, date: date ?? task.date, openDays: open.map(({ id }) => id) };
  if (repeat.kind === 'once') {
    const schedule = { columns: null, startDate: today };
    return { date: date ?? task.date, ruleId: null, schedule, endedRuleId: ruleId, openDays: [], droppedDays: open.map(({ id }) => id) };
  }
  const own = ownDay(task, date ?? task.date, repeat, laterDays, today);
  if (own > latest(days.to, task.date)) throw tooFarOff();
  const stays = (later: { date: string }) => later.date !== own && isDue(repeat, later.date);
  return {
    date: own,
    // A new rule has the id of the change that makes it.
    ruleId: ruleId ?? rev + 1,
    schedule: { columns: columnsOf(repeat), startDate: latest(today, own) },
    endedRuleId: null,
    openDays: open.filter(stays).map(({ id }) => id),
    droppedDays: open.filter((later) => !stays(later)).map(({ id }) => id),
  };
}

/** The new day of the changed task: an open task moves to the first day from today on that is due and not completed. */
function ownDay(
  { isCompleted }: TaskState['task'],
  date: string,
  repeat: Repeat,
  laterDays: TaskState['laterDays'],
  today: string,
): string {
  if (isCompleted || date < today) return date;
  const done = new Set(laterDays.filter((later) => later.isCompleted).map((later) => later.date));
  let own = date;
  while (!isDue(repeat, own) || done.has(own)) own = addDays(own, 1);
  return own;
}

const isSame = (a: Repeat, b: Repeat): boolean => JSON.stringify(a) === JSON.stringify(b);
