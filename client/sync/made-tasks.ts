import type { Entry } from './entry';
import type { Outbox } from './outbox';

/** Tasks that this phone made, under the ids below 0 that pages know them by. */
export interface MadeTasks {
  /** How a mutation names a task: by the id the server gave, or by the mutation that makes it. Null: there is no such task. */
  argsOf(id: number): { id: number } | { ref: number } | null;
  /** A name for a task that is about to be made. */
  newId(): number;
  /** The task that `entry` made has this id on the server. */
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
