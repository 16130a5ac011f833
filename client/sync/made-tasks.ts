import type { Entry } from './entry';
import type { Outbox } from './outbox';

/** Tasks created on this phone, by their local ids below 0. */
export interface MadeTasks {
  /** How a mutation refers to a task: by its server id, or by the mutation that creates it. Null: there is no such task. */
  argsOf(id: number): { id: number } | { ref: number } | null;
  /** A local id for a new task. */
  newId(): number;
  /** The task that `entry` created has this server id. */
  made(entry: Entry, id: number): void;
}

export function openMadeTasks(outbox: Outbox): MadeTasks {
  const ids = new Map<number, number>();
  return {
    argsOf: (id) => {
      const known = id > 0 ? id : ids.get(id);
      if (known !== undefined) return { id: known };
      const maker = outbox.all().find((entry) => entry.type === 'task.create' && entry.local === id);
      return maker ? { ref: maker.mid } : null;
    },
    newId: () => Math.min(0, ...outbox.all().map(({ local = 0 }) => local), ...ids.keys()) - 1,
    made: ({ mid, local }, id) => {
      if (local !== undefined) ids.set(local, id);
      outbox.taskMade(mid, id);
    },
  };
}
