import type { Storage } from '../platform/storage';
import { isBag } from '../platform/text';

/**
 * The state of a cached diary that is not simply published and on the phone:
 * - `draft` · `deleted`                  on the phone
 * - `evicted` · `evicted-draft`          removed to make room: the server has it
 * - `unknown`                            its row could not be read: the server has it, or it is deleted
 */
export type Mark = 'draft' | 'deleted' | 'evicted' | 'evicted-draft' | 'unknown';

/** Marks by date. They allow listing and counting days without reading a row. */
export interface Marks {
  of(date: string): Mark | null;
  all(): ReadonlyMap<string, Mark>;
  /** Runs `write`, which gives the date this mark. The stored marks are removed first: after a kill in between the next start rebuilds them. */
  change(date: string, mark: Mark | null, write: () => void): void;
  /** Call it when rows and marks agree again. */
  save(): void;
  /** Reads storage again, because another instance has written. */
  forget(): void;
}

const KEY = 'marks';
const isMarks = (value: unknown): value is Record<string, Mark> => isBag(value);

/** `count` reads every row: needed once, and after a kill between rows and marks. */
export function openMarks(storage: Storage, count: () => Map<string, Mark>): Marks {
  let marks: Map<string, Mark> | null = null;
  let isStored = false;

  const load = (): Map<string, Mark> => {
    if (marks) return marks;
    const stored = storage.read(KEY, isMarks);
    isStored = stored !== null;
    marks = stored ? new Map(Object.entries(stored)) : count();
    return marks;
  };

  return {
    of: (date) => load().get(date) ?? null,
    all: load,
    change: (date, mark, write) => {
      const isChange = (load().get(date) ?? null) !== mark;
      if (isChange && isStored) storage.remove(KEY);
      if (isChange) isStored = false;
      write();
      if (mark === null) load().delete(date);
      else load().set(date, mark);
    },
    save: () => {
      const known = load();
      if (isStored) return;
      const stored: Record<string, Mark> = {};
      for (const [date, mark] of known) stored[date] = mark;
      try {
        storage.write(KEY, stored);
        isStored = true;
      } catch {
        // Counted again at the next start.
      }
    },
    forget: () => {
      marks = null;
    },
  };
}
