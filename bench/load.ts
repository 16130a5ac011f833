import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMicros } from './program';

/** One call by caller `caller`; `turn` counts that caller's calls. Rejects when the product refused. */
export type Operation = (caller: number, turn: number) => Promise<unknown>;

export interface Load {
  callers: number;
  ms: number;
  /** Whose CPU is shared out over the calls. */
  pids: Pids;
}

interface Pids {
  product: number;
  mysqld: number;
  redis: number;
}

export interface Measured {
  perSecond: number;
  p50: number;
  p99: number;
  errors: number;
  firstError: string | null;
  /** Microseconds a call. */
  cpu: Pids;
}

const WARM_UP_MS = 300;

export const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
};

const quantile = (sorted: number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;

/** Closed loop: each caller asks again as soon as it has its answer. */
export async function load(operation: Operation, { callers, ms, pids }: Load): Promise<Measured> {
  let latencies: number[] = [];
  let errors = 0;
  let firstError: string | null = null;
  let isOver = false;
  const cpu = (): Pids => ({ product: cpuMicros(pids.product), mysqld: cpuMicros(pids.mysqld), redis: cpuMicros(pids.redis) });

  const work = async (caller: number): Promise<void> => {
    for (let turn = 0; !isOver; turn += 1) {
      const asked = performance.now();
      try {
        await operation(caller, turn);
        latencies.push(performance.now() - asked);
      } catch (error) {
        errors += 1;
        firstError ??= error instanceof Error ? error.message : String(error);
        if (errors > 100 && latencies.length === 0) return;
        // Without a pause, calls that this process refuses at once would starve the timer that ends the round.
        await sleep(1);
      }
    }
  };
  const working = Promise.all(Array.from({ length: callers }, (_, caller) => work(caller)));
  await sleep(WARM_UP_MS);
  latencies = [];
  const before = cpu();
  const started = performance.now();
  await sleep(ms);
  const after = cpu();
  const calls = latencies.length;
  const seconds = (performance.now() - started) / 1_000;
  isOver = true;
  await working;

  const sorted = latencies.slice(0, calls).sort((a, b) => a - b);
  return {
    perSecond: calls / seconds,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    errors,
    firstError,
    cpu: {
      product: (after.product - before.product) / calls,
      mysqld: (after.mysqld - before.mysqld) / calls,
      redis: (after.redis - before.redis) / calls,
    },
  };
}

/** What is measured beside the product: a peer, or the bare statements. */
export interface Rival {
  name: string;
  turn(): Promise<Measured>;
}

interface Compared {
  name: string;
  measured: Measured;
  /** Of our calls per second to theirs, the median over the rounds. */
  ratio: number;
}

export interface Contest {
  ours: Measured;
  others: Compared[];
}

const middle = (runs: Measured[]): Measured => {
  const of = (pick: (run: Measured) => number) => median(runs.map(pick));
  return {
    perSecond: of((run) => run.perSecond),
    p50: of((run) => run.p50),
    p99: of((run) => run.p99),
    errors: runs.reduce((sum, run) => sum + run.errors, 0),
    firstError: runs.find((run) => run.firstError !== null)?.firstError ?? null,
    cpu: { product: of((run) => run.cpu.product), mysqld: of((run) => run.cpu.mysqld), redis: of((run) => run.cpu.redis) },
  };
};

/** All in turn in each round, so that a noisy minute falls on all of them. */
export async function contest(rounds: number, ours: () => Promise<Measured>, rivals: readonly Rival[]): Promise<Contest> {
  const runs: { ours: Measured; others: Measured[] }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const run = { ours: await ours(), others: [] as Measured[] };
    for (const rival of rivals) run.others.push(await rival.turn());
    runs.push(run);
  }
  const others = rivals.map(({ name }, index) => {
    const theirs = runs.flatMap((run) => run.others[index] ?? []);
    return {
      name,
      measured: middle(theirs),
      ratio: median(runs.map((run, round) => run.ours.perSecond / (theirs[round]?.perSecond ?? 0))),
    };
  });
  return { ours: middle(runs.map((run) => run.ours)), others };
}
