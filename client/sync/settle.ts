import type { MutationResult, SyncOutput } from '../../shared/sync/contract';
import { type GrowthDiaryError, noAnswer } from '../platform/error';
import { dayOf, randomName } from '../platform/text';
import type { Cache } from './cache';
import { type Copies, type Copy, copyKey } from './conflict-copies';
import { type Entry, writesDiary } from './entry';
import type { MadeTasks } from './made-tasks';
import type { MetaStore } from './meta';
import type { Outbox } from './outbox';
import type { OwnChanges } from './own-changes';

/** The stored state of an account and the in-memory state beside it. */
export interface Stores {
  meta: MetaStore;
  cache: Cache;
  outbox: Outbox;
  copies: Copies;
  own: OwnChanges;
  madeTasks: MadeTasks;
}

/** A mutation with its final result. */
export interface Settled {
  entry: Entry;
  result: MutationResult;
  /** Whether it waits on this phone for its day. */
  isLater?: boolean;
}

/** Why the server stopped before the end of a batch. */
type Halt = 'retry' | 'stale' | 'gap' | null;

interface Settlement {
  settled: Settled[];
  halt: Halt;
}

/** The refusal says that the goal is already reached: there is nothing to keep. */
const FULFILLED = new Set(['task.complete TASK_ALREADY_COMPLETED', 'task.uncomplete TASK_NOT_COMPLETED', 'task.delete NOT_FOUND']);

const holdsText = ({ type, args }: Entry): boolean =>
  (writesDiary(type) && args.deleted !== true) || type === 'task.create' || type === 'task.update' || type === 'user.update';

/** Reads everything from the beginning. Rows of the former generation are shown until the sweep. */
export const startReading = ({ meta }: Stores, random: () => number): void =>
  meta.set({ cursor: null, sweeping: true, generation: randomName(6, random) });

interface Settling {
  batch: readonly Entry[];
  answer: SyncOutput;
  /** Whether an API call waits for the mutation and will see its result. */
  hasWaiter(entry: Entry): boolean;
  random(): number;
}

/**
 * Stores one answer. The order matters, because the app may be killed between any two writes: a copy exists before its mutation
 * leaves the queue, rows before the cursor that skips them. Each step may be repeated with the next answer.
 */
export function settle(stores: Stores, settling: Settling): Settlement {
  const { meta, outbox } = stores;
  const settlement = keepCopies(stores, settling);
  storeRows(stores, settling);
  meta.set(progress(stores, settlement, settling.answer));
  outbox.dropAcknowledged();
  dropCorrectedCopies(stores, appliedOf(settlement));
  return settlement;
}

export const appliedOf = ({ settled }: Settlement): Entry[] =>
  settled.filter(({ result }) => result.status === 'applied').map(({ entry }) => entry);

/** Step 1: copies the mutations that did not end as their author wished. Stops at the first result that is not final. */
function keepCopies(stores: Stores, { batch, answer, hasWaiter }: Settling): Settlement {
  const { madeTasks, own } = stores;
  const settled: Settled[] = [];
  for (const result of answer.results) {
    const entry = batch.find(({ mid }) => mid === result.mid);
    if (!entry) continue;
    const { status } = result;
    if (status === 'retry' || status === 'stale' || status === 'gap') return { settled, halt: status };
    const isLater = keepCopy(stores, { entry, result, at: answer.serverTime, attended: hasWaiter(entry) });
    const made = entry.type === 'task.create' && status === 'applied' && result.row ? { task: result.row.id } : null;
    if (made) madeTasks.made(entry, made.task);
    own.settled(entry, versionIn(result));
    settled.push({ entry: { ...entry, ...made }, result, ...(isLater && { isLater }) });
  }
  return { settled, halt: null };
}

/** The version that the change made. A replayed answer has the diary as it is now, which another phone may have written. */
const versionIn = ({ status, replayed, row }: MutationResult): number | null =>
  status === 'applied' && !replayed && row && 'version' in row ? row.version : null;

/** Whether the text waits for its day. */
function keepCopy({ copies }: Stores, copy: Copy): boolean {
  const { entry, result, at, attended } = copy;
  if (result.status === 'conflict') copies.keep('conflict', copy);
  if (result.status !== 'rejected') return false;
  if (isOfTomorrow(copy, at)) {
    copies.dropLater(entry.args.date);
    if (entry.args.deleted !== true) copies.keep('later', copy);
    return true;
  }
  // A page that showed a validation error still has the text; any other refused text is kept.
  const isKept = !attended || (holdsText(entry) && result.code !== 'INVALID_INPUT');
  if (isKept && !FULFILLED.has(`${entry.type} ${result.code}`)) copies.keep('aside', copy);
  return false;
}

const DAY_MS = 86_400_000;

/** The phone's clock is ahead of the server's: the date is refused today and will not be tomorrow. */
const isOfTomorrow = ({ entry, result }: Copy, serverTime: string): boolean =>
  entry.type === 'diary.put' && result.code === 'INVALID_INPUT' && entry.args.date === dayOf(Date.parse(serverTime) + DAY_MS);

/** Puts texts whose day has come back into the queue. */
export function releaseLater({ copies, outbox }: Stores, today: string): void {
  for (const [id, { entry }] of copies.list('later')) {
    if (String(entry.args.date) > today) continue;
    const { type, args, policy, modifiedAt } = entry;
    try {
      outbox.add({ type, args, policy, modifiedAt, from: copyKey('later', id) });
    } catch {
      // The queue is full: after this run there is room.
      return;
    }
    copies.drop('later', id);
  }
}

/** Step 2: rows. After a complete read, rows that the server did not send are removed. */
function storeRows(stores: Stores, { answer, random }: Settling): void {
  const { meta, cache, own } = stores;
  const { changes, hasMore, reset, user } = answer;
  if (reset) startReading(stores, random);
  cache.apply(changes, own.editOf);
  if (hasMore || !meta.get().sweeping) return;
  const { generation } = meta.get();
  const hasCome = cache.keys('diary').some((key) => cache.get('diary', key)?.generation === generation);
  if (!hasCome && user.totalDiaries > 0) {
    // The server counts diaries but sent none: a faulty answer must not remove all rows.
    startReading(stores, random);
    throw noAnswer();
  }
  cache.sweep();
}

/** Step 3: acknowledgement and cursor, in one write. */
function progress({ meta }: Stores, { settled }: Settlement, { cursor, hasMore, user, serverRev, serverTime }: SyncOutput) {
  const { ack, sweeping, complete } = meta.get();
  return {
    ack: Math.max(ack, settled[settled.length - 1]?.entry.mid ?? 0),
    cursor,
    sweeping: hasMore && sweeping,
    complete: !hasMore || complete,
    user,
    serverRev,
    syncedAt: serverTime,
  };
}

/** Drops a rejected copy that its author saw and has rewritten since. */
function dropCorrectedCopies({ copies }: Stores, applied: readonly Entry[]): void {
  for (const [id, { entry, attended }] of copies.list('aside')) {
    const isCorrected = applied.some(
      ({ type, args, clientId, mid }) =>
        type === entry.type && args.date === entry.args.date && !args.deleted && (clientId !== entry.clientId || mid > entry.mid),
    );
    if (attended && entry.type === 'diary.put' && isCorrected) copies.drop('aside', id);
  }
}

/**
 * Sets aside a mutation for which the server refused the whole call. The server has not counted its number, so that the rest of the queue is
 * renumbered.
 */
export function setAsidePoison(
  { meta, outbox, copies }: Stores,
  entry: Entry,
  error: GrowthDiaryError,
  seen: { at: string; attended: boolean },
): Settled {
  const { code, message, details } = error;
  const result: MutationResult = { mid: entry.mid, status: 'rejected', code, message, details };
  copies.keep('aside', { entry, result, ...seen });
  meta.set({ ack: entry.mid });
  outbox.dropAcknowledged();
  outbox.renumber();
  return { entry, result };
}
