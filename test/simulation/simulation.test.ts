import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withoutRateLimits } from '../harness';
import { type History, history } from './history';
import { play } from './play';
import { poisonDatabase } from './stage';
import { twins } from './twins';

withoutRateLimits();

const RUNS = Number(process.env.SIM_RUNS ?? 20);
const SEED = process.env.SIM_SEED === undefined ? {} : { seed: Number(process.env.SIM_SEED) };

let cure: () => Promise<void>;
beforeAll(async () => {
  cure = await poisonDatabase();
});
afterAll(() => cure());

const two = [
  { policy: 'newest' as const, clockOffsetMs: 0 },
  { policy: 'newest' as const, clockOffsetMs: 0 },
];
const off = (phone: number) => ({ kind: 'network' as const, phone, isOn: false });
const on = (phone: number) => ({ kind: 'network' as const, phone, isOn: true });
const sync = (phone: number) => ({ kind: 'sync' as const, phone });
const write = (phone: number, day: number) => ({ kind: 'write' as const, phone, day, draft: false });
const spend = { kind: 'spend' as const, phone: 0, much: false };

/** Found by the simulation, or by thinking, and kept. */
const hard: [string, History['steps']][] = [
  [
    'a phone set back to before its queue was sent and acknowledged',
    [
      off(0),
      spend,
      write(0, 0),
      spend,
      { kind: 'backup', phone: 0 },
      on(0),
      sync(0),
      sync(0),
      write(0, 0),
      sync(0),
      { kind: 'restore', phone: 0 },
      spend,
      sync(0),
    ],
  ],
  [
    'a text that comes in under a queued one, which is then edited',
    [off(0), { kind: 'poison', phone: 0, day: 1 }, write(0, 0), write(1, 0), on(0), sync(0), write(0, 0), sync(0), sync(0)],
  ],
];

test.each(hard)('%s', async (_, steps) => {
  await play({ pageLimit: 200, phones: two, steps });
});

/** A short history for each promise of a phone, and what breaks it: it holds as it is, and not with its cure taken out. */
const promises: [twin: string, steps: History['steps']][] = [
  ['a row that cannot be read is dropped', [write(0, 0), sync(0), off(0), { kind: 'rubbish', phone: 0, day: 0 }]],
  ['a text of tomorrow is dropped', [{ kind: 'tomorrow', phone: 0 }]],
];

test.each(promises)('holds, and is missed where %s', async (name, steps) => {
  const told = { pageLimit: 200, phones: two, steps };
  await play(told);
  await expect(play(told, twins[name])).rejects.toThrow();
});

test('after any history of two or three phones every invariant of sync holds', { retry: 0, timeout: 10_000_000 }, async () => {
  const tally = new Map<string, number>();
  const add = async (told: History) => {
    for (const [what, times] of await play(told)) tally.set(what, (tally.get(what) ?? 0) + times);
  };
  await fc.assert(fc.asyncProperty(history, add), { numRuns: RUNS, ...SEED });
  if (RUNS > 30) console.log(Object.fromEntries([...tally].sort(([, a], [, b]) => b - a)));
});

describe.runIf(process.env.SIM_TWINS === 'yes')('the simulation notices that', () => {
  test.each(Object.entries(twins))(
    '%s',
    async (_, twin) => {
      const { failed, numRuns, errorInstance } = await fc.check(
        fc.asyncProperty(history, async (told) => {
          await play(told, twin);
        }),
        { numRuns: RUNS, ...SEED, endOnFailure: true },
      );
      expect(failed).toBe(true);
      console.log(`noticed in history ${numRuns}: ${String(errorInstance).split('\n')[0]}`);
    },
    10_000_000,
  );
});
