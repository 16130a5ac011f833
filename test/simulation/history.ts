import fc from 'fast-check';

/** What happens to a phone's next call of sync on its way. */
export type Fault = 'drop' | 'lose' | 'twice' | 'again-later' | 'refuse' | 'kill-connections';

export type Step =
  | { kind: 'write'; phone: number; day: number; draft: boolean }
  | { kind: 'same'; phones: [number, number]; day: number }
  | { kind: 'delete'; phone: number; day: number }
  | { kind: 'spend'; phone: number; much: boolean }
  | { kind: 'task'; phone: number }
  | { kind: 'poison'; phone: number; day: number }
  | { kind: 'future'; phone: number }
  | { kind: 'tomorrow'; phone: number }
  | { kind: 'over-draft'; phone: number; day: number }
  | { kind: 'stale-page'; phone: number; day: number }
  | { kind: 'move'; phone: number; day: number; to: number }
  | { kind: 'rubbish'; phone: number; day: number }
  | { kind: 'unnoticed-network'; phone: number }
  | { kind: 'resolve'; phone: number; choice: 'mine' | 'theirs' | 'new' }
  | { kind: 'aside'; phone: number; choice: 'retry' | 'discard' }
  | { kind: 'sync'; phone: number }
  | { kind: 'sync-all' }
  | { kind: 'network'; phone: number; isOn: boolean }
  | { kind: 'fault'; phone: number; fault: Fault }
  | { kind: 'deliver' }
  | { kind: 'kill'; phone: number; write: number; when: 'before' | 'after' }
  | { kind: 'restart'; phone: number }
  | { kind: 'turn'; phone: number }
  | { kind: 'backup'; phone: number }
  | { kind: 'restore'; phone: number }
  | { kind: 'direct'; day: number }
  | { kind: 'comment'; day: number }
  | { kind: 'collect' }
  | { kind: 'new-epoch' }
  | { kind: 'time'; minutes: number };

export interface History {
  /** Rows the server puts on a page. */
  pageLimit: number;
  phones: { policy: 'newest' | 'server' | 'ask'; clockOffsetMs: number }[];
  steps: Step[];
}

const HOUR_MS = 3_600_000;
const FIFTY_YEARS_MS = 50 * 365 * 24 * HOUR_MS;

const phone = fc.nat(2);
const day = fc.nat(2);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('write' as const), phone, day, draft: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('same' as const), phones: fc.tuple(phone, phone), day }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), phone, day }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('spend' as const), phone, much: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('task' as const), phone }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('poison' as const), phone, day }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('future' as const), phone }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tomorrow' as const), phone }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('over-draft' as const), phone, day }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('stale-page' as const), phone, day }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move' as const), phone, day, to: day }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rubbish' as const), phone, day }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('unnoticed-network' as const), phone }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('resolve' as const), phone, choice: fc.constantFrom('mine', 'theirs', 'new') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('aside' as const), phone, choice: fc.constantFrom('retry', 'discard') }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('sync' as const), phone }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'sync-all' as const }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('network' as const), phone, isOn: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      phone,
      fault: fc.constantFrom<Fault[]>('drop', 'lose', 'twice', 'again-later', 'refuse', 'kill-connections'),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'deliver' as const }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('kill' as const),
      phone,
      write: fc.integer({ min: 1, max: 14 }),
      when: fc.constantFrom('before', 'after'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), phone }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('turn' as const), phone }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('backup' as const), phone }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restore' as const), phone }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('direct' as const), day }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('comment' as const), day }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'collect' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'new-epoch' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), minutes: fc.integer({ min: 1, max: 90 }) }) },
);

export const history: fc.Arbitrary<History> = fc.record({
  pageLimit: fc.constantFrom(200, 5, 2, 1),
  phones: fc.array(
    fc.record({
      policy: fc.constantFrom('newest', 'newest', 'server', 'ask'),
      clockOffsetMs: fc.constantFrom(0, 0, 2 * HOUR_MS, -2 * HOUR_MS, -FIFTY_YEARS_MS),
    }),
    { minLength: 2, maxLength: 3 },
  ),
  steps: fc.array(step, { minLength: 4, maxLength: 40, size: 'max' }),
});
