import { maxMutations } from '../../shared/sync/limits';
import { refusal } from '../platform/error';
import type { Storage } from '../platform/storage';
import { byteLength } from '../platform/text';
import { type Entry, type Intent, keyOf, MAX_CALL_BYTES, nextMid, writesDiary } from './entry';
import { loadQueue } from './load-queue';
import type { MetaStore } from './meta';

const MAX_ENTRIES = 500;
const MAX_BYTES = 2_000_000;
const sizeOf = (entry: Entry): number => byteLength(JSON.stringify(entry));

export interface Outbox {
  all(): readonly Entry[];
  /** The entry is durable on return. Throws OUTBOX_FULL or STORAGE_FULL; then nothing is saved. */
  add(intent: Intent): Entry;
  /** Overwrites the last mutation. Allowed only if it was never sent. */
  replaceLast(intent: Intent): Entry;
  last(): Entry | null;
  /** Whether an entry replaces that key. */
  replaces(key: string): boolean;
  isSent(entry: Entry): boolean;
  /** The next mutations to send, at most `most`. */
  batch(most: number): Entry[];
  /** Call it before the mutations are sent. */
  markSent(batch: readonly Entry[]): void;
  /** The number that may be acknowledged: the server must keep receipts that queued mutations refer to. */
  safeAck(): number;
  /** Stores the server id of the task that the mutation `mid` created, with each entry that refers to it. */
  taskMade(mid: number, id: number): void;
  /** Reads storage again, because another instance has written. */
  forget(): void;
  /** Removes all entries up to `meta.ack`. */
  dropAcknowledged(): void;
  /** Continues as a new installation: all remaining entries are renumbered. */
  renumber(): void;
}

/** As many of the next mutations as fit into one call, at most `most`. */
function nextBatch(entries: readonly Entry[], most: number): Entry[] {
  const batch: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    bytes += sizeOf(entry);
    if (batch.length > 0 && (batch.length >= Math.min(most, maxMutations) || bytes > MAX_CALL_BYTES)) break;
    batch.push(entry);
  }
  return batch;
}

function requireRoom(list: readonly Entry[], entry: Entry): void {
  const bytes = list.reduce((sum, each) => sum + sizeOf(each), sizeOf(entry));
  if (list.length >= MAX_ENTRIES || bytes > MAX_BYTES) throw refusal('OUTBOX_FULL');
}

export function openOutbox(storage: Storage, meta: MetaStore, now: () => number): Outbox {
  let entries: Entry[] | null = null;
  let lastVersion = 0;

  const save = (entry: Entry): void => storage.write(keyOf(entry), entry);
  const all = (): Entry[] => {
    entries ??= loadQueue(storage, meta);
    return entries;
  };
  const last = (): Entry | null => all()[all().length - 1] ?? null;
  const isSent = ({ mid }: Entry): boolean => mid <= meta.get().sent;
  /** Starts at the clock, so that two edits of one phone never share a local version, even across restarts. */
  const newVersion = (): number => {
    lastVersion = Math.min(lastVersion, ...all().map(({ version = 0 }) => version), 1 - now()) - 1;
    return lastVersion;
  };
  const versionOf = ({ type }: Intent): { version?: number } => (writesDiary(type) ? { version: newVersion() } : {});

  return {
    all,
    last,
    replaces: (key) => all().some(({ from }) => from === key),
    isSent,
    add: (intent) => {
      const entry: Entry = { ...intent, ...versionOf(intent), clientId: meta.get().clientId, mid: nextMid(all(), meta.get()) };
      requireRoom(all(), entry);
      save(entry);
      all().push(entry);
      return entry;
    },
    replaceLast: (intent) => {
      const before = last();
      if (!before || isSent(before)) throw new Error('nothing to write over');
      const entry: Entry = { ...before, ...intent, ...versionOf(intent) };
      save(entry);
      all()[all().length - 1] = entry;
      return entry;
    },
    batch: (most) => nextBatch(all(), most),
    markSent: (batch) => {
      const latest = batch[batch.length - 1];
      if (latest && !isSent(latest)) meta.set({ sent: latest.mid });
    },
    safeAck: () => {
      const { ack } = meta.get();
      return Math.min(ack, ...all().map(({ args }) => (typeof args.ref === 'number' ? args.ref - 1 : ack)));
    },
    taskMade: (mid, id) => {
      all().forEach((entry, index) => {
        if (entry.args.ref !== mid) return;
        const known = { ...entry, task: id };
        save(known);
        all()[index] = known;
      });
    },
    forget: () => {
      entries = null;
    },
    dropAcknowledged: () => {
      const { ack } = meta.get();
      const done = all().filter(({ mid }) => mid <= ack);
      entries = all().filter(({ mid }) => mid > ack);
      for (const entry of done) storage.remove(keyOf(entry));
    },
    renumber: () => {
      meta.becomeNewClient();
      entries = null;
      all();
    },
  };
}
