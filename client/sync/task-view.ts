import { isText } from '../platform/text';
import type { Pending, Profile, Settings, Task } from '../types';
import type { Cache } from './cache';
import type { Entry } from './entry';

type Shown = Task & Pending;

/** The tasks that this phone shows: the server's rows, overlaid by queued changes. */
export interface TaskView {
  /** From the cached rows. */
  of(date: string): Shown[];
  /** Overlays the server's list of a day with the queued changes. */
  over(date: string, rows: readonly Task[]): Shown[];
  /** Finds also a task that only a page has received so far. */
  find(id: number): Shown | null;
  all(): Shown[];
}

const made = ({ args, local = 0, task = local }: Entry, date: string): Task => ({
  id: task,
  title: String(args.title),
  description: String(args.description ?? ''),
  category: String(args.category ?? ''),
  pointsReward: Number(args.pointsReward ?? 0),
  isSystem: false,
  isCompleted: false,
  completedAt: null,
  date,
  repeat: (args.repeat as Task['repeat'] | undefined) ?? { kind: 'once' },
  status: 'open',
  remindAt: (args.remindAt as string | null | undefined) ?? null,
  byGuardian: false,
  rejectedReason: null,
});

/** Completed, or waiting for a guardian where the family requires approval. */
function completed(task: Shown, completedAt: string, approval: Settings['taskApproval']): Shown {
  const waits = approval === 'all' || (approval === 'own' && !task.isSystem);
  return { ...task, isCompleted: !waits, completedAt, status: waits ? 'waiting' : 'done', rejectedReason: null };
}

function changed(task: Shown, { type, args, modifiedAt }: Entry, approval: Settings['taskApproval']): Shown | null {
  if (type === 'task.delete') return null;
  if (type === 'task.complete') return completed(task, modifiedAt, approval);
  if (type === 'task.uncomplete') return { ...task, isCompleted: false, completedAt: null, status: 'open' };
  const { id: _, ref: __, ...fields } = args;
  return { ...task, ...fields };
}

interface Parts {
  cache: Cache;
  changes(): readonly Entry[];
  isPending(entry: Entry): boolean;
  dayOf(instant: string): string;
}

export function openTaskView({ cache, changes, isPending, dayOf }: Parts): TaskView {
  const draw = (rows: readonly Task[]): Shown[] => {
    const shown = new Map<number, Shown>(rows.map((row) => [row.id, row]));
    const idByMid = new Map<number, number>();
    const approval = cache.rows<Profile>('profile')[0]?.settings.taskApproval ?? 'none';
    for (const entry of changes()) {
      if (!entry.type.startsWith('task.')) continue;
      const pending = isPending(entry) ? { pending: true as const } : {};
      if (entry.type === 'task.create') {
        const task = made(entry, isText(entry.args.date) ? entry.args.date : dayOf(entry.modifiedAt));
        idByMid.set(entry.mid, task.id);
        if (!shown.has(task.id)) shown.set(task.id, { ...task, ...pending });
        continue;
      }
      const id = entry.args.ref === undefined ? Number(entry.args.id) : (entry.task ?? idByMid.get(Number(entry.args.ref)) ?? 0);
      const before = shown.get(id);
      const after = before && changed(before, entry, approval);
      if (after) shown.set(id, { ...after, ...pending });
      else shown.delete(id);
    }
    return [...shown.values()];
  };

  const cached = (): Task[] => cache.rows<Task>('task');

  /** The server creates a day's tasks when they are listed; they are cached with the next sync. */
  let listed: readonly Task[] = [];
  const all = (): Shown[] => {
    const rows = cached();
    const known = new Set(rows.map(({ id }) => id));
    return draw([...rows, ...listed.filter(({ id }) => !known.has(id))]);
  };
  const onDay = (date: string, rows: readonly Shown[]): Shown[] => rows.filter((task) => task.date === date);

  return {
    of: (date) => onDay(date, all()),
    over: (date, rows) => {
      listed = [...listed.filter((task) => task.date !== date), ...rows];
      return onDay(date, draw(rows));
    },
    find: (id) => all().find((task) => task.id === id) ?? null,
    all,
  };
}
