import type { Storage } from '../platform/storage';
import { isText } from '../platform/text';
import { nameOf } from '../sync/entry';
import type { SetAside } from '../types';
import type { Here } from './here';
import type { Account } from './session';

/** Storage owner of texts that are written offline before the first sign-in on this phone. */
export const NOBODY: Account = { key: 'phone', userId: 0 };

/** What can be written before a sign-in: texts. Points and completions need an account. */
export const canBeUnclaimed = (type: string): boolean => /^(diary\.put|diary\.append|diary\.recordMood|task\.create)$/.test(type);

const CLAIMANT = 'claimant';
const MARK = 'unclaimed';
const isMark = (value: unknown): value is true => value === true;
const ID_PREFIX = 'phone:';

/** Texts written before the first sign-in. They belong to the first account that signs in, after its user confirms it, and to no other. */
export interface Unclaimed {
  count(): number;
  /** Call it before anything is written without an account. */
  begin(): Here;
  /** As entries of `sync.setAside()`, for the account that may adopt them. */
  list(account: Account): SetAside[];
  /** Makes the first account that signs in the one that may adopt. */
  noteSignIn(account: Account): void;
  /** Moves the texts, or only the one with the given id, into the account's queue. */
  adopt(into: Here, id?: string): void;
  discard(id: string): void;
  isId(id: string): boolean;
}

export function openUnclaimed(root: Storage, open: () => Here): Unclaimed {
  const entries = () => (root.read(MARK, isMark) ? open().outbox.all() : []);
  const mayAdopt = ({ key }: Account): boolean => root.read(CLAIMANT, isText) === key;
  const idOf = (entry: { clientId: string; mid: number }): string => ID_PREFIX + nameOf(entry);

  const drop = (name: string): void => {
    const { storage, outbox } = open();
    storage.remove(`out:${name}`);
    outbox.forget();
  };

  return {
    count: () => entries().length,
    begin: () => {
      if (!root.read(MARK, isMark)) root.write(MARK, true);
      return open();
    },
    list: (account) =>
      mayAdopt(account)
        ? entries().map((entry) => ({
            id: idOf(entry),
            type: entry.type,
            args: entry.args,
            code: 'UNAUTHENTICATED',
            message: '登录之前写的，确认后放进日记',
            at: entry.modifiedAt,
          }))
        : [],
    noteSignIn: ({ key }) => {
      if (entries().length > 0 && root.read(CLAIMANT, isText) === null) root.write(CLAIMANT, key);
    },
    adopt: (into, id) => {
      if (!mayAdopt(into.account)) return;
      for (const entry of entries().slice()) {
        if (id !== undefined && id !== idOf(entry)) continue;
        const { type, args, policy, modifiedAt } = entry;
        const from = idOf(entry);
        const prev = typeof args.date === 'string' ? into.own.lastMidOf(args.date) : 0;
        const local = type === 'task.create' ? { local: into.madeTasks.newId() } : {};
        // If the app is killed before the text is removed here, the next adoption finds it in the queue.
        if (!into.outbox.replaces(from)) into.outbox.add({ type, args, policy, modifiedAt, prev, from, ...local });
        drop(nameOf(entry));
      }
      into.phone.changed();
    },
    discard: (id) => drop(id.slice(ID_PREFIX.length)),
    isId: (id) => id.startsWith(ID_PREFIX),
  };
}
