import type { SyncInput, SyncOutput } from '../../shared/sync/contract';
import { contractVersion, maxMutations } from '../../shared/sync/limits';
import { noAnswer, refusal } from '../platform/error';
import { dayOf, toInstant } from '../platform/text';
import type { SyncReport } from '../types';
import { isAboutField, isAnswer, isRefused } from './answer';
import { type Entry, toMutation } from './entry';
import { appliedOf, releaseLater, type Settled, type Stores, setAsidePoison, settle, startReading } from './settle';
import type { Waiters } from './waiters';

/** Effects of one run outside storage. */
export interface RoundParts extends Stores {
  waiters: Waiters;
  /** Reads what another instance on this phone may have written. Called after every await. */
  catchUp(): void;
  call(input: SyncInput): Promise<unknown>;
  changed(): void;
  /** Whether the phone reports a network. */
  isOnline(): boolean;
  /** Epoch milliseconds by the server's clock, as far as it is known. */
  serverNow(): number;
  now(): number;
  random(): number;
}

/** State that is kept from one run to the next. */
export interface BetweenRuns {
  isStopped: boolean;
  /** `serverRev` up to which the user has seen the conflicts; sent with the next call. */
  conflictsSeen: number | null;
  /** Applied mutations whose rows are on a page that has not arrived yet. */
  echo: readonly Entry[];
}

/** One run: calls until the queue is empty and no page is left. */
interface Round {
  pushed: number;
  pulled: number;
  /** The server wants the next mutation later: only pages are fetched now. */
  isHeldUp: boolean;
  maxMutations: number;
  restarts: number;
  hasMore: boolean;
}

const MOST_RESTARTS = 3;

export async function runRound(parts: RoundParts, memory: BetweenRuns): Promise<SyncReport & { isHeldUp: boolean }> {
  const { meta, cache, outbox, copies, catchUp, isOnline, serverNow, random } = parts;
  let round: Round = { pushed: 0, pulled: 0, isHeldUp: false, maxMutations: maxMutations, restarts: 0, hasMore: true };
  if (meta.get().cursor === null && !meta.get().sweeping) startReading(parts, random);
  while (round.hasMore || (!round.isHeldUp && outbox.all().length > 0)) {
    catchUp();
    if (!round.isHeldUp) releaseLater(parts, dayOf(serverNow()));
    // When the phone reports no network, the first call is a probe without mutations: unsent changes may still be overwritten.
    const batch = round.isHeldUp || !isOnline() ? [] : outbox.batch(round.maxMutations);
    outbox.markSent(batch);
    round = await callOnce(parts, memory, round, batch);
    if (round.restarts > MOST_RESTARTS) throw noAnswer();
  }
  cache.trim();
  return {
    pushed: round.pushed,
    pulled: round.pulled,
    isHeldUp: round.isHeldUp,
    conflicts: copies.list('conflict').length,
    setAside: copies.list('aside').length,
    pending: outbox.all().length + copies.list('later').length,
    at: meta.get().syncedAt ?? '',
  };
}

/** One call, and the handling of its answer or refusal. */
async function callOnce(parts: RoundParts, memory: BetweenRuns, round: Round, batch: readonly Entry[]): Promise<Round> {
  let answer: SyncOutput | null;
  try {
    answer = await exchange(parts, memory, batch);
  } catch (error) {
    parts.catchUp();
    return afterRefusal(parts, round, batch, error);
  }
  // Another instance on this phone synced meanwhile: continue from its cursor.
  if (!answer) return { ...round, hasMore: true, restarts: round.restarts + 1 };
  return afterAnswer(parts, memory, round, batch, answer);
}

/** Null when another instance on this phone has changed cursor or client meanwhile: the answer is stale. */
async function exchange(
  { meta, outbox, catchUp, call, now }: RoundParts,
  memory: BetweenRuns,
  batch: readonly Entry[],
): Promise<SyncOutput | null> {
  const { clientId, cursor } = meta.get();
  const seen = memory.conflictsSeen;
  const answer = await call({
    clientId,
    contractVersion,
    ack: outbox.safeAck(),
    cursor,
    mutations: batch.map(toMutation),
    sentAt: toInstant(now()),
    ...(seen !== null && { conflictsSeen: seen }),
  });
  if (memory.isStopped) throw refusal('ACCOUNT_CHANGED');
  if (!isAnswer(answer)) throw noAnswer();
  catchUp();
  if (meta.get().clientId !== clientId || meta.get().cursor !== cursor) return null;
  memory.conflictsSeen = null;
  return answer;
}

function afterAnswer(parts: RoundParts, memory: BetweenRuns, round: Round, batch: readonly Entry[], answer: SyncOutput): Round {
  const { outbox, waiters, random, changed } = parts;
  const settlement = settle(parts, { batch, answer, hasWaiter: waiters.hasWaiter, random });
  const { settled, halt } = settlement;
  memory.echo = answer.hasMore ? [...memory.echo, ...appliedOf(settlement)] : [];
  for (const { entry, result, isLater } of settled) waiters.resolve(entry, isLater ? null : { result, user: answer.user });
  changed();
  const isOutOfStep = halt === 'stale' || halt === 'gap';
  if (isOutOfStep && round.restarts < MOST_RESTARTS) outbox.renumber();
  return {
    ...round,
    pushed: round.pushed + settled.length,
    pulled: round.pulled + answer.changes.length,
    isHeldUp: round.isHeldUp || halt === 'retry' || (!isOutOfStep && batch.length > 0 && settled.length === 0),
    restarts: round.restarts + (isOutOfStep ? 1 : 0),
    hasMore: answer.hasMore,
  };
}

/** INVALID_INPUT for the whole call: drops an unusable cursor, or finds the mutation that the server cannot read and sets it aside. */
function afterRefusal(parts: RoundParts, round: Round, batch: readonly Entry[], error: unknown): Round {
  const { meta, waiters, now, random } = parts;
  if (!isRefused(error, 'INVALID_INPUT')) throw error;
  if (isAboutField(error, 'cursor')) startReading(parts, random);
  const [first, second] = batch;
  if (first?.clientId !== meta.get().clientId || !isAboutField(error, 'mutations')) throw error;
  if (!second) {
    const { user } = meta.get();
    const aside: Settled = setAsidePoison(parts, first, error, { at: toInstant(now()), attended: waiters.hasWaiter(first) });
    if (user) waiters.resolve(aside.entry, { result: aside.result, user });
  }
  return { ...round, maxMutations: 1, hasMore: true };
}
