import { describe, expect, test } from 'vitest';
import { postErase } from '../../shared/database/procedures';
import { type Child, grant, http, NOON, newChild, ok, refused, select, send, testDatabase, withoutRateLimits } from '../../test/harness';
import { main as diary } from '../diary/index';
import { main } from './index';

withoutRateLimits();

const OPERATOR = { token: 'operator-token-of-the-tests' };

const ledgerOf = (userId: number) =>
  select<{ seq: number; amount: number; balance_after: number; source_key: string; actor: string | null }>(
    'SELECT seq, amount, balance_after, source_key, actor FROM point_records WHERE user_id = ? ORDER BY seq',
    [userId],
  );

test('a gift that would bring a balance beyond 1,000,000,000 is refused as INVALID_INPUT, and what a diary pays is credited still', async () => {
  const child = await newChild(999_999_990);
  const gift = { userId: child.userId, amount: 50, source: '活动' };
  expect(await refused(main, null, 'add', gift, OPERATOR)).toMatchObject({ code: 'INVALID_INPUT' });
  expect(await ok(main, child.openid, 'balance')).toEqual({ points: 999_999_990 });
  await ok(diary, child.openid, 'create', { date: '2025-01-22', content: '有奖励' });
  expect(await ok(main, child.openid, 'balance')).toEqual({ points: 999_999_995 });
});

describe('spending', () => {
  test('takes the amount, keeps the reason and answers the new balance', async () => {
    const { openid } = await newChild(100);
    const spent = await ok(main, openid, 'deduct', {
      amount: 30,
      source: '家庭奖励',
      description: '看电影',
      relatedId: 7,
      relatedType: 'wish',
    });
    expect(spent).toEqual({
      record: {
        id: 2,
        amount: -30,
        balanceAfter: 70,
        source: '家庭奖励',
        description: '看电影',
        relatedId: 7,
        relatedType: 'wish',
        createdAt: NOON,
      },
      points: 70,
    });
    expect(await ok(main, openid, 'balance')).toEqual({ points: 70 });
    expect((await ok(main, openid, 'records')).records[0]).toEqual(spent.record);
  });

  test('more than the balance is refused and writes no row', async () => {
    const { openid, userId } = await newChild(10);
    expect((await refused(main, openid, 'deduct', { amount: 11, source: 'x' })).code).toBe('POINTS_INSUFFICIENT');
    expect(await ledgerOf(userId)).toHaveLength(1);
    expect(await ok(main, openid, 'balance')).toEqual({ points: 10 });
  });

  test.each([
    ['text', '10', '类型不正确'],
    ['half a point', 1.5, '类型不正确'],
    ['nothing', undefined, '必填'],
  ])('of %s is told apart', async (_, amount, message) => {
    const { openid } = await newChild();
    expect((await refused(main, openid, 'deduct', { amount, source: 'x' })).details).toEqual([{ path: 'amount', message }]);
  });

  test('everything may be spent, and the retry of that spend replays instead of answering that the account is empty', async () => {
    const { openid, userId } = await newChild(10);
    const asked = { amount: 10, source: 'x' };
    const first = await send(main, openid, 'deduct', asked, { requestId: 'all-of-it' });
    expect(first).toMatchObject({ success: true, data: { points: 0 } });
    expect(await send(main, openid, 'deduct', asked, { requestId: 'all-of-it', now: '2025-01-23T04:00:00.000Z' })).toEqual(first);
    expect(await ledgerOf(userId)).toHaveLength(2);
  });

  test.each([
    ['nothing', 0],
    ['a negative amount', -5],
    ['a fraction', 1.5],
    ['text', '10'],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a billion', 1e9],
    ['null', null],
    ['a list', [5]],
    ['no amount at all', undefined],
  ])('%s is no amount', async (_, amount) => {
    const { openid, userId } = await newChild(100);
    const error = await refused(main, openid, 'deduct', { ...(amount !== undefined && { amount }), source: 'x' });
    expect(error).toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'amount' }] });
    const added = await refused(main, null, 'add', { userId, ...(amount !== undefined && { amount }), source: 'x' }, OPERATOR);
    expect(added).toMatchObject({ code: 'INVALID_INPUT', details: [{ path: 'amount' }] });
    expect(await ledgerOf(userId)).toHaveLength(1);
  });

  test.each(['userId', 'openid', 'balance', 'points', 'actor', 'balanceAfter', 'createdAt', 'sourceKey'])(
    'a client cannot name %s',
    async (field) => {
      const { openid, userId } = await newChild(100);
      expect(await refused(main, openid, 'deduct', { amount: 1, source: 'x', [field]: 1 })).toMatchObject({
        code: 'INVALID_INPUT',
        details: [{ path: field }],
      });
      expect(await ledgerOf(userId)).toHaveLength(1);
    },
  );

  test('a reason is required', async () => {
    const { openid } = await newChild(100);
    for (const source of [undefined, '', '   ', '字'.repeat(101)]) {
      expect(await refused(main, openid, 'deduct', { amount: 1, ...(source !== undefined && { source }) })).toMatchObject({
        details: [{ path: 'source' }],
      });
    }
  });
});

describe('the same request id', () => {
  test('with the same body answers the same and books one row', async () => {
    const { openid, userId } = await newChild(100);
    const first = await send(main, openid, 'deduct', { amount: 5, source: 'x' }, { requestId: 'r1' });
    const second = await send(main, openid, 'deduct', { amount: 5, source: 'x' }, { requestId: 'r1' });
    expect(second).toEqual(first);
    expect(await ledgerOf(userId)).toHaveLength(2);
  });

  test('with another amount is refused', async () => {
    const { openid, userId } = await newChild(100);
    await ok(main, openid, 'deduct', { amount: 5, source: 'x' }, { requestId: 'r1' });
    expect((await refused(main, openid, 'deduct', { amount: 6, source: 'x' }, { requestId: 'r1' })).code).toBe('IDEMPOTENCY_MISMATCH');
    expect(await ledgerOf(userId)).toHaveLength(2);
  });

  test('of another user is another request', async () => {
    const [a, b] = [await newChild(100), await newChild(100)];
    await ok(main, a.openid, 'deduct', { amount: 5, source: 'x' }, { requestId: 'r1' });
    expect(await ok(main, b.openid, 'deduct', { amount: 7, source: 'y' }, { requestId: 'r1' })).toMatchObject({ points: 93 });
    expect(await ok(main, a.openid, 'balance')).toEqual({ points: 95 });
  });

  test('answers the same and books nothing more after old receipts have been cleared away', async () => {
    const { openid, userId } = await newChild(100);
    const first = await ok(main, openid, 'deduct', { amount: 5, source: 'x' }, { requestId: 'old' });
    await select('DELETE FROM requests WHERE user_id = ?', [userId]);
    expect(await ok(main, openid, 'deduct', { amount: 5, source: 'x' }, { requestId: 'old' })).toEqual(first);
    expect(await ok(main, openid, 'balance')).toEqual({ points: 95 });
  });

  test('whose first try was refused may succeed later', async () => {
    const { openid, userId } = await newChild();
    await refused(main, openid, 'deduct', { amount: 5, source: 'x' }, { requestId: 'later' });
    await grant(userId, 5);
    expect(await ok(main, openid, 'deduct', { amount: 5, source: 'x' }, { requestId: 'later' })).toMatchObject({ points: 0 });
  });

  test('twenty spends of 30 out of 100 at once: exactly three succeed', async () => {
    const { openid, userId } = await newChild(100);
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(main, openid, 'deduct', { amount: 30, source: 'x' })));
    const codes = answers.map((answer) => (answer.success ? 'OK' : answer.error.code)).sort();
    expect(codes).toEqual([...Array(3).fill('OK'), ...Array(17).fill('POINTS_INSUFFICIENT')]);
    expect((await ledgerOf(userId)).map((row) => row.balance_after)).toEqual([100, 70, 40, 10]);
  });
});

describe('giving', () => {
  test('an operator gives to a named user; the ledger says who did', async () => {
    const { openid, userId } = await newChild();
    const given = await ok(main, null, 'add', { userId, amount: 50, source: '活动奖励' }, OPERATOR);
    expect(given).toMatchObject({ record: { id: 1, amount: 50, balanceAfter: 50, source: '活动奖励' }, points: 50 });
    expect(await ledgerOf(userId)).toMatchObject([{ amount: 50, actor: 'alice' }]);
    expect(await ok(main, openid, 'balance')).toEqual({ points: 50 });
  });

  test('an openid named in the configuration is an operator on the mini-program door', async () => {
    const { userId } = await newChild();
    await ok(main, 'oOperator', 'add', { userId, amount: 5, source: '活动奖励' });
    expect((await ledgerOf(userId))[0]?.actor).toMatch(/^openid:.{22}$/);
  });

  test('the same request id gives once', async () => {
    const { userId } = await newChild();
    const options = { ...OPERATOR, requestId: 'gift-1' };
    const first = await send(main, null, 'add', { userId, amount: 50, source: 'x' }, options);
    expect(await send(main, null, 'add', { userId, amount: 50, source: 'x' }, options)).toEqual(first);
    expect((await refused(main, null, 'add', { userId, amount: 51, source: 'x' }, options)).code).toBe('IDEMPOTENCY_MISMATCH');
    expect(await ledgerOf(userId)).toHaveLength(1);
  });

  test('a request id is one gift for all users, and is separate per operator and from children’s ids', async () => {
    const [alice, bob] = [await newChild(), await newChild()];
    const gift = { amount: 7, source: 'x' };
    const options = { ...OPERATOR, requestId: 'gift-to-one' };
    await ok(main, null, 'add', { userId: alice.userId, ...gift }, options);
    expect((await refused(main, null, 'add', { userId: bob.userId, ...gift }, options)).code).toBe('IDEMPOTENCY_MISMATCH');
    await ok(main, 'oOperator', 'add', { userId: alice.userId, ...gift }, { requestId: options.requestId });
    await ok(main, alice.openid, 'deduct', gift, { requestId: options.requestId });
    expect((await ledgerOf(alice.userId)).map(({ amount }) => amount)).toEqual([7, 7, -7]);
    expect(await ledgerOf(bob.userId)).toEqual([]);
  });

  test('a child cannot give itself points, by any door', async () => {
    const { openid, userId, token } = await newChild();
    expect((await refused(main, openid, 'add', { userId, amount: 50, source: 'x' })).code).toBe('FORBIDDEN');
    expect((await refused(main, null, 'add', { userId, amount: 50, source: 'x' }, { token })).code).toBe('FORBIDDEN');
    expect((await refused(main, null, 'add', { userId, amount: 50, source: 'x' })).code).toBe('UNAUTHENTICATED');
    expect((await refused(main, null, 'add', { userId, amount: 50, source: 'x' }, { token: 'operator-token-of-the-test' })).code).toBe(
      'UNAUTHENTICATED',
    );
    expect(await http(main, 'POST', '/api/points/add', { token, body: { userId, amount: 50, source: 'x' } })).toMatchObject({
      status: 403,
    });
    expect(await ledgerOf(userId)).toEqual([]);
  });

  test('an operator token has no balance of its own', async () => {
    expect((await refused(main, null, 'balance', {}, OPERATOR)).code).toBe('FORBIDDEN');
    expect((await refused(main, null, 'deduct', { amount: 1, source: 'x' }, OPERATOR)).code).toBe('FORBIDDEN');
  });

  test('a gift to an unknown or erased account answers NOT_FOUND and writes nothing', async () => {
    const { userId } = await newChild();
    await postErase(testDatabase(), { userId, epoch: null, personHash: Buffer.alloc(32), now: new Date(NOON) });
    for (const nobody of [userId, 4_000_000_000]) {
      expect((await refused(main, null, 'add', { userId: nobody, amount: 5, source: 'x' }, OPERATOR)).code).toBe('NOT_FOUND');
    }
    expect(await ledgerOf(userId)).toEqual([]);
  });

  test('at most 100000 at once, with a reason', async () => {
    const { userId } = await newChild();
    expect(await ok(main, null, 'add', { userId, amount: 100_000, source: 'x' }, OPERATOR)).toMatchObject({ points: 100_000 });
    expect((await refused(main, null, 'add', { userId, amount: 100_001, source: 'x' }, OPERATOR)).details).toMatchObject([
      { path: 'amount' },
    ]);
    expect((await refused(main, null, 'add', { userId, amount: 1 }, OPERATOR)).details).toMatchObject([{ path: 'source' }]);
    expect((await refused(main, null, 'add', { amount: 1, source: 'x' }, OPERATOR)).details).toMatchObject([{ path: 'userId' }]);
  });
});

describe('records', () => {
  async function withHistory(): Promise<Child> {
    const child = await newChild();
    for (let day = 1; day <= 5; day += 1) {
      const now = `2025-01-1${day}T15:59:59.999Z`;
      await ok(main, null, 'add', { userId: child.userId, amount: 10 * day, source: '活动奖励' }, { ...OPERATOR, now });
      await ok(main, child.openid, 'deduct', { amount: day, source: '家庭奖励' }, { now: `2025-01-1${day}T16:00:00.000Z` });
    }
    return child;
  }

  test('pages by number or by cursor have no overlap and no gap, newest first', async () => {
    const { openid } = await withHistory();
    const byNumber: number[] = [];
    for (const page of [1, 2, 3, 4]) {
      const answer = await ok(main, openid, 'records', { page, limit: 3 });
      expect(answer).toMatchObject({ page, limit: 3, total: 10, hasMore: page < 4 });
      byNumber.push(...answer.records.map((record: { id: number }) => record.id));
    }
    expect(byNumber).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);

    const byCursor: number[] = [];
    let cursor: string | null = null;
    do {
      const answer = await ok(main, openid, 'records', { limit: 4, ...(cursor !== null && { cursor }) });
      byCursor.push(...answer.records.map((record: { id: number }) => record.id));
      cursor = answer.nextCursor;
      // A new row must not shift what follows.
      await ok(main, openid, 'deduct', { amount: 1, source: 'x' });
    } while (cursor !== null);
    expect(byCursor).toEqual(byNumber);
  });

  test('a page behind the end is empty and still says how many there are', async () => {
    const { openid } = await withHistory();
    expect(await ok(main, openid, 'records', { page: 9 })).toEqual({
      records: [],
      page: 9,
      limit: 20,
      total: 10,
      hasMore: false,
      nextCursor: null,
    });
    expect(await ok(main, openid, 'records', { page: 9, type: 'earn' })).toMatchObject({ records: [], total: 5, hasMore: false });
    expect(await ok(main, (await newChild()).openid, 'records')).toMatchObject({ records: [], total: 0 });
  });

  test('can be narrowed to earned or spent, to a source and to days of Beijing', async () => {
    const { openid } = await withHistory();
    const amounts = async (filter: object) => {
      const { records, total } = await ok(main, openid, 'records', filter);
      expect(total).toBe(records.length);
      return records.map((record: { amount: number }) => record.amount);
    };
    expect(await amounts({ type: 'earn' })).toEqual([50, 40, 30, 20, 10]);
    expect(await amounts({ type: 'spend' })).toEqual([-5, -4, -3, -2, -1]);
    expect(await amounts({ source: '家庭奖励', type: 'earn' })).toEqual([]);
    expect(await amounts({ source: '活动奖励' })).toHaveLength(5);
    // 15:59:59.999Z is still the 13th in Beijing, 16:00:00.000Z is the 14th.
    expect(await amounts({ from: '2025-01-13', to: '2025-01-13' })).toEqual([30, -2]);
    expect(await amounts({ from: '2025-01-15', to: '2025-01-14' })).toEqual([]);
    expect(await amounts({ from: '1000-01-01', to: '9999-12-31' })).toHaveLength(10);
  });

  test('filters and pages go together', async () => {
    const { openid } = await withHistory();
    const second = await ok(main, openid, 'records', { type: 'earn', page: 2, limit: 2 });
    expect(second).toMatchObject({ records: [{ amount: 30 }, { amount: 20 }], total: 5, hasMore: true });
    const third = await ok(main, openid, 'records', { type: 'earn', cursor: second.nextCursor, limit: 2 });
    expect(third.records).toMatchObject([{ amount: 10 }]);
    expect(third).not.toHaveProperty('page');
  });

  test.each([
    { page: 0 },
    { page: -1 },
    { page: 1e6 },
    { page: 'abc' },
    { limit: 0 },
    { limit: 101 },
    { cursor: 'x' },
    { cursor: '-1' },
    { type: 'both' },
    { from: '2025-02-30' },
  ])('%o is refused with the field named', async (input) => {
    const { openid } = await newChild();
    expect(await refused(main, openid, 'records', input)).toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path: Object.keys(input)[0] }],
    });
  });

  test('a cursor beyond the newest row begins with the newest, with a filter and without', async () => {
    const { openid } = await newChild(10);
    for (const filter of [{}, { type: 'earn' }]) {
      expect((await ok(main, openid, 'records', { ...filter, cursor: '4000000000' })).records).toMatchObject([{ amount: 10 }]);
    }
  });

  test('a source is matched to the letter', async () => {
    const { openid } = await newChild(10);
    for (const source of ['Cafe', 'café']) await ok(main, openid, 'deduct', { amount: 1, source });
    expect((await ok(main, openid, 'records', { source: 'cafe' })).records).toEqual([]);
    expect((await ok(main, openid, 'records', { source: 'café' })).records).toMatchObject([{ source: 'café' }]);
  });

  test('page and cursor together are refused', async () => {
    const { openid } = await newChild();
    expect((await refused(main, openid, 'records', { page: 1, cursor: '5' })).code).toBe('INVALID_INPUT');
  });

  test('are one’s own', async () => {
    const [a, b] = [await withHistory(), await newChild(3)];
    expect(await ok(main, b.openid, 'records')).toMatchObject({ records: [{ amount: 3 }], total: 1 });
    expect(await ok(main, b.openid, 'records', { type: 'earn' })).toMatchObject({ total: 1 });
    expect(a.userId).not.toBe(b.userId);
  });

  test('REST paths answer like the mini-program door', async () => {
    const { token } = await newChild(100);
    const headers = { 'idempotency-key': 'rest-deduct-000001' };
    const spent = await http(main, 'POST', '/api/points/deduct', { token, headers, body: { amount: 10, source: '家庭奖励' } });
    expect(spent).toMatchObject({ status: 200, body: { data: { points: 90 } } });
    expect((await http(main, 'POST', '/api/points/deduct', { token, headers, body: { amount: 10, source: '家庭奖励' } })).body).toEqual(
      spent.body,
    );
    expect(await http(main, 'GET', '/api/points/balance', { token })).toMatchObject({ body: { data: { points: 90 } } });
    expect(await http(main, 'GET', '/api/points/records?page=1&limit=1&type=spend', { token })).toMatchObject({
      body: { data: { records: [{ amount: -10 }], total: 1 } },
    });
    expect(await http(main, 'POST', '/api/points/deduct', { token, body: { amount: 1000, source: 'x' } })).toMatchObject({ status: 409 });
  });
});
