import { describe, expect, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as lottery } from '../../functions/lottery/index';
import { main as points } from '../../functions/points/index';
import { main as task } from '../../functions/task/index';
import { main as user } from '../../functions/user/index';
import type { Envelope, ErrorCode } from '../../shared/errors';
import { type Child, type Main, newChild, ok, select, send, TODAY, withoutRateLimits } from '../harness';
import { ownPrizes, setPrizes, stockOf } from '../prizes';
import { expectReconciled } from '../reconcile';

withoutRateLimits();
ownPrizes();

const CALLERS = 64;

interface Write {
  main: Main;
  action: string;
  /** Makes what the write is about; answers its input. */
  prepare(child: Child): Promise<object>;
  /** The answer of all but the first; absent when each call has an effect of its own. */
  afterwards?: ErrorCode;
}

const ownTask = async ({ openid }: Child): Promise<{ id: number }> => {
  const { task: made } = await ok(task, openid, 'create', { title: 'x', repeat: { kind: 'daily' } });
  return { id: made.id };
};
const doneTask = async (child: Child) => {
  const made = await ownTask(child);
  await ok(task, child.openid, 'complete', made);
  return made;
};

const writes: Record<string, Write> = {
  'a diary written': {
    main: diary,
    action: 'create',
    prepare: async () => ({ date: TODAY, content: 'x' }),
    afterwards: 'DIARY_EXISTS',
  },
  'a diary changed': {
    main: diary,
    action: 'update',
    prepare: async ({ openid }) => {
      const { id, version } = (await ok(diary, openid, 'create', { date: TODAY, content: 'x' })).diary;
      return { id, version, content: 'y' };
    },
    afterwards: 'VERSION_CONFLICT',
  },
  'a diary deleted': {
    main: diary,
    action: 'delete',
    prepare: async ({ openid }) => ({ id: (await ok(diary, openid, 'create', { date: TODAY, content: 'x' })).diary.id }),
    afterwards: 'NOT_FOUND',
  },
  'a task created': { main: task, action: 'create', prepare: async () => ({ title: 'x' }) },
  'a task changed': { main: task, action: 'update', prepare: async (child) => ({ ...(await ownTask(child)), title: 'y' }) },
  'a task deleted': { main: task, action: 'delete', prepare: ownTask, afterwards: 'NOT_FOUND' },
  'a task completed': { main: task, action: 'complete', prepare: ownTask, afterwards: 'TASK_ALREADY_COMPLETED' },
  'a task taken back': { main: task, action: 'uncomplete', prepare: doneTask, afterwards: 'TASK_NOT_COMPLETED' },
  'a profile changed': { main: user, action: 'update', prepare: async () => ({ nickname: '小明' }) },
  'points spent': { main: points, action: 'deduct', prepare: async () => ({ amount: 3, source: 'x' }) },
  'a draw': { main: lottery, action: 'draw', prepare: async () => ({}) },
};

const revOf = async ({ userId }: Child): Promise<number> =>
  (await select<{ rev: number }>('SELECT rev FROM users WHERE id = ?', [userId]))[0]?.rev ?? 0;

const many = <Answer>(ask: (index: number) => Promise<Answer>) => Promise.all(Array.from({ length: CALLERS }, (_, index) => ask(index)));

function codesOf(answers: Envelope[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) {
    const code = answer.success ? 'OK' : answer.error.code;
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}

describe.each(Object.entries(writes))('%s, 64 times at once', (_, { main, action, prepare, afterwards }) => {
  test('by one user with one request id has one answer and one effect', async () => {
    await setPrizes({ name: 'x', probability: 0.5, stock: CALLERS });
    const child = await newChild(1_000);
    const input = await prepare(child);
    const rev = await revOf(child);
    const answers = await many(() => send(main, child.openid, action, input, { requestId: 'same' }));
    expect(answers[0]).toMatchObject({ success: true });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await revOf(child)).toBe(rev + 1);
  });

  test('by one user with as many request ids has an effect for each that was not refused', async () => {
    await setPrizes({ name: 'x', probability: 0.5, stock: CALLERS });
    const child = await newChild(1_000);
    const input = await prepare(child);
    const rev = await revOf(child);
    const codes = codesOf(await many(() => send(main, child.openid, action, input)));
    expect(codes).toEqual(afterwards ? { OK: 1, [afterwards]: CALLERS - 1 } : { OK: CALLERS });
    expect(await revOf(child)).toBe(rev + (codes.OK ?? 0));
  });

  test('by as many users with the same request id succeeds for each', async () => {
    await setPrizes({ name: 'x', probability: 0.5, stock: CALLERS });
    const children = await many(async () => {
      const child = await newChild(1_000);
      return { child, input: await prepare(child), rev: await revOf(child) };
    });
    const answers = await Promise.all(children.map(({ child, input }) => send(main, child.openid, action, input, { requestId: 'same' })));
    expect(codesOf(answers)).toEqual({ OK: CALLERS });
    for (const { child, rev } of children) expect(await revOf(child)).toBe(rev + 1);
  });
});

test('gifts of an operator, 64 at once to one user, all arrive; with one request id one does', async () => {
  const child = await newChild();
  const give = (requestId: string) =>
    send(points, null, 'add', { userId: child.userId, amount: 5, source: 'x' }, { token: 'operator-token-of-the-tests', requestId });
  expect(codesOf(await many((index) => give(`race-gift-${index}`)))).toEqual({ OK: CALLERS });
  expect(codesOf(await many(() => give('race-gift-same')))).toEqual({ OK: CALLERS });
  expect(await ok(points, child.openid, 'balance')).toEqual({ points: 5 * (CALLERS + 1) });
});

test('all kinds at once, by one user and by eight others, meet no refusal but the expected ones', async () => {
  await setPrizes({ name: 'few', probability: 0.6, stock: 20, points: 4 }, { name: 'many', probability: 0.3 });
  const children = await Promise.all(Array.from({ length: 8 }, () => newChild(300)));
  const [busy] = children;
  if (!busy) throw new Error('no child');
  const asks = await Promise.all(
    Array.from({ length: 192 }, async (_, index) => {
      const child = index % 3 === 0 ? busy : (children[index % children.length] ?? busy);
      const kinds = Object.values(writes);
      const { main, action, prepare } = kinds[index % kinds.length] as Write;
      // Half of what was prepared is gone again when it is asked for: that is the point.
      const input = await prepare(child).catch(() => ({ id: 1 }));
      return () => send(main, child.openid, action, input, { requestId: `mixed-${index % 150}` });
    }),
  );
  const codes = codesOf(await Promise.all(asks.map((ask) => ask())));
  const expected = [
    'OK',
    ...Object.values(writes).flatMap(({ afterwards }) => afterwards ?? []),
    'IDEMPOTENCY_MISMATCH',
    'INVALID_INPUT',
    'POINTS_INSUFFICIENT',
  ];
  for (const code of Object.keys(codes)) expect(expected).toContain(code);
  expect(codes.OK).toBeGreaterThan(90);
  await expectReconciled();
});

test('64 users on one prize of which 30 are left: 30 win, 34 keep their points', async () => {
  const [id = 0] = await setPrizes({ name: 'hot', probability: 1, stock: 30 });
  const children = await many(() => newChild(10));
  const answers = await Promise.all(children.map(({ openid }) => send(lottery, openid, 'draw')));
  expect(codesOf(answers)).toEqual({ OK: 30, LOTTERY_EMPTY: 34 });
  expect(await stockOf(id)).toEqual({ stock: 0, issued: 30 });
  const kept = await select(`SELECT id FROM users WHERE points = 10 AND id IN (${children.map(({ userId }) => userId).join()})`);
  expect(kept).toHaveLength(34);
});

test('while an operator edits prizes every draw is charged once and answers with a prize as it was at some moment', async () => {
  const [id = 0] = await setPrizes({ name: 'v0', probability: 1, stock: 10_000 });
  const children = await Promise.all(Array.from({ length: 16 }, () => newChild(100)));
  const draws = Promise.all(
    children.map(async ({ openid }) => {
      for (let count = 0; count < 10; count += 1) {
        const { draw } = await ok(lottery, openid, 'draw');
        // Name and points were always changed together.
        expect(draw.prize.name).toBe(`v${draw.pointsWon}`);
      }
    }),
  );
  for (let version = 1; version <= 15; version += 1) {
    await ok(lottery, null, 'savePrize', { id, name: `v${version}`, points: version }, { token: 'operator-token-of-the-tests' });
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  await draws;
  expect(await stockOf(id)).toEqual({ stock: 10_000 - 160, issued: 160 });
});
