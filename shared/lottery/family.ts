import type * as z from 'zod';
import { requireOwnImage } from '../diary/images';
import { AppError, fieldError, instead } from '../errors';
import { requestOf } from '../request';
import type { UserContext } from '../runtime/context';
import type { Draw, FamilyPrize, redeem, savePrizes, setConfig, Wheel } from './contract';
import { costOf, readShown, type Shown } from './odds';
import { type FamilyPrizeRow, postRedemption, postWheel, selectDraw, selectFamilyPrizes, type WheelChange } from './queries';
import { toDraw } from './row';
import { requireNoMint } from './wheel';

/** Draws per day when the family has set no limit; the rate limit applies in any case. */
const MOST_DRAWS = 100;

const NO_CHANGE: WheelChange = { cost: null, dailyLimit: null, hasOwnPrizes: null, blankWeight: null, prizes: null };

const toFamilyPrize = ({ points, stock, ...row }: FamilyPrizeRow): FamilyPrize => ({
  ...row,
  value: points,
  stockType: stock < 0 ? 'unlimited' : 'limited',
  stock: Math.max(0, stock),
});

const wheelOf = ({ source, cost, wheel }: Shown, rows: FamilyPrizeRow[]): Wheel => ({
  source,
  cost,
  dailyLimit: wheel?.dailyLimit ?? MOST_DRAWS,
  version: wheel?.version ?? 0,
  blankWeight: wheel?.blankWeight ?? 0,
  prizes: rows.map(toFamilyPrize),
});

export const getWheel = async (ctx: UserContext): Promise<Wheel> => wheelOf(await readShown(ctx), await selectFamilyPrizes(ctx.db, ctx));

/** Changes the wheel, starting from its current version; decides again after a concurrent change. */
async function changeWheel(ctx: UserContext, input: object, decide: (shown: Shown, rows: FamilyPrizeRow[]) => WheelChange): Promise<Wheel> {
  for (;;) {
    const shown = await readShown(ctx);
    const rows = await selectFamilyPrizes(ctx.db, ctx);
    try {
      await postWheel(ctx.db, ctx, requestOf(ctx, input), shown.wheel?.version ?? 0, decide(shown, rows), ctx.now);
      return await getWheel(ctx);
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'VERSION_CONFLICT') || Date.now() >= ctx.deadline) throw error;
    }
  }
}

export const setWheelConfig = (ctx: UserContext, input: z.output<typeof setConfig.input>): Promise<Wheel> =>
  changeWheel(ctx, input, ({ wheel }, rows) => {
    const { cost = null, dailyLimit = null } = input;
    const hasOwnPrizes = wheel?.hasOwnPrizes ?? 0;
    if (hasOwnPrizes === 1)
      requireNoMint(rows, wheel?.blankWeight ?? 0, costOf({ hasOwnPrizes, cost: cost ?? wheel?.cost ?? null }), 'cost');
    return { ...NO_CHANGE, cost, dailyLimit };
  });

export const resetFamilyPrizes = (ctx: UserContext, input: object): Promise<Wheel> =>
  changeWheel(ctx, input, () => ({ ...NO_CHANGE, hasOwnPrizes: false }));

type Given = z.output<typeof savePrizes.input>['prizes'][number];

/** Existing ids stay; a new prize gets an id that was never used. */
function toRow(ctx: UserContext, given: Given, index: number, id: number): FamilyPrizeRow {
  const { value, stockType, stock, kind, image } = given;
  if (value > 0 && kind !== 'virtual') throw fieldError(`prizes.${index}.value`, '只有虚拟奖品可以含积分');
  if (image !== '') requireOwnImage(ctx.userId, image, `prizes.${index}.image`);
  const { name, description, emoji, weight, isActive } = given;
  return { id, name, description, emoji, image, kind, points: value, weight, stock: stockType === 'limited' ? stock : -1, isActive };
}

/** Replaces the family's list of prizes and draws from it from now on. */
export async function saveFamilyPrizes(ctx: UserContext, input: z.output<typeof savePrizes.input>): Promise<Wheel> {
  const { version, prizes, blankWeight } = input;
  if (!prizes.some(({ isActive }) => isActive)) throw fieldError('prizes', '至少要有一个上架的奖品');
  const { wheel } = await readShown(ctx);
  const known = new Set((await selectFamilyPrizes(ctx.db, ctx)).map(({ id }) => id));
  const used = new Set<number>();
  let lastId = wheel?.lastPrizeId ?? 0;
  const rows = prizes.map((given, index) => {
    if (given.id !== undefined && (!known.has(given.id) || used.has(given.id))) throw fieldError(`prizes.${index}.id`, '没有这个奖品');
    if (given.id === undefined) lastId += 1;
    const id = given.id ?? lastId;
    used.add(id);
    return toRow(ctx, given, index, id);
  });
  const cost = costOf({ hasOwnPrizes: 1, cost: wheel?.cost ?? null });
  requireNoMint(rows, blankWeight ?? wheel?.blankWeight ?? 0, cost, 'prizes');
  const change = { ...NO_CHANGE, hasOwnPrizes: true, blankWeight: blankWeight ?? null, prizes: rows };
  await postWheel(ctx.db, ctx, requestOf(ctx, input), version, change, ctx.now);
  return getWheel(ctx);
}

const nothingToGive = () => new AppError('NOT_FOUND', { message: '没有这个待兑换的奖品' });

/** Marks a physical prize as handed over, or withdraws that. */
export async function redeemPrize(ctx: UserContext, input: z.output<typeof redeem.input>): Promise<{ draw: Draw }> {
  const { id, given } = input;
  await postRedemption(ctx.db, ctx, requestOf(ctx, input), { drawId: id, isGiven: given }, ctx.now).catch(
    instead('NOT_FOUND', nothingToGive),
  );
  const row = await selectDraw(ctx.db, ctx, id);
  if (row === null) throw nothingToGive();
  return { draw: toDraw(row) };
}
