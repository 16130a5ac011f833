import type { Here } from '../account/here';
import { invalid, refusal } from '../platform/error';
import { toId } from '../platform/id';
import { given, isDay } from '../platform/text';
import type { GrowthDiary, Pending, Task } from '../types';
import { amountOf, appliedRow, requireApplied } from './applied';
import { once } from './once';
import { partOf, quietly } from './read';

type Shown = Task & Pending;

const UNKNOWN: Omit<Task, 'id' | 'date'> = {
  title: '',
  description: '',
  category: '',
  pointsReward: 0,
  isSystem: false,
  isCompleted: false,
  completedAt: null,
  repeat: { kind: 'once' },
  status: 'open',
  remindAt: null,
  byGuardian: false,
  rejectedReason: null,
};

export function taskApi(enter: () => Promise<Here>): GrowthDiary['task'] {
  /** The mutation's name for the task, and the task as it is shown. */
  const aim = (here: Here, id: number) => {
    const target = here.madeTasks.argsOf(id);
    if (!target) throw refusal('NOT_FOUND');
    return { target, shown: here.tasks.find('id' in target ? target.id : id) };
  };

  /** A task whose row is not on this phone is shown with the fields of the page's own change. */
  const shownOr = (here: Here, id: number, changes: Partial<Task>, before: Shown | null = null): Shown =>
    here.tasks.find(id) ?? { ...(before ?? { ...UNKNOWN, id, date: here.today() }), ...changes };

  /** An action of a guardian; its changes arrive with the next sync. */
  const decide = async <Answer>(action: string, input: object): Promise<Answer> => {
    const here = await enter();
    const answer = await once<Answer>(here, 'task', action, input);
    here.sync.wake();
    return answer;
  };

  return {
    list: async ({ date: wanted } = {}) => {
      const here = await enter();
      const date = wanted ?? here.today();
      const day = (tasks: Shown[]) => ({ date, tasks, completed: tasks.filter((task) => task.isCompleted).length, total: tasks.length });
      return quietly(
        here,
        async () => {
          const input = wanted === undefined ? {} : { date };
          const answer = await here.call<{ date: string; tasks: Task[] }>('task', 'list', input);
          if (answer.tasks.some(({ id }) => here.cache.get('task', String(id)) === null)) here.sync.wake();
          return { ...day(here.tasks.over(answer.date, answer.tasks)), date: answer.date };
        },
        () => {
          const tasks = here.tasks.of(date);
          // Every day has tasks, so that no rows means: not known.
          return tasks.length === 0 ? null : { ...day(tasks), ...partOf(here, 'task') };
        },
      );
    },

    create: async (input) => {
      const here = await enter();
      if (input.date !== undefined && !isDay(input.date)) throw invalid('date', '日期应为 YYYY-MM-DD');
      const local = here.madeTasks.newId();
      const outcome = await here.submit({ type: 'task.create', args: { ...input }, local });
      if (outcome === null) return { task: shownOr(here, local, {}), pending: true };
      return { task: appliedRow<Task>(outcome, here.tasks.find(local)) };
    },

    update: async ({ id: asked, ...fields }) => {
      const here = await enter();
      const id = toId(asked);
      const { target, shown } = aim(here, id);
      const outcome = await here.submit({ type: 'task.update', args: { ...target, ...fields } });
      if (outcome === null) return { task: shownOr(here, id, given(fields), shown), pending: true };
      return { task: appliedRow<Task>(outcome, shown) };
    },

    delete: async ({ id: asked }) => {
      const here = await enter();
      const id = toId(asked);
      const outcome = await here.submit({ type: 'task.delete', args: { ...aim(here, id).target } });
      if (outcome === null) return { id, deleted: true, pending: true };
      requireApplied(outcome);
      return { id, deleted: true };
    },

    complete: async ({ id: asked, doneOn }) => {
      const here = await enter();
      const id = toId(asked);
      const { target, shown } = aim(here, id);
      // The date of the task, independent of the phone's clock.
      const day = doneOn ?? shown?.date;
      const outcome = await here.submit({ type: 'task.complete', args: { ...target, ...(day !== undefined && { doneOn: day }) } });
      if (outcome === null) return { task: shownOr(here, id, { isCompleted: true }, shown), points: null, pending: true };
      const task = appliedRow<Task>(outcome, shown);
      const awarded = amountOf(here, 1, 'task', task.id, outcome.result.points);
      return { task, points: { awarded, balance: outcome.result.points ?? outcome.user.points, capped: awarded < task.pointsReward } };
    },

    get: async ({ id: asked }) => {
      const here = await enter();
      const id = toId(asked);
      const { target, shown } = aim(here, id);
      return quietly(
        here,
        async () => ('id' in target ? await here.call<{ task: Task }>('task', 'get', target) : { task: shownOr(here, id, {}, shown) }),
        () => shown && { task: shown },
      );
    },

    approve: (input) => decide('approve', input),
    reject: (input) => decide('reject', input),
    hideSystem: (input) => decide('hideSystem', input),

    uncomplete: async ({ id: asked }) => {
      const here = await enter();
      const id = toId(asked);
      const { target, shown } = aim(here, id);
      const outcome = await here.submit({ type: 'task.uncomplete', args: { ...target } });
      if (outcome === null) return { task: shownOr(here, id, { isCompleted: false }, shown), points: null, pending: true };
      const task = appliedRow<Task>(outcome, shown);
      const returned = amountOf(here, -1, 'task', task.id, outcome.result.points);
      return { task, points: { returned, balance: outcome.result.points ?? outcome.user.points } };
    },
  };
}
