import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { withoutRateLimits } from '../harness';
import { type History, history } from './history';
import { expectInvariants, expectPrefix } from './invariants';
import { poisonDatabase, Stage } from './stage';

withoutRateLimits();

const RUNS = Number(process.env.SIM_RUNS ?? 30);
const SEED = process.env.SIM_SEED === undefined ? {} : { seed: Number(process.env.SIM_SEED) };

let cure: () => Promise<void>;
beforeAll(async () => {
  cure = await poisonDatabase();
});
afterAll(() => cure());

async function play(told: History): Promise<void> {
  const stage = await Stage.open(told);
  try {
    for (const step of told.steps) {
      await stage.step(step);
      await expectPrefix(stage);
    }
    await stage.heal();
    await expectInvariants(stage);
  } finally {
    stage.close();
  }
}

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
];

test.each(hard)('%s', (_, steps) => play({ phones: two, steps }));

test('after any history of two or three phones every invariant of sync holds', async () => {
  await fc.assert(fc.asyncProperty(history, play), { numRuns: RUNS, ...SEED, endOnFailure: process.env.SIM_SHRINK === 'no' });
}, 10_000_000);
