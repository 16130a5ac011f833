import { GrowthDiaryError } from '../platform/error';
import type { SyncReport } from '../types';
import { isRefused } from './answer';
import type { Entry } from './entry';
import { type BetweenRuns, type RoundParts, runRound } from './round';
import { type Outcome, openWaiters } from './waiters';

/*
 *        a write · network back · app shown · signed in · timer
 *                              │
 *    idle ─────────────────► pushing ───── queue empty ─────► pulling ──── no more ────► idle
 *     ▲                        │ ▲ └ next batch ┐               │ ▲ └ next page ┐
 *     │                        │ └──────────────┘               │ └─────────────┘
 *     └─── waiting, 1 s … 5 min, longer each time ◄─────────────┘
 *            └ a call failed, or the server said `retry`
 *
 * One call does both: it sends mutations and receives changes. round.ts is one run, settle.ts the writes after each answer.
 */

export interface Sync {
  /** Runs, or joins the run in flight. */
  now(): Promise<SyncReport>;
  /** Runs now, even if the phone reports no network; false while the server is rate-limiting, or after `stop`. */
  wake(): boolean;
  isRunning(): boolean;
  /** The server has asked for a pause. */
  isResting(): boolean;
  lastError(): string | null;
  /** Resolves once the mutation is settled; with null as soon as it is known to take longer. */
  outcomeOf(entry: Entry, patienceMs: number): Promise<Outcome | null>;
  /** Settled mutations whose rows have not arrived yet. */
  echo(): readonly Entry[];
  sawConflicts(): void;
  stop(): void;
}

interface Parts extends Omit<RoundParts, 'waiters'> {
  /** Runs `run` after `ms`; returns the function that cancels it. */
  schedule(run: () => void, ms: number): () => void;
}

/** State of the engine. Nothing of it has to survive a restart. */
interface EngineState extends BetweenRuns {
  run: Promise<SyncReport> | null;
  /** Failed runs since the last success. */
  failures: number;
  /** Code of the last run's error. */
  lastError: string | null;
  /** Epoch milliseconds until which the server asked not to be called (RATE_LIMITED). */
  restUntil: number;
  cancelRetry: (() => void) | null;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;

/** A retry does not help against these errors: the app or its user has to act. */
const FINAL = new Set(['UPGRADE_REQUIRED', 'ACCOUNT_CHANGED', 'ACCOUNT_ERASED', 'UNAUTHENTICATED', 'FORBIDDEN', 'CONSENT_REQUIRED']);

const codeOf = (error: unknown): string | null => (error === null ? null : error instanceof GrowthDiaryError ? error.code : 'INTERNAL');

/** Exponential back-off with jitter, at least as long as the server asked for. */
function waitAfter(failures: number, error: unknown, random: () => number): number {
  const askedMs = error instanceof GrowthDiaryError && error.retryAfter !== null ? error.retryAfter * 1_000 : 0;
  const backOffMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1)) * (0.5 + random() / 2);
  return Math.max(backOffMs, askedMs);
}

const restAfter = (error: unknown, nowMs: number): number | null =>
  isRefused(error, 'RATE_LIMITED') ? nowMs + (error.retryAfter ?? 0) * 1_000 : null;

const DAY_MS = 86_400_000;
const SHANGHAI_OFFSET_MS = 8 * 3_600_000;
const untilTomorrow = (serverMs: number): number => DAY_MS - ((serverMs + SHANGHAI_OFFSET_MS) % DAY_MS) + FIRST_WAIT_MS;

export function openSync(given: Parts): Sync {
  const { meta, outbox, copies, changed, now, serverNow, random, schedule } = given;
  const waiters = openWaiters(schedule);
  const parts: RoundParts = { ...given, waiters };
  const state: EngineState = {
    run: null,
    isStopped: false,
    failures: 0,
    lastError: null,
    restUntil: 0,
    cancelRetry: null,
    conflictsSeen: null,
    echo: [],
  };

  const cancelRetry = (): void => {
    state.cancelRetry?.();
    state.cancelRetry = null;
  };

  function wakeIn(ms: number): void {
    cancelRetry();
    state.cancelRetry = schedule(() => {
      Object.assign(state, { cancelRetry: null, restUntil: 0 });
      wake();
    }, ms);
  }

  function retryLater(error: unknown): void {
    state.failures += 1;
    state.restUntil = restAfter(error, now()) ?? state.restUntil;
    if (state.isStopped || (error instanceof GrowthDiaryError && FINAL.has(error.code))) return;
    wakeIn(waitAfter(state.failures, error, random));
  }

  /** No await between the end of a run and this call, so that the next write finds the run ended. */
  function endRun(error: unknown): void {
    Object.assign(state, { run: null, lastError: codeOf(error) });
    waiters.giveUp();
    changed();
  }

  function start(): Promise<SyncReport> {
    cancelRetry();
    state.run = runRound(parts, state).then(
      ({ isHeldUp, ...report }) => {
        if (isHeldUp) retryLater(null);
        else state.failures = 0;
        if (!isHeldUp && copies.list('later').length > 0) wakeIn(untilTomorrow(serverNow()));
        endRun(null);
        // A write that was added after the queue was found empty.
        if (!isHeldUp && outbox.all().length > 0) wake();
        return report;
      },
      (error) => {
        retryLater(error);
        endRun(error);
        throw error;
      },
    );
    changed();
    return state.run;
  }

  const isResting = (): boolean => now() < state.restUntil;

  function wake(): boolean {
    if (state.run) return true;
    if (state.isStopped || isResting()) return false;
    start().catch(() => {
      // The error is in `lastError`; the timer retries.
    });
    return true;
  }

  return {
    now: () => state.run ?? start(),
    wake,
    isRunning: () => state.run !== null,
    isResting,
    lastError: () => state.lastError,
    outcomeOf: waiters.outcomeOf,
    echo: () => state.echo,
    sawConflicts: () => {
      state.conflictsSeen = meta.get().serverRev;
    },
    stop: () => {
      state.isStopped = true;
      cancelRetry();
      waiters.giveUp();
    },
  };
}
