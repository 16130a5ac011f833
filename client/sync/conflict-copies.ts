import type { MutationResult } from '../../shared/sync/contract';
import type { Storage } from '../platform/storage';
import { isBag, isText } from '../platform/text';
import type { Conflict, Diary, DiaryText, SetAside } from '../types';
import { type Entry, nameOf } from './entry';
import type { MetaStore } from './meta';

/** A mutation that did not end as its author wished, kept until the author has seen it. */
export interface Copy {
  entry: Entry;
  result: MutationResult;
  at: string;
  /** Its author waited for the result and has got it. */
  attended: boolean;
}

const isCopy = (value: unknown): value is Copy =>
  isBag(value) && isBag(value.entry) && isBag(value.entry.args) && isBag(value.result) && isText(value.at);

/** `later`: a text dated tomorrow, which is sent once the server's day has come. */
export type Kind = 'conflict' | 'aside' | 'later';

export interface Copies {
  list(kind: Kind): [id: string, copy: Copy][];
  get(kind: Kind, id: string): Copy | null;
  keep(kind: Kind, copy: Copy): void;
  drop(kind: Kind, id: string): void;
  /** Removes the waiting text of this date, because it was overwritten or deleted. */
  dropLater(date: unknown): void;
  /** Reads storage again, because another instance has written. */
  forget(): void;
}

/** The key is derived from the mutation: a replayed answer makes the same copy. */
export const copyKey = (kind: Kind, id: string): string => `${kind}:${id}`;

export function openCopies(storage: Storage, meta: MetaStore): Copies {
  const kinds = new Map<Kind, Map<string, Copy>>();
  const copiesOf = (kind: Kind): Map<string, Copy> => {
    let copies = kinds.get(kind);
    if (!copies) {
      copies = new Map();
      for (const id of storage.names(`${kind}:`)) {
        const copy = storage.read(copyKey(kind, id), isCopy);
        if (copy) copies.set(id, copy);
      }
      kinds.set(kind, copies);
    }
    return copies;
  };
  // An unacknowledged mutation will be answered once more, which would create the copy again after it was resolved.
  const isSettled = ({ entry }: Copy): boolean => entry.clientId !== meta.get().clientId || entry.mid <= meta.get().ack;
  const drop = (kind: Kind, id: string): void => {
    copiesOf(kind).delete(id);
    storage.remove(copyKey(kind, id));
  };
  return {
    list: (kind) => [...copiesOf(kind)].filter(([, copy]) => isSettled(copy)),
    get: (kind, id) => copiesOf(kind).get(id) ?? null,
    keep: (kind, copy) => {
      const id = nameOf(copy.entry);
      storage.write(copyKey(kind, id), copy);
      copiesOf(kind).set(id, copy);
    },
    forget: () => kinds.clear(),
    drop,
    dropLater: (date) => {
      for (const [id, { entry }] of [...copiesOf('later')]) if (entry.args.date === date) drop('later', id);
    },
  };
}

export const toConflict = ([id, { entry, result, at }]: [string, Copy]): Conflict => ({
  id,
  date: String(entry.args.date),
  mine: entry.args.deleted === true ? null : (entry.args as unknown as DiaryText),
  theirs: result.deleted || !result.row ? null : (result.row as Diary),
  policy: entry.policy,
  at,
});

export const toSetAside = ([id, { entry, result, at }]: [string, Copy]): SetAside => ({
  id,
  type: entry.type,
  args: entry.args,
  code: result.code ?? 'INTERNAL',
  message: result.message ?? '',
  at,
});
