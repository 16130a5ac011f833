import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, inject, test } from 'vitest';
import { main as diary } from '../functions/diary/index';
import { main as lottery } from '../functions/lottery/index';
import { main as task } from '../functions/task/index';
import { invariants, OWNED_TABLES } from '../shared/upkeep/queries';
import { type Child, newChild, ok, select, TODAY, withoutRateLimits } from './harness';
import { ownPrizes, setPrizes } from './prizes';
import { expectReconciled, mismatches } from './reconcile';

withoutRateLimits();
ownPrizes();

interface World extends Child {
  taskId: number;
  prizeId: number;
}

/** A user with something of everything. */
async function newWorld(): Promise<World> {
  const [prizeId = 0] = await setPrizes({ name: 'x', probability: 1, stock: 10, points: 3 });
  const child = await newChild(100);
  await ok(diary, child.openid, 'create', { date: TODAY, content: 'x' });
  const { tasks } = await ok(task, child.openid, 'list');
  await ok(task, child.openid, 'complete', { id: tasks[0].id });
  await ok(task, child.openid, 'complete', { id: tasks[1].id });
  await ok(task, child.openid, 'uncomplete', { id: tasks[1].id });
  await ok(lottery, child.openid, 'draw');
  return { ...child, taskId: tasks[0].id, prizeId };
}

/** How each invariant can be broken, and how it is put right again. `:u` is the user, `:t` a completed task, `:p` a limited prize. */
type Damage = [name: string, what: string, breaking: string[], repair: string[]];

const damages: Damage[] = [
  [
    'I1 sum',
    'a balance moved without a record',
    ['UPDATE users SET points = points + 1 WHERE id = :u'],
    ['UPDATE users SET points = points - 1 WHERE id = :u'],
  ],
  [
    'I1 sum',
    'a record lost',
    ['UPDATE point_records SET user_id = 4000000000 WHERE user_id = :u AND seq = 1'],
    ['UPDATE point_records SET user_id = :u WHERE user_id = 4000000000 AND seq = 1'],
  ],
  [
    'I1 chain',
    'a running balance that does not follow',
    ['UPDATE point_records SET balance_after = balance_after + 1 WHERE user_id = :u AND seq = 2'],
    ['UPDATE point_records SET balance_after = balance_after - 1 WHERE user_id = :u AND seq = 2'],
  ],
  [
    'I2 tasks pay',
    'a task that claims to have paid more',
    ['UPDATE tasks SET awarded = 11 WHERE user_id = :u AND id = :t'],
    ['UPDATE tasks SET awarded = 10 WHERE user_id = :u AND id = :t'],
  ],
  [
    'I2 task records',
    'a task opened without taking its points back',
    ['UPDATE tasks SET is_completed = FALSE, awarded = 0 WHERE user_id = :u AND id = :t'],
    ['UPDATE tasks SET is_completed = TRUE, awarded = 10 WHERE user_id = :u AND id = :t'],
  ],
  [
    'I2 task records',
    'a task that is gone',
    ['UPDATE tasks SET user_id = 4000000000 WHERE user_id = :u AND id = :t'],
    ['UPDATE tasks SET user_id = :u WHERE user_id = 4000000000 AND id = :t'],
  ],
  [
    'I2 draws',
    'a draw that was not charged in full',
    ['UPDATE lottery_records SET cost_points = 20 WHERE user_id = :u'],
    ['UPDATE lottery_records SET cost_points = 10 WHERE user_id = :u'],
  ],
  [
    'I2 draws',
    'a prize that was not credited',
    ['UPDATE lottery_records SET points_won = 4 WHERE user_id = :u'],
    ['UPDATE lottery_records SET points_won = 3 WHERE user_id = :u'],
  ],
  [
    'I2 causes',
    'a charge without its draw',
    ['UPDATE lottery_records SET id = id + 500, rev = 1 WHERE user_id = :u'],
    ['UPDATE lottery_records SET id = id - 500, rev = id WHERE user_id = :u'],
  ],
  [
    'I2 causes',
    'a reward without its diary',
    ["UPDATE diaries SET diary_date = '2024-01-01' WHERE user_id = :u", "UPDATE users SET last_diary_date = '2024-01-01' WHERE id = :u"],
    [`UPDATE diaries SET diary_date = '${TODAY}' WHERE user_id = :u`, `UPDATE users SET last_diary_date = '${TODAY}' WHERE id = :u`],
  ],
  [
    'I2 causes',
    'a record of no known kind',
    ["UPDATE point_records SET source_key = CONCAT('x', source_key) WHERE user_id = :u AND seq = 1"],
    ['UPDATE point_records SET source_key = SUBSTRING(source_key, 2) WHERE user_id = :u AND seq = 1'],
  ],
  ...['total_diaries', 'total_drafts', 'continuous_days', 'longest_days'].map(
    (column): Damage => [
      'I3 totals',
      `a wrong ${column}`,
      [`UPDATE users SET ${column} = ${column} + 1 WHERE id = :u`],
      [`UPDATE users SET ${column} = ${column} - 1 WHERE id = :u`],
    ],
  ),
  [
    'I4 stock',
    'more issued than drawn',
    ['UPDATE lottery_prizes SET issued = issued + 1 WHERE id = :p'],
    ['UPDATE lottery_prizes SET issued = issued - 1 WHERE id = :p'],
  ],
  ['I5 revs', 'a row from the future', ['UPDATE users SET rev = rev - 1 WHERE id = :u'], ['UPDATE users SET rev = rev + 1 WHERE id = :u']],
  [
    'I5 postings',
    'two postings with one rev',
    [
      'UPDATE point_records a JOIN point_records b ON b.user_id = a.user_id AND b.seq = 2 SET a.rev = a.rev + 1000, b.rev = 0 WHERE a.user_id = :u AND a.seq = 1',
      'UPDATE users SET rev = rev + 1000 WHERE id = :u',
      'UPDATE point_records SET rev = 1001 WHERE user_id = :u AND seq = 2',
    ],
    ['UPDATE point_records SET rev = seq WHERE user_id = :u AND seq <= 2', 'UPDATE users SET rev = rev - 1000 WHERE id = :u'],
  ],
  [
    'I5 draws',
    'a draw that the change feed would show too late',
    ['UPDATE lottery_records SET rev = rev - 1 WHERE user_id = :u'],
    ['UPDATE lottery_records SET rev = rev + 1 WHERE user_id = :u'],
  ],
  [
    'I6 orphans',
    'a row of nobody',
    ["INSERT INTO imports (user_id, item_key, created_at) VALUES (4000000000, 'start', NOW(3))"],
    ['DELETE FROM imports WHERE user_id = 4000000000'],
  ],
  [
    'I6 erased',
    'a row that outlived an erasure',
    ['INSERT INTO erasures (user_id, asked_at, finished_at) VALUES (:u, NOW(3), NOW(3))'],
    ['DELETE FROM erasures WHERE user_id = :u'],
  ],
];

describe('each invariant', () => {
  test.each(damages)('%s notices %s', async (name, _, breaking, repair) => {
    const { userId, taskId, prizeId } = await newWorld();
    const run = async (statements: string[]) => {
      for (const sql of statements) {
        await select(sql.replaceAll(':u', String(userId)).replaceAll(':t', String(taskId)).replaceAll(':p', String(prizeId)));
      }
    };
    await expectReconciled();
    await run(breaking);
    try {
      const found = await mismatches();
      expect(found.map((mismatch) => mismatch.invariant)).toContain(name);
      const subject = { 'I4 stock': prizeId, 'I6 orphans': 4_000_000_000 }[name] ?? userId;
      expect(found.filter((mismatch) => mismatch.invariant === name).map((mismatch) => mismatch.subject)).toContain(subject);
    } finally {
      await run(repair);
    }
    await expectReconciled();
  });

  test('has a case here', () => {
    expect(new Set(damages.map(([name]) => name))).toEqual(new Set(invariants.map(({ name }) => name)));
  });
});

test('every table with rows of users is covered', async () => {
  const tables = await select<{ name: string }>(
    `SELECT c.table_name AS name FROM information_schema.columns c
       JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
      WHERE c.table_schema = DATABASE() AND c.column_name = 'user_id' ORDER BY name`,
  );
  expect(tables.map(({ name }) => name)).toEqual(OWNED_TABLES);
});

test('the script names the violated invariants and fails', async () => {
  const { userId } = await newWorld();
  const { admin } = inject('services');
  const env = { ...process.env, DB_USER: admin.user, DB_PASSWORD: admin.password };
  const script = () => promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/reconcile.ts'], { env });
  expect((await script()).stdout).not.toContain('FAIL');
  await select('UPDATE users SET points = points + 1 WHERE id = ?', [userId]);
  try {
    await expect(script()).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining(`user ${userId}: balance`) });
  } finally {
    await select('UPDATE users SET points = points - 1 WHERE id = ?', [userId]);
  }
});
