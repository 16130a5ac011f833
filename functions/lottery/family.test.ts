import { describe, expect, test } from 'vitest';
import { type Guarded, guarded, guardianOf, newGuarded } from '../../test/family';
import { accessLines, newChild, ok, refused, select, send, withoutRateLimits } from '../../test/harness';
import { main as points } from '../points/index';
import { main as sync } from '../sync/index';
import { main } from './index';

withoutRateLimits();

const zoo = { name: '去动物园', emoji: '🦁', description: '周末', kind: 'physical', weight: 1 };
const stars = { name: '十分', emoji: '⭐', kind: 'virtual', value: 10, weight: 3 };
const withPrizes = async (prizes: object[], held = 1_000, more: object = {}): Promise<Guarded> => {
  const child = await guarded(await newChild(held));
  await ok(main, child.openid, 'savePrizes', { version: 0, prizes, ...more }, child);
  return child;
};
const draw = ({ openid }: Guarded, requestId?: string) => send(main, openid, 'draw', {}, requestId === undefined ? {} : { requestId });
const won = async (child: Guarded): Promise<{ id: number; prize: { name: string } | null; given: boolean | null }> =>
  (await ok(main, child.openid, 'draw')).draw;

describe('a family’s prizes', () => {
  test('are drawn by their weights, always win unless there is a blank share, and are shown with chance and emoji', async () => {
    const child = await withPrizes([zoo, stars]);
    expect(await ok(main, child.openid, 'prizes')).toMatchObject({
      isFamily: true,
      cost: 10,
      noPrizeProbability: 0,
      prizes: [
        { name: '去动物园', emoji: '🦁', kind: 'physical', probability: 0.25, points: 0 },
        { name: '十分', kind: 'virtual', probability: 0.75, points: 10 },
      ],
    });
    for (let count = 0; count < 5; count += 1) expect((await won(child)).prize).not.toBeNull();
    const { version } = await ok(main, child.openid, 'config');
    await ok(main, child.openid, 'savePrizes', { version, prizes: [zoo], blankWeight: 3 }, child);
    expect(await ok(main, child.openid, 'prizes')).toMatchObject({ noPrizeProbability: 0.75 });
  });

  test('keep their ids, and an edited or removed prize never changes an old draw', async () => {
    const child = await withPrizes([zoo]);
    const before = await won(child);
    const { version, prizes } = await ok(main, child.openid, 'config');
    const renamed = { ...prizes[0], name: '去海边' };
    const saved = await ok(main, child.openid, 'savePrizes', { version, prizes: [renamed, stars] }, child);
    expect(saved.prizes.map(({ id }: { id: number }) => id)).toEqual([1, 2]);
    const last = await ok(main, child.openid, 'savePrizes', { version: saved.version, prizes: [{ ...stars, name: '新的' }] }, child);
    expect(last.prizes).toMatchObject([{ id: 3 }]);
    const [record] = (await ok(main, child.openid, 'records')).records;
    expect(record).toEqual(before);
    expect(record.prize).toEqual({ id: 1, name: '去动物园', imageUrl: '', emoji: '🦁', description: '周末', kind: 'physical' });
  });

  test('are saved on the version that the guardian saw', async () => {
    const child = await withPrizes([zoo]);
    expect((await refused(main, child.openid, 'savePrizes', { version: 0, prizes: [stars] }, child)).code).toBe('VERSION_CONFLICT');
    expect((await ok(main, child.openid, 'config')).prizes).toMatchObject([{ name: '去动物园' }]);
  });

  test('with a stock of 5 are won five times by 64 concurrent draws; the other draws are not charged', async () => {
    const child = await withPrizes([{ ...zoo, stockType: 'limited', stock: 5 }]);
    const answers = await Promise.all(Array.from({ length: 64 }, () => draw(child)));
    const codes = answers.map((answer) => (answer.success ? 'OK' : answer.error.code));
    expect(codes.filter((code) => code === 'OK')).toHaveLength(5);
    expect(new Set(codes)).toEqual(new Set(['OK', 'LOTTERY_EMPTY']));
    expect((await ok(points, child.openid, 'balance')).points).toBe(950);
    expect((await ok(main, child.openid, 'config')).prizes).toMatchObject([{ stock: 0 }]);
  });

  test('are drawn in one trip, as the system’s are', async () => {
    const child = await withPrizes([zoo]);
    await won(child);
    const [line] = await accessLines(() => draw(child));
    expect(line?.mysql.trips).toBe(1);
  });

  test('sold out give their share to not winning', async () => {
    const child = await withPrizes([
      { ...zoo, stockType: 'limited', stock: 0 },
      { ...stars, weight: 1 },
    ]);
    expect((await ok(main, child.openid, 'prizes')).noPrizeProbability).toBe(0.5);
  });

  test('give way to the system’s again, and the list waits', async () => {
    const child = await withPrizes([zoo]);
    expect(await ok(main, child.openid, 'resetPrizes', {}, child)).toMatchObject({ source: 'system', prizes: [{ name: '去动物园' }] });
    expect((await ok(main, child.openid, 'prizes')).prizes[0].name).toBe('小红花');
  });

  test('of another family are not drawn', async () => {
    await withPrizes([zoo]);
    const other = await newGuarded(100);
    expect((await ok(main, other.openid, 'config')).source).toBe('system');
  });

  test.each([
    ['31 prizes', Array.from({ length: 31 }, () => zoo), 'prizes'],
    ['none', [], 'prizes'],
    ['none that is active', [{ ...zoo, isActive: false }], 'prizes'],
    ['a stock of −2', [{ ...zoo, stockType: 'limited', stock: -2 }], 'prizes.0.stock'],
    ['an unknown kind', [{ ...zoo, kind: 'car' }], 'prizes.0.kind'],
    ['a weight of 0', [{ ...zoo, weight: 0 }], 'prizes.0.weight'],
    ['points in a physical prize', [{ ...zoo, value: 5 }], 'prizes.0.value'],
    ['more than 50 points', [{ ...stars, value: 51 }], 'prizes.0.value'],
    ['more than the draw costs on average', [{ ...stars, value: 11 }], 'prizes'],
    ['an id of another list', [{ ...zoo, id: 9 }], 'prizes.0.id'],
    ['a name of nothing', [{ ...zoo, name: ' ' }], 'prizes.0.name'],
  ])('%s: a field error, and nothing is saved', async (_, prizes, path) => {
    const child = await newGuarded();
    expect(await refused(main, child.openid, 'savePrizes', { version: 0, prizes }, child)).toMatchObject({
      code: 'INVALID_INPUT',
      details: [{ path }],
    });
    expect(await select('SELECT 1 FROM family_prizes WHERE user_id = ?', [child.userId])).toEqual([]);
  });
});

describe('cost and daily limit', () => {
  test('are the guardian’s; with the system’s prizes a draw costs no less than the system’s', async () => {
    const child = await withPrizes([zoo]);
    expect(await ok(main, child.openid, 'setConfig', { cost: 3, dailyLimit: 2 }, child)).toMatchObject({ cost: 3, dailyLimit: 2 });
    await won(child);
    await won(child);
    expect((await refused(main, child.openid, 'draw')).code).toBe('QUOTA_EXCEEDED');
    expect((await ok(points, child.openid, 'balance')).points).toBe(994);
    expect(await ok(main, child.openid, 'resetPrizes', {}, child)).toMatchObject({ source: 'system', cost: 10 });
    expect((await refused(main, child.openid, 'draw')).code).toBe('QUOTA_EXCEEDED');
  });

  test('a cost below what the prizes give on average is refused', async () => {
    const child = await withPrizes([stars]);
    expect(await refused(main, child.openid, 'setConfig', { cost: 9 }, child)).toMatchObject({ details: [{ path: 'cost' }] });
  });

  test.each([
    [{ cost: 0 }, 'cost'],
    [{ cost: 1_001 }, 'cost'],
    [{ dailyLimit: 0 }, 'dailyLimit'],
    [{ dailyLimit: 101 }, 'dailyLimit'],
  ])('%j is a field error', async (input, path) => {
    const child = await newGuarded();
    expect(await refused(main, child.openid, 'setConfig', input, child)).toMatchObject({ details: [{ path }] });
  });
});

describe('a physical prize', () => {
  test('is handed over once, that can be withdrawn, and the change is in the phone’s feed', async () => {
    const child = await withPrizes([zoo]);
    const { id, given } = await won(child);
    expect(given).toBe(false);
    expect((await ok(sync, child.openid, 'home')).family.openPrizes).toMatchObject([{ id, prize: { name: '去动物园' } }]);
    const { cursor } = await ok(sync, child.openid, 'sync', { clientId: 'phone-prize' });
    expect((await ok(main, child.openid, 'redeem', { id, given: true }, child)).draw).toMatchObject({ id, given: true });
    const { changes } = await ok(sync, child.openid, 'sync', { clientId: 'phone-prize', cursor });
    expect(changes).toContainEqual(
      expect.objectContaining({ kind: 'draw', key: String(id), row: expect.objectContaining({ given: true }) }),
    );
    expect((await ok(sync, child.openid, 'home')).family.openPrizes).toEqual([]);
    expect((await ok(main, child.openid, 'redeem', { id, given: false }, child)).draw.given).toBe(false);
    expect((await refused(main, child.openid, 'redeem', { id: 987_654, given: true }, child)).code).toBe('NOT_FOUND');
    expect((await refused(main, child.openid, 'redeem', { id, given: true })).code).toBe('GUARDIAN_REQUIRED');
  });
});

test('records count draws and wins, and can show wins or a span only', async () => {
  const child = await withPrizes([zoo], 1_000, { blankWeight: 0 });
  await won(child);
  const { version } = await ok(main, child.openid, 'config');
  await ok(main, child.openid, 'savePrizes', { version, prizes: [zoo], blankWeight: 1_000 }, child);
  for (let count = 0; count < 3; count += 1) await won(child);
  const all = await ok(main, child.openid, 'records');
  expect(all).toMatchObject({ totalDraws: 4, total: 4 });
  const wins = await ok(main, child.openid, 'records', { type: 'win' });
  expect(wins.records).toHaveLength(all.totalWins);
  expect(wins.winRate).toBe(all.totalWins / 4);
  expect(await ok(main, child.openid, 'records', { to: '2025-01-21' })).toMatchObject({ records: [], totalDraws: 0, winRate: 0 });
});

test('a guardian with an account of their own sets the prizes of the child', async () => {
  const child = await newGuarded(100);
  const guardian = await guardianOf(child);
  await ok(main, guardian.openid, 'savePrizes', { version: 0, prizes: [zoo], childId: child.userId }, guardian);
  expect((await ok(main, child.openid, 'prizes')).prizes).toMatchObject([{ name: '去动物园' }]);
});
