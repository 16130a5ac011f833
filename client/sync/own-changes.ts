import { type Entry, writesDiary } from './entry';
import type { MetaStore } from './meta';
import type { Outbox } from './outbox';

/** Changes that this phone wrote and versions that its pages opened since the start. Only these count as seen. */
export interface OwnChanges {
  /** Number of the latest change of a date by this installation; 0: none. */
  lastMidOf(date: string): number;
  /** Records the final result of a change; `version` is the server's if it was applied. */
  settled(entry: Entry, version: number | null): void;
  /** The server's version for one that a page was given while the change was queued; any other version as it is. */
  serverVersionOf(version: number): number;
  /** The version below 0 of the edit that became this version; null where this phone did not write it since the start. */
  editOf(date: string, version: number): number | null;
  opened(date: string, version: number): void;
  wasOpened(date: string, version: number): boolean;
}

/** A change of a date, also one that moves its diary away. */
export const concerns = ({ type, args }: Entry, date: string): boolean =>
  writesDiary(type) && (args.date === date || args.movedFrom === date);

export function openOwnChanges(outbox: Outbox, meta: MetaStore): OwnChanges {
  const settledChanges = new Map<unknown, Entry>();
  const serverVersions = new Map<number, number>();
  const own = new Map<unknown, { version: number; edit: number }>();
  const opened = new Map<string, number>();
  return {
    lastMidOf: (date) => {
      const queued = outbox.all().filter((entry) => concerns(entry, date));
      const last = queued[queued.length - 1] ?? settledChanges.get(date);
      return last?.clientId === meta.get().clientId ? last.mid : 0;
    },
    settled: (entry, version) => {
      if (!writesDiary(entry.type)) return;
      for (const date of [entry.args.date, entry.args.movedFrom]) if (date !== undefined) settledChanges.set(date, entry);
      if (version === null) return;
      if (entry.version !== undefined) serverVersions.set(entry.version, version);
      own.set(entry.args.date, { version, edit: entry.version ?? 0 });
    },
    serverVersionOf: (version) => serverVersions.get(version) ?? version,
    editOf: (date, version) => {
      const known = own.get(date);
      return known?.version === version ? known.edit : null;
    },
    opened: (date, version) => {
      opened.set(date, version);
    },
    wasOpened: (date, version) => opened.get(date) === version,
  };
}
