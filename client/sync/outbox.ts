import type { ConflictPolicy, Mutation, MutationType } from '../../shared/sync/contract';
import { refusal } from '../platform/error';
import type { Storage } from '../platform/storage';
import { type Bag, byteLength, isBag, isInteger, isText } from '../platform/text';
import type { Meta, MetaStore } from './meta';

/** What is to be done, before it has a number. */
export interface Intent {
  type: MutationType;
  args: Bag;
  baseRev?: number;
  prev?: number;
  policy: ConflictPolicy;
  modifiedAt: string;
  /** The key this takes the place of; whoever finds both drops that one. */
  from?: string;
  /** The task's id on this phone, where a queued mutation makes it. */
  local?: number;
  /** The id that the task behind `args.ref` turned out to have. */
  task?: number;
}

export interface Entry extends Intent {
  clientId: string;
  mid: number;
}

const MAX_ENTRIES = 500;
const MAX_BYTES = 2_000_000;
/** Room for the envelope is left of the 100 KB that one call may carry. */
export const MAX_CALL_BYTES = 90_000;
export const MAX_CALL_MUTATIONS = 20;

const isEntry = (value: unknown): value is Entry =>
  isBag(value) && isText(value.clientId) && isInteger(value.mid) && isText(value.type) && isBag(value.args) && isText(value.modifiedAt);

export const nameOf = ({ clientId, mid }: { clientId: string; mid: number }): string => `${clientId}:${`000000000${mid}`.slice(-10)}`;
export const keyOf = (entry: Entry): string => `out:${nameOf(entry)}`;

export const toMutation = ({ mid, type, args, baseRev = 0, prev = 0, policy, modifiedAt }: Entry): Mutation => ({
  mid,
  type,
  args,
  baseRev,
  prev,
  policy,
  modifiedAt,
});

const sizeOf = (entry: Entry): number => byteLength(JSON.stringify(entry));

export interface Outbox {
  all(): readonly Entry[];
  /** Durable when it returns. Throws OUTBOX_FULL or STORAGE_FULL, and then nothing is saved. */
  add(intent: Intent): Entry;
  /** Writes over the last mutation. Only where that one has never been sent. */
  replaceLast(intent: Intent): Entry;
  last(): Entry | null;
  /** Something here takes the place of that key. */
  replaces(key: string): boolean;
  isSent(entry: Entry): boolean;
  /** The next mutations to send; `most` bounds their number. */
  batch(most: number): Entry[];
  /** To be called before they leave. */
  markSent(batch: readonly Entry[]): void;
  /** What may be told the server as stored: it must keep the answers that queued mutations refer to. */
  safeAck(): number;
  /** This phone's own latest change of a day that its pages have shown: queued, or applied since the start. 0: none. */
  lastChangeOf(date: string): number;
  /** How a mutation names a task: by the id the server gave, or by the mutation that makes it. Null: there is no such task. */
  taskArgs(id: number): { id: number } | { ref: number } | null;
  /** A name for a task that is about to be made. */
  newTaskId(): number;
  /** The task that `entry` made has this id. */
  taskMade(entry: Entry, id: number): void;
  /** Reads again what is stored: another instance has written. */
  forget(): void;
  /** Forgets all up to `meta.ack`. */
  dropAcknowledged(): void;
  /** Goes on as a new installation: everything left is numbered anew. */
  renumber(): void;
}

const read = (storage: Storage): Entry[] =>
  storage
    .names('out:')
    .map((name) => storage.read(`out:${name}`, isEntry))
    .filter((entry): entry is Entry => entry !== null);

/** What the queue says of this installation without being told by meta. */
export function identityIn(storage: Storage): { clientId: string; mid: number } | null {
  const entries = read(storage);
  const latest = entries.find(({ from }) => from?.startsWith('out:')) ?? entries[entries.length - 1];
  if (!latest) return null;
  const mids = entries.filter(({ clientId }) => clientId === latest.clientId).map(({ mid }) => mid);
  return { clientId: latest.clientId, mid: Math.max(...mids) };
}

export function openOutbox(storage: Storage, meta: MetaStore): Outbox {
  let entries: Entry[] | null = null;
  /** Pages still show these tasks by the name they had before the server knew them. */
  const madeTasks = new Map<number, number>();
  const lastChanges = new Map<unknown, number>();
  /** The client whose numbers those are. */
  let numbering = '';

  const save = (entry: Entry): void => storage.write(keyOf(entry), entry);
  const nextMid = (list: readonly Entry[], { ack, sent }: Meta): number => Math.max(ack, sent, list[list.length - 1]?.mid ?? 0) + 1;

  /** Reads the queue, and ends what a killed app left half done: settled entries, copies, a change of number. */
  const load = (): Entry[] => {
    const stored = read(storage);
    const { clientId, ack } = meta.get();
    const own = stored.filter((entry) => entry.clientId === clientId && entry.mid > ack);
    const superseded = new Set(own.map(({ from }) => from));
    const others = stored.filter((entry) => entry.clientId !== clientId && !superseded.has(keyOf(entry)));

    const mids = new Map(own.map(({ from, mid }) => [from, mid]));
    for (const old of others) {
      const moved = moveTo(old, clientId, nextMid(own, meta.get()), mids);
      save(moved);
      own.push(moved);
      mids.set(keyOf(old), moved.mid);
    }
    const kept = new Set(own.map(keyOf));
    for (const entry of stored) if (!kept.has(keyOf(entry))) storage.remove(keyOf(entry));
    for (const { from } of own) if (from && !from.startsWith('out:')) storage.remove(from);
    return own;
  };

  /** What it refers to by number is either numbered anew before it, or settled. */
  const moveTo = (old: Entry, clientId: string, mid: number, mids: Map<string | undefined, number>): Entry => {
    const newMid = (oldMid: unknown): number => mids.get(keyOf({ ...old, mid: Number(oldMid) })) ?? 0;
    const { ref, ...args } = old.args;
    const target = ref === undefined ? {} : old.task === undefined ? { ref: newMid(ref) } : { id: old.task };
    return { ...old, clientId, mid, prev: newMid(old.prev), args: { ...args, ...target }, from: keyOf(old) };
  };

  const all = (): Entry[] => {
    if (!entries) {
      entries = load();
      const { clientId } = meta.get();
      if (clientId !== numbering) lastChanges.clear();
      numbering = clientId;
      entries.forEach(noteChange);
    }
    return entries;
  };

  const noteChange = ({ type, args, mid }: Entry): void => {
    if (type === 'diary.put') lastChanges.set(args.date, mid);
  };

  const isSent = ({ mid }: Entry): boolean => mid <= meta.get().sent;

  return {
    all,
    last: () => all()[all().length - 1] ?? null,
    replaces: (key) => all().some(({ from }) => from === key),
    isSent,
    add: (intent) => {
      const list = all();
      const entry: Entry = { ...intent, clientId: meta.get().clientId, mid: nextMid(list, meta.get()) };
      const bytes = list.reduce((sum, each) => sum + sizeOf(each), sizeOf(entry));
      if (list.length >= MAX_ENTRIES || bytes > MAX_BYTES) throw refusal('OUTBOX_FULL');
      save(entry);
      list.push(entry);
      noteChange(entry);
      return entry;
    },
    replaceLast: (intent) => {
      const list = all();
      const last = list[list.length - 1];
      if (!last || isSent(last)) throw new Error('nothing to write over');
      const entry: Entry = { ...last, ...intent };
      save(entry);
      list[list.length - 1] = entry;
      return entry;
    },
    batch: (most) => {
      const batch: Entry[] = [];
      let bytes = 0;
      for (const entry of all()) {
        bytes += sizeOf(entry);
        if (batch.length > 0 && (batch.length >= most || bytes > MAX_CALL_BYTES)) break;
        batch.push(entry);
      }
      return batch;
    },
    markSent: (batch) => {
      const last = batch[batch.length - 1];
      if (last && !isSent(last)) meta.set({ sent: last.mid });
    },
    safeAck: () => {
      const { ack } = meta.get();
      return Math.min(ack, ...all().map(({ args }) => (typeof args.ref === 'number' ? args.ref - 1 : ack)));
    },
    lastChangeOf: (date) => {
      all();
      return lastChanges.get(date) ?? 0;
    },
    taskArgs: (id) => {
      const known = id > 0 ? id : madeTasks.get(id);
      if (known !== undefined) return { id: known };
      const maker = all().find((entry) => entry.type === 'task.create' && entry.local === id);
      return maker ? { ref: maker.mid } : null;
    },
    newTaskId: () => Math.min(0, ...all().map(({ local = 0 }) => local), ...madeTasks.keys()) - 1,
    taskMade: ({ mid, local }, id) => {
      if (local !== undefined) madeTasks.set(local, id);
      const list = all();
      list.forEach((entry, index) => {
        if (entry.args.ref !== mid) return;
        const known = { ...entry, task: id };
        save(known);
        list[index] = known;
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
