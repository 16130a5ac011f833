import type { MutationResult, SyncInput, SyncOutput } from '../../shared/sync/contract';
import { contractVersion } from '../../shared/sync/limits';
import { GrowthDiaryError, noAnswer, refusal } from '../platform/error';
import { isBag, isInteger, isText, randomName, toInstant } from '../platform/text';
import type { SyncReport } from '../types';
import type { Cache } from './cache';
import type { Copies } from './conflict-copies';
import type { MetaStore } from './meta';
import { type Entry, keyOf, MAX_CALL_MUTATIONS, type Outbox, toMutation } from './outbox';

/*
 *        a write · network back · app shown · signed in · timer
 *                              │
 *    idle ─────────────────► pushing ───── queue empty ─────► pulling ──── no more ────► idle
 *     ▲                        │ ▲ └ next batch ┐               │ ▲ └ next page ┐
 *     │                        │ └──────────────┘               │ └─────────────┘
 *     └─── waiting, 1 s … 5 min, longer each time ◄─────────────┘
 *            └ a call failed, or the server said `retry`
 *
 * One call does both: it takes mutations and brings changes. So every state ends with the same five steps, each of which may be the last one a
 * killed app has done: copies of what was refused · rows · acknowledgement and cursor, one write · queue · whoever waits.
 */

/** How one mutation ended. */
export interface Outcome {
  result: MutationResult;
  user: SyncOutput['user'];
}

export interface Sync {
  /** Runs, or joins the run that is under way. */
  now(): Promise<SyncReport>;
  /** Runs soon if there is any point in it; false when there is none. */
  wake(): boolean;
  isRunning(): boolean;
  /** The server has asked for some rest. */
  isResting(): boolean;
  lastError(): string | null;
  /** Resolves once the mutation is settled; with null as soon as it is known to take longer. */
  outcomeOf(entry: Entry, patienceMs: number): Promise<Outcome | null>;
  /** Settled mutations whose rows have not come yet. */
  echo(): readonly Entry[];
  sawConflicts(): void;
  stop(): void;
}

interface Parts {
  meta: MetaStore;
  cache: Cache;
  outbox: Outbox;
  copies: Copies;
  /** To be called before what is stored is read or written, after every pause. */
  own(): void;
  usage(): { currentSize: number; limitSize: number };
  call(input: SyncInput): Promise<unknown>;
  isOnline(): boolean;
  changed(): void;
  now(): number;
  random(): number;
  schedule(run: () => void, ms: number): () => void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;
const MOST_RESTARTS = 3;

/** Waiting does not help against these: the app or its user has to do something. */
const FINAL = new Set(['UPGRADE_REQUIRED', 'ACCOUNT_CHANGED', 'UNAUTHENTICATED', 'FORBIDDEN', 'CONSENT_REQUIRED']);

/** Somebody did already what was asked: nothing is lost. */
const FULFILLED = new Set(['task.complete TASK_ALREADY_COMPLETED', 'task.uncomplete TASK_NOT_COMPLETED', 'task.delete NOT_FOUND']);

const holdsText = ({ type, args }: Entry): boolean =>
  (type === 'diary.put' && args.deleted !== true) || type === 'task.create' || type === 'task.update' || type === 'user.update';

const STATUS = /^(applied|conflict|rejected|retry|stale|gap)$/;

/** An answer with a status that this version does not know is none: to take it for settled would drop a text nobody may have stored. */
const isAnswer = (value: unknown): value is SyncOutput =>
  isBag(value) &&
  Array.isArray(value.results) &&
  value.results.every((result) => isBag(result) && isInteger(result.mid) && STATUS.test(String(result.status))) &&
  Array.isArray(value.changes) &&
  value.changes.every(
    (change) => isBag(change) && isText(change.key) && isInteger(change.rev) && (isBag(change.row) || change.deleted === true),
  ) &&
  isText(value.cursor) &&
  typeof value.hasMore === 'boolean' &&
  isBag(value.user);

const isRefused = (error: unknown, code: string): error is GrowthDiaryError => error instanceof GrowthDiaryError && error.code === code;

const blames = ({ details }: GrowthDiaryError, field: string): boolean =>
  Array.isArray(details) && details.some((each) => isBag(each) && String(each.path).split('.')[0] === field);

type Wait = (outcome: Outcome | null) => void;

interface Settled {
  entry: Entry;
  result: MutationResult;
}

type Halt = 'retry' | 'stale' | 'gap' | null;

export function openSync({ meta, cache, outbox, copies, own, usage, call, isOnline, changed, now, random, schedule }: Parts): Sync {
  let running: Promise<SyncReport> | null = null;
  let stopped = false;
  let failures = 0;
  let lastError: string | null = null;
  let notBefore = 0;
  let cancelTimer: (() => void) | null = null;
  let seen: number | null = null;
  let echo: Entry[] = [];
  const waiting = new Map<string, Wait[]>();

  /** Those who wait for it, also under the number it had before. */
  const waitersOf = (entry: Entry) => waiting.get(keyOf(entry)) ?? waiting.get(entry.from ?? '');
  const waitNoMore = (): void => {
    for (const waiters of [...waiting.values()]) for (const wait of waiters) wait(null);
  };

  /** Null: overtaken, and to be asked again. */
  async function exchange(batch: readonly Entry[]): Promise<SyncOutput | null> {
    const { clientId, cursor } = meta.get();
    const answer = await call({
      clientId,
      contractVersion,
      ack: outbox.safeAck(),
      cursor,
      mutations: batch.map(toMutation),
      sentAt: toInstant(now()),
      ...(seen !== null && { conflictsSeen: seen }),
    });
    if (stopped) throw refusal('ACCOUNT_CHANGED');
    if (!isAnswer(answer)) throw noAnswer();
    own();
    // Another instance on this phone has gone on meanwhile.
    if (meta.get().clientId !== clientId || meta.get().cursor !== cursor) return null;
    seen = null;
    return answer;
  }

  const startReading = (): void => meta.set({ cursor: null, sweeping: true, generation: randomName(6, random) });

  function keepCopies(batch: readonly Entry[], results: readonly MutationResult[], at: string): { settled: Settled[]; halt: Halt } {
    const settled: Settled[] = [];
    for (const result of results) {
      const entry = batch.find(({ mid }) => mid === result.mid);
      if (!entry) continue;
      const { status } = result;
      if (status === 'retry' || status === 'stale' || status === 'gap') return { settled, halt: status };
      const attended = waitersOf(entry) !== undefined;
      if (status === 'conflict') copies.keep('conflict', { entry, result, at, attended });
      else if (status === 'rejected') {
        const isKept = (!attended || holdsText(entry)) && !FULFILLED.has(`${entry.type} ${result.code}`);
        if (isKept) copies.keep('aside', { entry, result, at, attended });
      }
      const made = entry.type === 'task.create' && status === 'applied' && result.row ? { task: result.row.id } : null;
      if (made) outbox.taskMade(entry, made.task);
      settled.push({ entry: { ...entry, ...made }, result });
    }
    return { settled, halt: null };
  }

  function storeRows({ changes, hasMore, reset, user }: SyncOutput): void {
    if (reset) startReading();
    cache.apply(changes);
    if (hasMore || !meta.get().sweeping) return;
    const { generation } = meta.get();
    const hasCome = cache.keys('diary').some((key) => cache.get('diary', key)?.generation === generation);
    if (!hasCome && user.totalDiaries > 0) {
      // The server cannot have meant that everything is gone.
      startReading();
      throw noAnswer();
    }
    cache.sweep();
  }

  /** The author of a corrected text has seen the one that was refused. */
  function forgetCorrected(applied: readonly Entry[]): void {
    for (const [id, { entry, attended }] of copies.list('aside')) {
      const isCorrected = applied.some(
        ({ type, args, clientId, mid }) =>
          type === entry.type && args.date === entry.args.date && !args.deleted && (clientId !== entry.clientId || mid > entry.mid),
      );
      if (attended && entry.type === 'diary.put' && isCorrected) copies.drop('aside', id);
    }
  }

  const tell = ({ entry, result }: Settled, user: SyncOutput['user']): void => {
    for (const wait of waitersOf(entry) ?? []) wait({ result, user });
  };

  function settle(batch: readonly Entry[], answer: SyncOutput): { settled: Settled[]; halt: Halt } {
    const { results, cursor, hasMore, user, serverRev, serverTime } = answer;
    const { settled, halt } = keepCopies(batch, results, serverTime);
    storeRows(answer);
    const { ack, sweeping, complete } = meta.get();
    meta.set({
      ack: Math.max(ack, settled[settled.length - 1]?.entry.mid ?? 0),
      cursor,
      sweeping: hasMore && sweeping,
      complete: !hasMore || complete,
      user,
      serverRev,
      syncedAt: serverTime,
    });
    outbox.dropAcknowledged();
    const applied = settled.filter(({ result }) => result.status === 'applied').map(({ entry }) => entry);
    forgetCorrected(applied);
    echo = hasMore ? [...echo, ...applied] : [];
    for (const each of settled) tell(each, user);
    changed();
    return { settled, halt };
  }

  /** The server would not even look at the call, and this mutation is why. Its number is not used up, so the rest is numbered anew. */
  function setPoisonAside(entry: Entry, { code, message, details }: GrowthDiaryError): void {
    const result: MutationResult = { mid: entry.mid, status: 'rejected', code, message, details };
    copies.keep('aside', { entry, result, at: toInstant(now()), attended: waitersOf(entry) !== undefined });
    meta.set({ ack: entry.mid });
    outbox.dropAcknowledged();
    outbox.renumber();
    const { user } = meta.get();
    if (user) tell({ entry, result }, user);
  }

  async function run(): Promise<SyncReport & { isHeldUp: boolean }> {
    const report = { pushed: 0, pulled: 0, isHeldUp: false };
    let most = MAX_CALL_MUTATIONS;
    let restarts = 0;
    if (meta.get().cursor === null && !meta.get().sweeping) startReading();
    for (;;) {
      own();
      const batch = report.isHeldUp ? [] : outbox.batch(most);
      outbox.markSent(batch);
      let answer: SyncOutput | null;
      try {
        answer = await exchange(batch);
      } catch (error) {
        own();
        if (!isRefused(error, 'INVALID_INPUT')) throw error;
        if (blames(error, 'cursor')) startReading();
        const [first, second] = batch;
        if (first?.clientId !== meta.get().clientId || !blames(error, 'mutations')) throw error;
        if (!second) setPoisonAside(first, error);
        most = 1;
        continue;
      }
      if (!answer) {
        restarts += 1;
        if (restarts > MOST_RESTARTS) throw noAnswer();
        continue;
      }
      const { settled, halt } = settle(batch, answer);
      report.pushed += settled.length;
      report.pulled += answer.changes.length;
      if (halt === 'stale' || halt === 'gap') {
        restarts += 1;
        if (restarts > MOST_RESTARTS) throw noAnswer();
        outbox.renumber();
      } else if (halt === 'retry' || (batch.length > 0 && settled.length === 0)) report.isHeldUp = true;
      const isPushed = report.isHeldUp || outbox.all().length === 0;
      if (isPushed && !answer.hasMore) break;
    }
    cache.trim(usage());
    const [conflicts, setAside] = [copies.list('conflict').length, copies.list('aside').length];
    return { ...report, conflicts, setAside, pending: outbox.all().length, at: meta.get().syncedAt ?? '' };
  }

  function later(error: unknown): void {
    failures += 1;
    const asked = error instanceof GrowthDiaryError && error.retryAfter !== null ? error.retryAfter * 1_000 : 0;
    if (isRefused(error, 'RATE_LIMITED')) notBefore = now() + asked;
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1)) * (0.5 + random() / 2);
    if (stopped || (error instanceof GrowthDiaryError && FINAL.has(error.code))) return;
    cancelTimer?.();
    cancelTimer = schedule(
      () => {
        cancelTimer = null;
        notBefore = 0;
        wake();
      },
      Math.max(wait, asked),
    );
  }

  /** Nothing awaits between the end of a run and this: a write that comes next finds it ended. */
  function ended(error: unknown): void {
    running = null;
    lastError = error === null ? null : error instanceof GrowthDiaryError ? error.code : 'INTERNAL';
    waitNoMore();
    changed();
  }

  function start(): Promise<SyncReport> {
    cancelTimer?.();
    cancelTimer = null;
    running = run().then(
      ({ isHeldUp, ...report }) => {
        if (isHeldUp) later(null);
        else failures = 0;
        ended(null);
        // A write of the last moment, made after the queue had been found empty.
        if (!isHeldUp && outbox.all().length > 0) wake();
        return report;
      },
      (error) => {
        later(error);
        ended(error);
        throw error;
      },
    );
    changed();
    return running;
  }

  const isResting = (): boolean => now() < notBefore;

  function wake(): boolean {
    if (running) return true;
    if (stopped || !isOnline() || isResting()) return false;
    start().catch(() => {
      // Kept in lastError; the timer tries again.
    });
    return true;
  }

  return {
    now: () => running ?? start(),
    wake,
    isRunning: () => running !== null,
    isResting,
    lastError: () => lastError,
    outcomeOf: (entry, patienceMs) =>
      new Promise((resolve) => {
        const key = keyOf(entry);
        const others = (): Wait[] => (waiting.get(key) ?? []).filter((wait) => wait !== done);
        const giveUp = schedule(() => done(null), patienceMs);
        const done: Wait = (outcome) => {
          giveUp();
          const left = others();
          if (left.length > 0) waiting.set(key, left);
          else waiting.delete(key);
          resolve(outcome);
        };
        waiting.set(key, [...others(), done]);
      }),
    echo: () => echo,
    sawConflicts: () => {
      seen = meta.get().serverRev;
    },
    stop: () => {
      stopped = true;
      cancelTimer?.();
      waitNoMore();
    },
  };
}
