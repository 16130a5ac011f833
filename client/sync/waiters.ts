import type { MutationResult, SyncOutput } from '../../shared/sync/contract';
import { type Entry, keyOf } from './entry';

/** The result of one mutation. */
export interface Outcome {
  result: MutationResult;
  user: SyncOutput['user'];
}

type Wait = (outcome: Outcome | null) => void;

/** API calls that wait for the result of their mutation. */
export interface Waiters {
  /** Resolves with the result, or with null after `patienceMs` or when the run ends without one. */
  outcomeOf(entry: Entry, patienceMs: number): Promise<Outcome | null>;
  hasWaiter(entry: Entry): boolean;
  /** With null: saved, and not sent yet. */
  resolve(entry: Entry, outcome: Outcome | null): void;
  /** Resolves all with null: the mutations stay in the queue. */
  giveUp(): void;
}

export function openWaiters(schedule: (run: () => void, ms: number) => () => void): Waiters {
  const byKey = new Map<string, Wait[]>();
  /** A renumbered mutation is waited for under its former key. */
  const waitsOf = (entry: Entry): Wait[] => byKey.get(keyOf(entry)) ?? byKey.get(entry.from ?? '') ?? [];

  return {
    outcomeOf: (entry, patienceMs) =>
      new Promise((resolve) => {
        const key = keyOf(entry);
        const others = (): Wait[] => (byKey.get(key) ?? []).filter((wait) => wait !== done);
        const cancel = schedule(() => done(null), patienceMs);
        const done: Wait = (outcome) => {
          cancel();
          const left = others();
          if (left.length > 0) byKey.set(key, left);
          else byKey.delete(key);
          resolve(outcome);
        };
        byKey.set(key, [...others(), done]);
      }),
    hasWaiter: (entry) => waitsOf(entry).length > 0,
    resolve: (entry, outcome) => {
      for (const wait of waitsOf(entry)) wait(outcome);
    },
    giveUp: () => {
      for (const waits of [...byKey.values()]) for (const wait of waits) wait(null);
    },
  };
}
