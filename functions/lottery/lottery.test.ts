import { beforeEach, describe, expect, test } from 'vitest';
import { type Child, configure, http, NOON, newChild, ok, refused, select, send, withoutRateLimits } from '../../test/harness';
import { ownPrizes, setPrizes, stockOf } from '../../test/prizes';
import { main as points } from '../points/index';
import { main } from './index';

withoutRateLimits();
ownPrizes();

const OPERATOR = { token: 'operator-token-of-the-tests' };

const ledgerOf = ({ userId }: Child) =>
  select<{ amount: number; source_key: string }>(
    'SELECT amount, source_key FROM point_records WHERE user_id = ? AND seq > 1 ORDER BY seq',
    [userId],
  );
const balanceOf = async ({ openid }: Child): Promise<number> => (await ok(points, openid, 'balance')).points;
const drawsOf = async ({ openid }: Child) => (await ok(main, openid, 'records', { limit: 100 })).records;
const times = <Answer>(count: number, ask: (index: number) => Promise<Answer>) =>
  Promise.all(Array.from({ length: count }, (_, index) => ask(index)));
const codesIn = (answers: Awaited<ReturnType<typeof send>>[]) => {
  const counts: Record<string, number> = {};
  for (const answer of answers) {
    const code = answer.success ? 'OK' : answer.error.code;
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
};

describe('prizes', () => {
  test('publish cost, odds and the exact chance of winning nothing', async () => {
    const [a, b] = await setPrizes(
      { name: '红花', probability: 0.1, image: 'https://x/1.png' },
      { name: '星星', probability: 0.2, stock: 3, points: 5 },
    );
    const { openid } = await newChild();
    const look = { emoji: '', kind: 'badge' };
    expect(await ok(main, openid, 'prizes')).toEqual({
      isFamily: false,
      cost: 10,
      prizes: [
        {
          ...look,
          id: a,
          name: '红花',
          description: '',
          imageUrl: 'https://x/1.png',
          probability: 0.1,
          stock: -1,
          points: 0,
          isActive: true,
        },
        { ...look, id: b, name: '星星', description: '', imageUrl: '', probability: 0.2, stock: 3, points: 5, isActive: true },
      ],
      // Not 0.7000000000000001.
      noPrizeProbability: 0.7,
    });
  });

  test('that are sold out are shown, and their share counts as not won; withdrawn ones are not shown', async () => {
    await setPrizes(
      { name: 'a', probability: 0.3, stock: 0 },
      { name: 'b', probability: 0.2 },
      { name: 'c', probability: 0.5, active: false },
    );
    const { openid } = await newChild();
    const answer = await ok(main, openid, 'prizes');
    expect(answer.prizes.map((prize: { name: string; stock: number }) => [prize.name, prize.stock])).toEqual([
      ['a', 0],
      ['b', -1],
    ]);
    expect(answer.noPrizeProbability).toBe(0.8);
  });

  test('may be none', async () => {
    await setPrizes();
    const { openid } = await newChild();
    expect(await ok(main, openid, 'prizes')).toEqual({ isFamily: false, cost: 10, prizes: [], noPrizeProbability: 1 });
  });
});

describe('a draw', () => {
  test('charges the cost, takes one piece of stock and is recorded with the prize as it is called now', async () => {
    const [id] = await setPrizes({ name: '电影票', probability: 1, stock: 10, image: 'https://x/t.png' });
    const child = await newChild(25);
    const won = await ok(main, child.openid, 'draw');
    expect(won).toEqual({
      draw: {
        id: 2,
        isWinner: true,
        prize: { id, name: '电影票', imageUrl: 'https://x/t.png', emoji: '', description: '', kind: 'badge' },
        given: null,
        costPoints: 10,
        pointsWon: 0,
        createdAt: NOON,
      },
      points: 15,
    });
    expect(await stockOf(id ?? 0)).toEqual({ stock: 9, issued: 1 });
    expect(await ok(main, child.openid, 'records')).toEqual({
      records: [won.draw],
      page: 1,
      limit: 20,
      total: 1,
      hasMore: false,
      nextCursor: null,
      totalDraws: 1,
      totalWins: 1,
      winRate: 1,
    });
    expect(await ledgerOf(child)).toEqual([{ amount: -10, source_key: 'draw:2:cost' }]);
  });

  test('that wins points credits them at once', async () => {
    await setPrizes({ name: '50 积分', probability: 1, points: 50 });
    const child = await newChild(10);
    expect(await ok(main, child.openid, 'draw')).toMatchObject({ draw: { pointsWon: 50 }, points: 50 });
    expect(await ledgerOf(child)).toEqual([
      { amount: -10, source_key: 'draw:2:cost' },
      { amount: 50, source_key: 'draw:2:prize' },
    ]);
  });

  test('that wins nothing says so', async () => {
    await setPrizes({ name: 'x', probability: 0.0001 }, { name: 'sold out', probability: 0.9999, stock: 0 });
    const child = await newChild(10);
    // One in ten thousand would win.
    expect(await ok(main, child.openid, 'draw')).toMatchObject({
      draw: { isWinner: false, prize: null, costPoints: 10, pointsWon: 0 },
      points: 0,
    });
  });

  test('without enough points is refused; nothing is charged, taken or recorded', async () => {
    const [id] = await setPrizes({ name: 'x', probability: 1, stock: 5, points: 100 });
    const child = await newChild(9);
    expect((await refused(main, child.openid, 'draw')).code).toBe('POINTS_INSUFFICIENT');
    expect(await balanceOf(child)).toBe(9);
    expect(await stockOf(id ?? 0)).toEqual({ stock: 5, issued: 0 });
    expect(await drawsOf(child)).toEqual([]);
  });

  test.each([{ cost: 0 }, { cost: -100 }, { prizeId: 1 }, { roll: 0 }, { userId: 1 }, { points: 100 }, { probability: 1 }])(
    'with %o is refused',
    async (input) => {
      await setPrizes({ name: 'x', probability: 1 });
      const child = await newChild(10);
      expect(await refused(main, child.openid, 'draw', input)).toMatchObject({
        code: 'INVALID_INPUT',
        details: [{ path: Object.keys(input)[0] }],
      });
      expect(await balanceOf(child)).toBe(10);
    },
  );

  test.each([
    ['every prize is sold out', [{ name: 'x', probability: 0.5, stock: 0 }]],
    ['every prize is withdrawn', [{ name: 'x', probability: 0.5, active: false }]],
    ['no prize has a chance', [{ name: 'x', probability: 0 }]],
    ['there are no prizes', []],
  ])('when %s answers LOTTERY_EMPTY and charges nothing', async (_, prizes) => {
    await setPrizes(...prizes);
    const child = await newChild(10);
    expect((await refused(main, child.openid, 'draw')).code).toBe('LOTTERY_EMPTY');
    expect(await balanceOf(child)).toBe(10);
    expect(await drawsOf(child)).toEqual([]);
  });

  test('is the same for the same request id, also after the prize was edited, sold out or deleted', async () => {
    const [id] = await setPrizes({ name: '电影票', probability: 1, stock: 1, points: 3, image: 'a' });
    const child = await newChild(30);
    const first = await send(main, child.openid, 'draw', {}, { requestId: 'draw-1' });
    expect(first).toMatchObject({ success: true, data: { points: 23, draw: { prize: { name: '电影票' } } } });
    const again = () => send(main, child.openid, 'draw', {}, { requestId: 'draw-1' });
    expect(await again()).toEqual(first);
    await select("UPDATE lottery_prizes SET name = '别的', image_url = 'b', points = 0, stock = 5 WHERE id = ?", [id ?? 0]);
    expect(await again()).toEqual(first);
    await select('DELETE FROM lottery_prizes');
    expect(await again()).toEqual(first);
    expect(await balanceOf(child)).toBe(23);
    expect(await drawsOf(child)).toMatchObject([{ prize: { id, name: '电影票', imageUrl: 'a' }, pointsWon: 3 }]);
  });

  test('that emptied the account replays instead of answering that there are no points', async () => {
    await setPrizes({ name: 'x', probability: 1 });
    const child = await newChild(10);
    const first = await send(main, child.openid, 'draw', {}, { requestId: 'last' });
    expect(await send(main, child.openid, 'draw', {}, { requestId: 'last' })).toEqual(first);
  });

  test('uses prizes edited directly in the database at once', async () => {
    const child = await newChild(100);
    await setPrizes({ name: 'a', probability: 1 });
    expect(await ok(main, child.openid, 'draw')).toMatchObject({ draw: { prize: { name: 'a' } } });
    await select("UPDATE lottery_prizes SET name = 'b', points = 7");
    expect(await ok(main, child.openid, 'draw')).toMatchObject({ draw: { prize: { name: 'b' }, pointsWon: 7 } });
    await select("INSERT INTO lottery_prizes (name, probability) VALUES ('c', 1)");
    await select("UPDATE lottery_prizes SET probability = 0 WHERE name = 'b'");
    expect(await ok(main, child.openid, 'draw')).toMatchObject({ draw: { prize: { name: 'c' } } });
    await select("UPDATE lottery_prizes SET is_active = FALSE WHERE name = 'c'");
    expect((await refused(main, child.openid, 'draw')).code).toBe('LOTTERY_EMPTY');
    await select("UPDATE lottery_prizes SET is_active = TRUE, stock = 0 WHERE name = 'c'");
    expect((await refused(main, child.openid, 'draw')).code).toBe('LOTTERY_EMPTY');
    await select("UPDATE lottery_prizes SET stock = 1 WHERE name = 'c'");
    expect(await ok(main, child.openid, 'draw')).toMatchObject({ draw: { prize: { name: 'c' } } });
    expect((await refused(main, child.openid, 'draw')).code).toBe('LOTTERY_EMPTY');
  });

  test('of an unlimited prize leaves its row alone', async () => {
    const [id] = await setPrizes({ name: 'x', probability: 1 });
    await ok(main, (await newChild(10)).openid, 'draw');
    expect(await stockOf(id ?? 0)).toEqual({ stock: -1, issued: 0 });
  });
});

describe('many draws at once', () => {
  beforeEach(async () => {
    await setPrizes({ name: 'x', probability: 1, stock: 5 });
  });

  test('ten on a stock of five: five winners, then nothing is left', async () => {
    const [id] = await setPrizes({ name: 'x', probability: 0.9999, stock: 5 }, { name: 'y', probability: 0.0001, active: false });
    const children = await times(10, () => newChild(10));
    const answers = await Promise.all(children.map(({ openid }) => send(main, openid, 'draw')));
    const wins = answers.filter((answer) => answer.success && JSON.stringify(answer.data).includes('"isWinner":true')).length;
    expect(wins).toBeLessThanOrEqual(5);
    expect(await stockOf(id ?? 0)).toEqual({ stock: 5 - wins, issued: wins });
    // Who came too late was told that all is gone and kept their points.
    for (const [index, answer] of answers.entries()) {
      const child = children[index];
      if (!answer.success && child) {
        expect(answer.error.code).toBe('LOTTERY_EMPTY');
        expect(await balanceOf(child)).toBe(10);
      }
    }
  });

  test('when one prize is sold out the others keep their odds, and later rolls on it win nothing', async () => {
    const [rare, common] = await setPrizes({ name: 'rare', probability: 0.5, stock: 2 }, { name: 'common', probability: 0.5 });
    const children = await times(40, () => newChild(10));
    const answers = await Promise.all(children.map(({ openid }) => ok(main, openid, 'draw')));
    const won = (id: number | undefined) => answers.filter(({ draw }) => draw.prize?.id === id).length;
    expect(won(rare)).toBe(2);
    expect(await stockOf(rare ?? 0)).toEqual({ stock: 0, issued: 2 });
    // Binomial(40, 1/2) leaves 5…35 less than once in 10^6 runs.
    expect(won(common)).toBeGreaterThanOrEqual(4);
    expect(won(common)).toBeLessThanOrEqual(36);
  });

  test('25 points pay for exactly two of ten', async () => {
    await setPrizes({ name: 'x', probability: 1, points: 1 });
    const child = await newChild(25);
    expect(codesIn(await times(10, () => send(main, child.openid, 'draw')))).toEqual({ OK: 2, POINTS_INSUFFICIENT: 8 });
    expect(await balanceOf(child)).toBe(7);
  });

  test('ten with one request id are one draw', async () => {
    const child = await newChild(100);
    const answers = await times(10, () => send(main, child.openid, 'draw', {}, { requestId: 'one' }));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await balanceOf(child)).toBe(90);
    expect(await drawsOf(child)).toHaveLength(1);
  });
});

describe('through the whole path', () => {
  test('2,000 draws fall as the odds say (chi-square with 3 degrees of freedom, α = 1e-6)', async () => {
    const ids = await setPrizes(
      { name: 'a', probability: 0.5 },
      { name: 'b', probability: 0.3 },
      { name: 'c', probability: 0.1, stock: 1_000_000 },
    );
    const children = await times(16, () => newChild(1250));
    const counts = new Map<number | null, number>();
    await Promise.all(
      children.map(async ({ openid }) => {
        for (let count = 0; count < 125; count += 1) {
          const { draw } = await ok(main, openid, 'draw');
          const id = draw.prize?.id ?? null;
          counts.set(id, (counts.get(id) ?? 0) + 1);
        }
      }),
    );
    const expected: [number | null, number][] = [
      [ids[0] ?? 0, 1000],
      [ids[1] ?? 0, 600],
      [ids[2] ?? 0, 200],
      [null, 200],
    ];
    const chi = expected.reduce((sum, [id, count]) => sum + ((counts.get(id) ?? 0) - count) ** 2 / count, 0);
    expect(chi).toBeLessThan(30.665);
  });
});

describe('records', () => {
  test('page by number and by cursor without overlap or gap, and are one’s own', async () => {
    await setPrizes({ name: 'x', probability: 1 });
    const [child, other] = [await newChild(70), await newChild(10)];
    for (let count = 0; count < 7; count += 1) await ok(main, child.openid, 'draw');
    await ok(main, other.openid, 'draw');
    const pages = await Promise.all([1, 2, 3, 4].map((page) => ok(main, child.openid, 'records', { page, limit: 3 })));
    expect(pages.map(({ records, total, hasMore }) => [records.length, total, hasMore])).toEqual([
      [3, 7, true],
      [3, 7, true],
      [1, 7, false],
      [0, 7, false],
    ]);
    const ids = pages.flatMap(({ records }) => records.map((draw: { id: number }) => draw.id));
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => b - a));
    const second = await ok(main, child.openid, 'records', { limit: 3, cursor: pages[0].nextCursor });
    expect(second.records).toEqual(pages[1].records);
    expect(await drawsOf(other)).toHaveLength(1);
    for (const input of [{ page: 0 }, { limit: 101 }, { cursor: 'x' }])
      expect((await refused(main, child.openid, 'records', input)).code).toBe('INVALID_INPUT');
  });
});

describe('configuring prizes', () => {
  test('is for operators', async () => {
    const child = await newChild();
    const input = { name: 'x', probability: 0.1 };
    expect((await refused(main, child.openid, 'savePrize', input)).code).toBe('FORBIDDEN');
    expect((await refused(main, null, 'savePrize', input)).code).toBe('UNAUTHENTICATED');
    expect(await http(main, 'POST', '/api/lottery/prizes', { token: child.token, body: input })).toMatchObject({ status: 403 });
  });

  test('makes a prize, changes what is given of one, and draws follow', async () => {
    await setPrizes();
    const { prize } = await ok(main, null, 'savePrize', { name: '电影票', probability: 0.25 }, OPERATOR);
    expect(prize).toEqual({
      id: prize.id,
      name: '电影票',
      description: '',
      imageUrl: '',
      emoji: '',
      kind: 'badge',
      probability: 0.25,
      stock: -1,
      points: 0,
      isActive: true,
    });
    const changed = await ok(main, null, 'savePrize', { id: prize.id, stock: 3, points: 5, isActive: false }, OPERATOR);
    expect(changed.prize).toEqual({ ...prize, stock: 3, points: 5, isActive: false });
    expect((await refused(main, (await newChild(10)).openid, 'draw')).code).toBe('LOTTERY_EMPTY');
    await ok(main, 'oOperator', 'savePrize', { id: prize.id, isActive: true, probability: 1 });
    expect(await ok(main, (await newChild(10)).openid, 'draw')).toMatchObject({ draw: { isWinner: true, pointsWon: 5 } });
    expect(await http(main, 'POST', '/api/lottery/prizes', { ...OPERATOR, body: { id: prize.id, name: '新' } })).toMatchObject({
      body: { data: { prize: { name: '新', stock: 2 } } },
    });
  });

  test('refuses odds above 1 in sum, counting active prizes only, and changes nothing', async () => {
    const [a, b] = await setPrizes({ name: 'a', probability: 0.6 }, { name: 'b', probability: 0.6, active: false });
    const tooMuch = { code: 'INVALID_INPUT', details: [{ path: 'probability' }] };
    expect(await refused(main, null, 'savePrize', { name: 'c', probability: 0.4001 }, OPERATOR)).toMatchObject(tooMuch);
    expect(await refused(main, null, 'savePrize', { id: b, isActive: true }, OPERATOR)).toMatchObject(tooMuch);
    expect(await select('SELECT id, is_active FROM lottery_prizes ORDER BY id')).toEqual([
      { id: a, is_active: 1 },
      { id: b, is_active: 0 },
    ]);
    await ok(main, null, 'savePrize', { name: 'c', probability: 0.4 }, OPERATOR);
    await ok(main, null, 'savePrize', { name: 'd', probability: 0.9, isActive: false }, OPERATOR);
  });

  test('ten prizes of 0.3 at once: three fit', async () => {
    for (const prizes of [[], [{ name: 'old', probability: 0.05 }]]) {
      await setPrizes(...prizes);
      const answers = await times(10, (index) => send(main, null, 'savePrize', { name: `p${index}`, probability: 0.3 }, OPERATOR));
      expect(codesIn(answers)).toEqual({ OK: 3, INVALID_INPUT: 7 });
    }
  });

  test('with the same request id makes one prize, also ten times at once', async () => {
    await setPrizes();
    const save = () => send(main, null, 'savePrize', { name: 'x', probability: 0.1 }, { ...OPERATOR, requestId: 'prize-1' });
    const answers = await times(10, save);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ success: true });
    expect(await select('SELECT id FROM lottery_prizes')).toHaveLength(1);
    expect((await refused(main, null, 'savePrize', { name: 'y', probability: 0.1 }, { ...OPERATOR, requestId: 'prize-1' })).code).toBe(
      'IDEMPOTENCY_MISMATCH',
    );
  });

  test('that names an unknown prize is NOT_FOUND', async () => {
    expect((await refused(main, null, 'savePrize', { id: 4_000_000_000, name: 'x' }, OPERATOR)).code).toBe('NOT_FOUND');
  });

  test.each([
    ['name', { probability: 0.1 }],
    ['probability', { name: 'x' }],
    ['probability', { name: 'x', probability: 0.00001 }],
    ['probability', { name: 'x', probability: -0.1 }],
    ['probability', { name: 'x', probability: 1.1 }],
    ['probability', { name: 'x', probability: '0.1' }],
    ['imageUrl', { name: 'x', probability: 0.1, imageUrl: 'javascript:alert(1)' }],
    ['stock', { name: 'x', probability: 0.1, stock: -2 }],
    ['points', { name: 'x', probability: 0.1, points: -1 }],
    ['issued', { name: 'x', probability: 0.1, issued: 1 }],
  ])('with a wrong %s is refused: %o', async (path, input) => {
    expect(await refused(main, null, 'savePrize', input, OPERATOR)).toMatchObject({ code: 'INVALID_INPUT', details: [{ path }] });
  });
});

describe('with another cost', () => {
  configure({ lotteryCost: 0 });

  test('a free draw writes no ledger row', async () => {
    await setPrizes({ name: 'x', probability: 1 });
    const child = await newChild(1);
    expect(await ok(main, child.openid, 'draw')).toMatchObject({ draw: { costPoints: 0 }, points: 1 });
    expect(await ledgerOf(child)).toEqual([]);
  });
});

test('REST paths answer like the mini-program door', async () => {
  await setPrizes({ name: 'x', probability: 1 });
  const { token } = await newChild(10);
  expect(await http(main, 'GET', '/api/lottery/prizes', { token })).toMatchObject({
    body: { data: { cost: 10, prizes: [{ name: 'x' }] } },
  });
  expect(await http(main, 'POST', '/api/lottery/draw', { token })).toMatchObject({
    body: { data: { draw: { isWinner: true }, points: 0 } },
  });
  expect(await http(main, 'GET', '/api/lottery/records?page=1&limit=20', { token })).toMatchObject({ body: { data: { total: 1 } } });
  expect(await http(main, 'POST', '/api/lottery/draw', { token })).toMatchObject({ status: 409 });
});
