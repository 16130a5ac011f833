import type * as z from 'zod';
import { addDays, latest, startOfDay } from '../clock';
import { selectRequest } from '../database/requests';
import { AppError, fieldError, instead } from '../errors';
import { type Request, receiptOf, requestOf } from '../request';
import { config } from '../runtime/config';
import type { UserContext } from '../runtime/context';
import { isGuardian, requireGuardian } from '../runtime/guardian';
import { Moved } from '../runtime/mysql';
import { badDate, DAYS_AHEAD, DAYS_BACK, type Days, decideChange, systemTask, tooFarOff } from './change';
import type {
  approve,
  Completed,
  complete,
  create,
  get,
  hideSystem,
  list,
  Reopened,
  Repeat,
  reject,
  remove,
  Task,
  TaskDay,
  uncomplete,
  update,
} from './contract';
import { type DayPlan, missingOn } from './due';
import {
  type CompletionReceipt,
  postApproval,
  postCompletion,
  postHiddenTemplates,
  postRejection,
  postTask,
  postTaskChange,
  postTaskDeletion,
  postTasks,
  postUncompletion,
  selectDay,
  selectTask,
  selectTaskState,
  selectTasks,
  selectTemplateIds,
  selectWaiting,
} from './queries';
import { columnsOf, firstDue } from './recurrence';
import { type TaskRow, toTask } from './row';

/** How far ahead the first day of a monthly task may be. */
const MONTH_AHEAD = 31;
const DEFAULT_REWARD = 10;
/** Cap of a guardian's bonuses per day. */
const MOST_BONUS = 500;

/** System tasks first; each kind in order of creation. */
function toTaskDay(date: string, rows: TaskRow[]): TaskDay {
  const tasks = rows.toSorted((a, b) => b.is_system - a.is_system || a.id - b.id).map(toTask);
  return { date, tasks, completed: tasks.filter((task) => task.isCompleted).length, total: tasks.length };
}

/** The tasks of a day that was read. For today and later days, due tasks without a row are created first. */
export async function layOutDay(ctx: UserContext, date: string, { rows, plan }: { rows: TaskRow[]; plan: DayPlan }): Promise<TaskDay> {
  const missing = date < ctx.today ? null : missingOn(date, plan);
  return toTaskDay(date, missing ? await postTasks(ctx.db, ctx, date, missing, ctx.now) : rows);
}

/** The tasks of a day. A past day shows the tasks that it had. */
export async function listTasks(ctx: UserContext, { date = ctx.today }: z.output<typeof list.input>): Promise<TaskDay> {
  if (date > addDays(ctx.today, DAYS_AHEAD)) throw fieldError('date', `最多查看 ${DAYS_AHEAD} 天后的任务`);
  return layOutDay(ctx, date, await selectDay(ctx.db, ctx, date));
}

/** Whether a guardian creates or changes the task. Throws for a reward that only a guardian may set, and for one above every limit. */
async function requirePossible(ctx: UserContext, { pointsReward = 0 }: { pointsReward?: number | undefined }): Promise<boolean> {
  const { ownTaskMaxReward, guardianTaskMaxReward } = config();
  if (pointsReward > guardianTaskMaxReward) throw fieldError('pointsReward', `最多 ${guardianTaskMaxReward} 分`);
  if (ctx.caller.userId !== ctx.userId) return true;
  if (pointsReward > ownTaskMaxReward) await requireGuardian(ctx);
  return pointsReward > ownTaskMaxReward || isGuardian(ctx);
}

const possibleDays = ({ today }: UserContext, repeat: Repeat | null): Days => ({
  from: addDays(today, -DAYS_BACK),
  to: addDays(today, repeat?.kind === 'monthly' ? MONTH_AHEAD : DAYS_AHEAD),
});

/** For a request that would be refused now: its receipt when it was done before, otherwise throws the refusal. */
async function receiptOrRefuse<Receipt>(ctx: UserContext, request: Request, refusal: AppError): Promise<Receipt> {
  const stored = await selectRequest(ctx.db, ctx, request.requestId);
  if (stored === null) throw refusal;
  return receiptOf<Receipt>(stored, request);
}

const full = (message: string) => instead('QUOTA_EXCEEDED', () => new AppError('QUOTA_EXCEEDED', { message }));
/** 200 own tasks of one date, also deleted ones. */
const dayIsFull = full('这一天的任务太多了');
/** 500 repeating tasks that have not ended. */
const tooManyRules = full('重复的任务太多了');

/** Creates a user's own task. For a repeating one the first due task is created at once and answered. */
export async function createTask(
  ctx: UserContext,
  input: z.output<typeof create.input>,
  request: Request = requestOf(ctx, input),
): Promise<{ task: Task }> {
  const byGuardian = await requirePossible(ctx, input);
  const { remindAt = null, title, description = '', category = 'daily', date: start = ctx.today, repeat = { kind: 'once' } } = input;
  const pointsReward = input.pointsReward ?? Math.min(DEFAULT_REWARD, config().ownTaskMaxReward);
  const days = possibleDays(ctx, repeat);
  const first = repeat.kind === 'once' ? start : firstDue(repeat, latest(start, ctx.today));
  const wrong = badDate(days, start) ?? (first > days.to ? tooFarOff() : null);
  const rule = repeat.kind === 'once' ? null : { ...columnsOf(repeat), startDate: start };
  const task = { title, description, category, pointsReward, date: first, rule, remindAt, byGuardian };
  const posted = wrong
    ? { ...(await receiptOrRefuse<{ id: number }>(ctx, request, wrong)), replayed: true as const }
    : await postTask(ctx.db, ctx, request, task, ctx.now).catch(rule === null ? dayIsFull : tooManyRules);
  const { id } = posted;
  if (posted.replayed) return { task: await taskNow(ctx, id) };
  const open = { isSystem: false, isCompleted: false, completedAt: null, status: 'open', rejectedReason: null } as const;
  return { task: { id, title, description, category, pointsReward, ...open, date: first, repeat, remindAt, byGuardian } };
}

/** The answer to a replay: the task as it is now. */
async function taskNow(ctx: UserContext, id: number): Promise<Task> {
  const row = await selectTask(ctx.db, ctx, id);
  if (row === null) throw new AppError('NOT_FOUND');
  return toTask(row);
}

/** Changes the given fields, including the repetition. A repeating task changes from today on; completed days keep their points. */
export async function updateTask(
  ctx: UserContext,
  input: z.output<typeof update.input>,
  request: Request = requestOf(ctx, input),
): Promise<{ task: Task }> {
  const byGuardian = await requirePossible(ctx, input);
  const { id, remindAt, title = null, description = null, category = null, pointsReward = null, date = null, repeat = null } = input;
  const reminder = remindAt === undefined ? null : (remindAt ?? '');
  const words = { title, description, category, pointsReward, remindAt: reminder, byGuardian };
  for (;;) {
    const { request: stored, state } = await selectTaskState(ctx.db, ctx, request.requestId, id, ctx.today);
    if (stored) return { task: await taskNow(ctx, receiptOf<{ id: number }>(stored, request).id) };
    if (state === null) throw new AppError('NOT_FOUND');
    if (state.task.byGuardian && !byGuardian) await requireGuardian(ctx);
    const decision = decideChange(state, { pointsReward, date, repeat }, possibleDays(ctx, repeat), ctx.today);
    try {
      const posted = await postTaskChange(ctx.db, ctx, request, { baseRev: state.rev, id }, words, decision, ctx.now);
      return { task: posted.replayed ? await taskNow(ctx, posted.id) : toTask(posted.task) };
    } catch (error) {
      if (!(error instanceof Moved)) return dayIsFull(error);
      if (Date.now() >= ctx.deadline) throw new AppError('UNAVAILABLE', { cause: error });
    }
  }
}

/** Deletes a task. A repeating one ends today; completed days and their points stay. */
export async function deleteTask(
  ctx: UserContext,
  input: z.output<typeof remove.input>,
  request: Request = requestOf(ctx, input),
): Promise<{ id: number; deleted: true }> {
  const byGuardian = await requirePossible(ctx, {});
  const { id } = await postTaskDeletion(ctx.db, ctx, request, input.id, byGuardian, ctx).catch(instead('FORBIDDEN', systemTask));
  return { id, deleted: true };
}

/** Caps for points from a child's own tasks: of one date, and completed on one day. */
const ownCaps = () => ({ ownCap: config().ownTaskDailyCap, dayCap: config().ownTaskServerDayCap });

/** Completes a task and pays for it in one posting. Without `doneOn` it must be a task of today. */
export async function completeTask(
  ctx: UserContext,
  input: z.output<typeof complete.input>,
  request: Request = requestOf(ctx, input),
): Promise<Completed> {
  const { id, doneOn = ctx.today } = input;
  const badDay = () => fieldError('doneOn', `只能完成今天的任务；补记 ${DAYS_BACK} 天内的任务请带上那天的日期`);
  const isPossible = doneOn >= addDays(ctx.today, -DAYS_BACK) && doneOn <= ctx.today;
  const completion = { id, doneOn, ...ownCaps(), dayStart: startOfDay(ctx.today), daysBack: DAYS_BACK };
  const posted = isPossible
    ? await postCompletion(ctx.db, ctx, request, completion, ctx.now).catch(instead('INVALID_INPUT', badDay))
    : { ...(await receiptOrRefuse<CompletionReceipt>(ctx, request, badDay())), replayed: true as const };
  const { awarded, balance, capped } = posted;
  const task = posted.replayed ? await taskNow(ctx, posted.id) : toTask(posted.task);
  return { task, points: { awarded, balance, capped } };
}

/** Reopens a task and takes back its points. When they are already spent, the task stays completed. */
export async function uncompleteTask(
  ctx: UserContext,
  input: z.output<typeof uncomplete.input>,
  request: Request = requestOf(ctx, input),
): Promise<Reopened> {
  const posted = await postUncompletion(ctx.db, ctx, request, input.id, ctx.now);
  const { returned, balance } = posted;
  return { task: posted.replayed ? await taskNow(ctx, posted.id) : toTask(posted.task), points: { returned, balance } };
}

export const getTask = async (ctx: UserContext, { id }: z.output<typeof get.input>): Promise<{ task: Task }> => ({
  task: await taskNow(ctx, id),
});

const idsOf = ({ id, ids }: { id?: number | undefined; ids?: number[] | undefined }): number[] => {
  if ((id === undefined) === (ids === undefined)) throw fieldError('id', 'id 与 ids 请给出其中一个');
  return [...new Set(ids ?? [id ?? 0])];
};

const notWaiting = () => new AppError('TASK_NOT_COMPLETED', { message: '这个任务没有在等待确认' });
const tooMuchBonus = () => new AppError('QUOTA_EXCEEDED', { message: `每天最多奖励 ${MOST_BONUS} 分` });

/** A guardian approves waiting completions; an approved one is not paid again. All of the list or none. */
export async function approveTasks(ctx: UserContext, input: z.output<typeof approve.input>): Promise<z.input<typeof approve.output>> {
  const ids = idsOf(input);
  const approval = { ids, bonus: input.bonus, mostBonus: MOST_BONUS, ...ownCaps(), daysBack: DAYS_BACK };
  const { awarded, bonus, balance } = await postApproval(ctx.db, ctx, requestOf(ctx, input), approval, ctx)
    .catch(instead('TASK_NOT_COMPLETED', notWaiting))
    .catch(instead('QUOTA_EXCEEDED', tooMuchBonus));
  return { tasks: (await selectTasks(ctx.db, ctx, ids)).map(toTask), points: { awarded, bonus, balance } };
}

/** A guardian rejects completions and so reopens the tasks. All of the list or none. */
export async function rejectTasks(ctx: UserContext, input: z.output<typeof reject.input>): Promise<z.input<typeof reject.output>> {
  const ids = idsOf(input);
  await postRejection(ctx.db, ctx, requestOf(ctx, input), { ids, reason: input.reason }, ctx.now);
  return { tasks: (await selectTasks(ctx.db, ctx, ids)).map(toTask) };
}

/** The completions that wait for a guardian. */
export const listWaiting = async (ctx: UserContext): Promise<Task[]> => (await selectWaiting(ctx.db, ctx)).map(toTask);

/** Replaces the list of hidden system tasks. */
export async function hideSystemTasks(
  ctx: UserContext,
  input: z.output<typeof hideSystem.input>,
): Promise<z.input<typeof hideSystem.output>> {
  const known = new Set(await selectTemplateIds(ctx.db));
  const unknown = input.templateIds.findIndex((id) => !known.has(id));
  if (unknown >= 0) throw fieldError(`templateIds.${unknown}`, '没有这个系统任务');
  const templateIds = [...new Set(input.templateIds)];
  await postHiddenTemplates(ctx.db, ctx, requestOf(ctx, input), templateIds, ctx);
  return { templateIds };
}
