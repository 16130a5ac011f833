import type * as z from 'zod';
import { addDays, latest } from '../clock';
import { selectRequest } from '../database/requests';
import { AppError, fieldError, instead } from '../errors';
import { type Request, receiptOf, requestOf } from '../request';
import { config } from '../runtime/config';
import type { UserContext } from '../runtime/context';
import { Moved } from '../runtime/mysql';
import { badDate, DAYS_AHEAD, DAYS_BACK, type Days, decideChange, systemTask, tooFarOff } from './change';
import type { Completed, complete, create, list, Reopened, remove, Task, TaskDay, uncomplete, update } from './contract';
import { type DayPlan, missingOn } from './due';
import {
  type CompletionReceipt,
  postCompletion,
  postTask,
  postTaskChange,
  postTaskDeletion,
  postTasks,
  postUncompletion,
  selectDay,
  selectTask,
  selectTaskState,
  type TaskRow,
  toTask,
} from './queries';
import { columnsOf, firstDue } from './recurrence';

const DEFAULT_REWARD = 10;

/** The system's tasks first, each kind in the order in which it was made. */
function toTaskDay(date: string, rows: TaskRow[]): TaskDay {
  const tasks = rows.toSorted((a, b) => b.is_system - a.is_system || a.id - b.id).map(toTask);
  return { date, tasks, completed: tasks.filter((task) => task.isCompleted).length, total: tasks.length };
}

/** The tasks of a day, as read; from today on, tasks that are due and have no row yet are made first. */
export async function layOutDay(ctx: UserContext, date: string, { rows, plan }: { rows: TaskRow[]; plan: DayPlan }): Promise<TaskDay> {
  const missing = date < ctx.today ? null : missingOn(date, plan);
  return toTaskDay(date, missing ? await postTasks(ctx.db, ctx, date, missing, ctx.now) : rows);
}

/** The tasks of a day. A past day shows the tasks it had. */
export async function listTasks(ctx: UserContext, { date = ctx.today }: z.output<typeof list.input>): Promise<TaskDay> {
  if (date > addDays(ctx.today, DAYS_AHEAD)) throw fieldError('date', `最多查看 ${DAYS_AHEAD} 天后的任务`);
  return layOutDay(ctx, date, await selectDay(ctx.db, ctx, date));
}

function requirePossible({ pointsReward = 0 }: { pointsReward?: number | undefined }): void {
  const { ownTaskMaxReward } = config();
  if (pointsReward > ownTaskMaxReward) throw fieldError('pointsReward', `最多 ${ownTaskMaxReward} 分`);
}

const possibleDays = ({ today }: UserContext): Days => ({ from: addDays(today, -DAYS_BACK), to: addDays(today, DAYS_AHEAD) });

/** For a request that would be refused by now: the receipt when it was done before, else the refusal. */
async function receiptOrRefuse<Receipt>(ctx: UserContext, request: Request, refusal: AppError): Promise<Receipt> {
  const stored = await selectRequest(ctx.db, ctx, request.requestId);
  if (stored === null) throw refusal;
  return receiptOf<Receipt>(stored, request);
}

/** A task of one's own. A repeating one answers the next day it is due, which comes into being at once. */
export async function createTask(
  ctx: UserContext,
  input: z.output<typeof create.input>,
  request: Request = requestOf(ctx, input),
): Promise<{ task: Task }> {
  requirePossible(input);
  const { title, description = '', category = 'daily', date: start = ctx.today, repeat = { kind: 'once' } } = input;
  const pointsReward = input.pointsReward ?? Math.min(DEFAULT_REWARD, config().ownTaskMaxReward);
  const days = possibleDays(ctx);
  const first = repeat.kind === 'once' ? start : firstDue(repeat, latest(start, ctx.today));
  const wrong = badDate(days, start) ?? (first > days.to ? tooFarOff() : null);
  const rule = repeat.kind === 'once' ? null : { ...columnsOf(repeat), startDate: start };
  const task = { title, description, category, pointsReward, date: first, rule };
  const posted = wrong
    ? { ...(await receiptOrRefuse<{ id: number }>(ctx, request, wrong)), replayed: true as const }
    : await postTask(ctx.db, ctx, request, task, ctx.now);
  const { id } = posted;
  if (posted.replayed) return { task: await taskNow(ctx, id) };
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

/** Changes what is given, also whether and when it repeats. A repeating task changes from today on; what was done keeps what it paid. */
export async function updateTask(
  ctx: UserContext,
  input: z.output<typeof update.input>,
  request: Request = requestOf(ctx, input),
): Promise<{ task: Task }> {
  requirePossible(input);
  const { id, title = null, description = null, category = null, pointsReward = null, date = null, repeat = null } = input;
  const words = { title, description, category, pointsReward };
  for (;;) {
    const { request: stored, state } = await selectTaskState(ctx.db, ctx, request.requestId, id, ctx.today);
    if (stored) return { task: await taskNow(ctx, receiptOf<{ id: number }>(stored, request).id) };
    if (state === null) throw new AppError('NOT_FOUND');
    const decision = decideChange(state, { pointsReward, date, repeat }, possibleDays(ctx), ctx.today);
    try {
      const posted = await postTaskChange(ctx.db, ctx, request, { baseRev: state.rev, id }, words, decision, ctx.now);
      return { task: posted.replayed ? await taskNow(ctx, posted.id) : toTask(posted.task) };
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      if (Date.now() >= ctx.deadline) throw new AppError('UNAVAILABLE', { cause: error });
    }
  }
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
  const { id, doneOn = ctx.today } = input;
  const badDay = () => fieldError('doneOn', `只能完成今天的任务；补记 ${DAYS_BACK} 天内的任务请带上那天的日期`);
  const isPossible = doneOn >= addDays(ctx.today, -DAYS_BACK) && doneOn <= ctx.today;
  const completion = { id, doneOn, ownCap: config().ownTaskDailyCap };
  const posted = isPossible
    ? await postCompletion(ctx.db, ctx, request, completion, ctx.now).catch(instead('INVALID_INPUT', badDay))
    : { ...(await receiptOrRefuse<CompletionReceipt>(ctx, request, badDay())), replayed: true as const };
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
