import type { Storage } from '../platform/storage';
import { isBag, isInteger, isText } from '../platform/text';
import { type Entry, keyOf, nextMid } from './entry';
import type { MetaStore } from './meta';

const isEntry = (value: unknown): value is Entry =>
  isBag(value) && isText(value.clientId) && isInteger(value.mid) && isText(value.type) && isBag(value.args) && isText(value.modifiedAt);

const readEntries = (storage: Storage): Entry[] =>
  storage
    .names('out:')
    .map((name) => storage.read(`out:${name}`, isEntry))
    .filter((entry): entry is Entry => entry !== null);

/** What the queue itself shows of this installation, independent of the stored meta. */
export function identityIn(storage: Storage): { clientId: string; mid: number } | null {
  const entries = readEntries(storage);
  const latest = entries.find(({ from }) => from?.startsWith('out:')) ?? entries[entries.length - 1];
  if (!latest) return null;
  const mids = entries.filter(({ clientId }) => clientId === latest.clientId).map(({ mid }) => mid);
  return { clientId: latest.clientId, mid: Math.max(...mids) };
}

/** The entry under a new number. Mutations that it refers to are renumbered before it, or settled. */
function renumbered(old: Entry, clientId: string, mid: number, mids: Map<string | undefined, number>): Entry {
  const newMid = (oldMid: unknown): number => mids.get(keyOf({ ...old, mid: Number(oldMid) })) ?? 0;
  const { ref, ...args } = old.args;
  const target = ref === undefined ? {} : old.task === undefined ? { ref: newMid(ref) } : { id: old.task };
  return { ...old, clientId, mid, prev: newMid(old.prev), args: { ...args, ...target }, from: keyOf(old) };
}

/** Reads the queue and finishes what a killed app left incomplete: settled entries, copies, a renumbering. */
export function loadQueue(storage: Storage, meta: MetaStore): Entry[] {
  const stored = readEntries(storage);
  const { clientId, ack } = meta.get();
  const own = stored.filter((entry) => entry.clientId === clientId && entry.mid > ack);
  const superseded = new Set(own.map(({ from }) => from));
  const others = stored.filter((entry) => entry.clientId !== clientId && !superseded.has(keyOf(entry)));

  const mids = new Map(own.map(({ from, mid }) => [from, mid]));
  for (const old of others) {
    const moved = renumbered(old, clientId, nextMid(own, meta.get()), mids);
    storage.write(keyOf(moved), moved);
    own.push(moved);
    mids.set(keyOf(old), moved.mid);
  }
  const kept = new Set(own.map(keyOf));
  for (const entry of stored) if (!kept.has(keyOf(entry))) storage.remove(keyOf(entry));
  for (const { from } of own) if (from && !from.startsWith('out:')) storage.remove(from);
  return own;
}
