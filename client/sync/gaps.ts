import type { ChangeKind } from '../../shared/sync/contract';
import type { Storage } from '../platform/storage';

/** Kinds of rows that are incomplete on this phone: rows were evicted or could not be read. */
export interface Gaps {
  has(kind: ChangeKind): boolean;
  note(kind: ChangeKind): void;
  /** After a complete read nothing is missing. */
  clear(): void;
  forget(): void;
}

const KEY = 'gaps';
const areKinds = (value: unknown): value is ChangeKind[] => Array.isArray(value);

export function openGaps(storage: Storage): Gaps {
  let kinds: Set<ChangeKind> | null = null;
  const load = (): Set<ChangeKind> => {
    kinds ??= new Set(storage.read(KEY, areKinds) ?? []);
    return kinds;
  };
  return {
    has: (kind) => load().has(kind),
    note: (kind) => {
      if (load().has(kind)) return;
      load().add(kind);
      try {
        storage.write(KEY, [...load()]);
      } catch {
        // The write failed: the gap is remembered only while this app runs.
      }
    },
    clear: () => {
      if (load().size > 0) storage.remove(KEY);
      load().clear();
    },
    forget: () => {
      kinds = null;
    },
  };
}
