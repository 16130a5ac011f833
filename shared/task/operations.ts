import type * as z from 'zod';
import { addDays, latest } from '../clock';
import { AppError, fieldError, instead } from '../errors';
import { type Request, requestOf } from '../request';
import { config } from '../runtime/config';
import type { UserContext } from '../runtime/context';
import type { Completed, complete, create, list, Reopened, remove, Task, TaskDay, uncomplete, update } from './contract';
import {
  type Days,
  postCompletion,
  postTask,
  postTaskChange,
  postTaskDeletion,
  postTasks,
  postUncompletion,
  selectDay,
  selectTask,
  type TaskRow,
  toTask,
} from './queries';
import { firstMatch, NEVER, recurrenceOf } from './recurrence';

const DAYS_BACK = 7;
const DAYS_AHEAD = 7;
const DEFAULT_REWARD = 10;

/** The system's tasks first, each kind in the order in which it was made. */
export function toTaskDay(date: string, rows: TaskRow[]): TaskDay {
  const tasks = rows.toSorted((a, b) => b.is_system - a.is_system || a.id - b.id).map(toTask);
  return { date, tasks, completed: tasks.filter((task) => task.isCompleted).length, total: tasks.length };
}

/** Lays out the tasks that are due on a day and answers the whole day. */
export const layOutDay = async (ctx: UserContext, date: string): Promise<TaskDay> =>
  toTaskDay(date, await postTasks(ctx.db, ctx, date, ctx.now));

/** The tasks of a day. From today on those that are due come into being when the day is first looked at; a past day shows what stands. */
export async function listTasks(ctx: UserContext, { date = ctx.today }: z.output<typeof list.input>): Promise<TaskDay> {
  if (date > addDays(ctx.today, DAYS_AHEAD)) throw fieldError('date', `最多查看 ${DAYS_AHEAD} 天后的任务`);
  const day = await selectDay(ctx.db, ctx, date);
  return day.isIncomplete && date >= ctx.today ? layOutDay(ctx, date) : toTaskDay(date, day.rows);
}

function requirePossible({ pointsReward = 0 }: { pointsReward?: number | undefined }): void {
  const { ownTaskMaxReward } = config();
  if (pointsReward > ownTaskMaxReward) throw fieldError('pointsReward', `最多 ${ownTaskMaxReward} 分`);
}

/** The posting judges the date, so that what was done some days ago is answered again and not refused. */
const possibleDays = ({ today }: UserContext): Days => ({ from: addDays(today, -DAYS_BACK), to: addDays(today, DAYS_AHEAD) });

function badDate({ from, to }: Days, date: string | null): AppError | null {
  if (date !== null && date < from) return fieldError('date', `最多补 ${DAYS_BACK} 天前的任务`);
  return date !== null && date > to ? fieldError('date', `最多安排到 ${DAYS_AHEAD} 天后`) : null;
}

const tooFarOff = () => fieldError('repeat', `第一次最多安排到 ${DAYS_AHEAD} 天后`);

/** A task of one's own. A repeating one answers the next day it is due, which comes into being at once. */
export async function createTask(
  ctx: UserContext,
  input: z.output<typeof create.input>,
  request: Request = requestOf(ctx, input),
): Promise<{ task: Task }> {
  requirePossible(input);
  const { title, description = '', category = 'daily', date: start = ctx.today, repeat = { kind: 'once' } } = input;
  const pointsReward = input.pointsReward ?? Math.min(DEFAULT_REWARD, config().ownTaskMaxReward);
  const recurrence = recurrenceOf(repeat);
  const days = possibleDays(ctx);
  const first = recurrence === null ? start : firstMatch(recurrence, latest(start, ctx.today));
  const rule = recurrence && { ...recurrence, startDate: start };
  const task = { title, description, category, pointsReward, date: first, rule };
  const posted = await postTask(ctx.db, ctx, request, task, days, ctx.now).catch(
    instead('INVALID_INPUT', () => badDate(days, start) ?? tooFarOff()),
  );
  if (posted.replayed) return { task: await taskNow(ctx, posted.id) };
  const { id } = posted;
  return {
    task: { id, title, description, category, pointsReward, isSystem: false, isCompleted: false, completedAt: null, date: first, repeat },
  };
}

/** Of a repeated request: the task as it is now. */
async function taskNow(ctx: UserContext, id: number): Promise<Task> {
  const row = await selectTask(ctx.db, ctx, id);
  if (row === null) throw new AppError('NOT_FOUND');
  return toTask(row);
}

const systemTask = () => new AppError('FORBIDDEN', { message: '系统任务不能修改或删除' });

/** Changes what is given, also whether and when it repeats. A repeating task changes from today on; what was done keeps what it paid. */
export async function updateTask(
  ctx: UserContext,
  input: z.output<typeof update.input>,
  request: Request = requestOf(ctx, input),
): Promise<{ task: Task }> {
  requirePossible(input);
  const { id, title = null, description = null, category = null, pointsReward = null, date = null, repeat } = input;
  const recurrence = repeat === undefined ? null : (recurrenceOf(repeat) ?? NEVER);
  const change = { title, description, category, pointsReward, date, recurrence };
  const days = possibleDays(ctx);
  const posted = await postTaskChange(ctx.db, ctx, request, id, change, days, ctx.today, ctx.now)
    .catch(instead('FORBIDDEN', systemTask))
    .catch(
      instead(
        'INVALID_INPUT',
        () => badDate(days, date) ?? (date === null ? tooFarOff() : fieldError('date', '已完成或重复的任务不能改日期')),
      ),
    )
    .catch(instead('TASK_ALREADY_COMPLETED', () => new AppError('TASK_ALREADY_COMPLETED', { message: '任务已完成，不能再改积分' })));
  return { task: posted.replayed ? await taskNow(ctx, posted.id) : toTask(posted.task) };
}

/** Takes a task off the list. A repeating one ends today; the days it was done stay, and so do the points. */
export async function deleteTask(
  ctx: UserContext,
  input: z.output<typeof remove.input>,
  request: Request = requestOf(ctx, input),
): Promise<{ id: number; deleted: true }> {
  const { id } = await postTaskDeletion(ctx.db, ctx, request, input.id, ctx.today, ctx.now).catch(instead('FORBIDDEN', systemTask));
  return { id, deleted: true };
}

/** Marks a task done and pays for it, in one posting. Without `doneOn` it must be a task of today. */
export async function completeTask(
  ctx: UserContext,
  input: z.output<typeof complete.input>,
  request: Request = requestOf(ctx, input),
): Promise<Completed> {
  const days: Days = { from: addDays(ctx.today, -DAYS_BACK), to: ctx.today };
  const { id, doneOn = ctx.today } = input;
  const posted = await postCompletion(ctx.db, ctx, request, { id, doneOn, days, ownCap: config().ownTaskDailyCap }, ctx.now).catch(
    instead('INVALID_INPUT', () => fieldError('doneOn', `只能完成今天的任务；补记 ${DAYS_BACK} 天内的任务请带上那天的日期`)),
  );
  const { awarded, balance, capped } = posted;
  const task = posted.replayed ? await taskNow(ctx, posted.id) : toTask(posted.task);
  return { task, points: { awarded, balance, capped } };
}

/** Opens a task again and takes back what it paid. Once that has been spent, the task stays done. */
export async function uncompleteTask(
  ctx: UserContext,
  input: z.output<typeof uncomplete.input>,
  request: Request = requestOf(ctx, input),
): Promise<Reopened> {
  const posted = await postUncompletion(ctx.db, ctx, request, input.id, ctx.now);
  const { returned, balance } = posted;
  return { task: posted.replayed ? await taskNow(ctx, posted.id) : toTask(posted.task), points: { returned, balance } };
}
