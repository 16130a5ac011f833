import { randomInt } from 'node:crypto';
import type * as z from 'zod';
import { addDays, startOfDay } from '../clock';
import { AppError, fieldError, instead } from '../errors';
import { cutPage, windowOf } from '../paging';
import { operatorRequestOf } from '../request';
import type { OperatorContext, UserContext } from '../runtime/context';
import { Moved } from '../runtime/mysql';
import type { Draw, Prize, prizes, records, savePrize } from './contract';
import { knownOdds, readOdds, readShown } from './odds';
import { isEmpty, losingTicks, pick, TICKS, ticksOf } from './pick';
import { postDraw, postPrize, selectDraws, toPrize } from './queries';
import { type DrawRow, toDraw } from './row';

export { getWheel, redeemPrize, resetFamilyPrizes, saveFamilyPrizes, setWheelConfig } from './family';

export async function listPrizes(ctx: UserContext): Promise<z.input<typeof prizes.output>> {
  const { source, cost, prizes: shown } = await readShown(ctx);
  const chances = shown.map(({ id, probability, stock }) => ({ id, ticks: ticksOf(probability), isSoldOut: stock === 0 }));
  return { isFamily: source === 'family', cost, prizes: shown, noPrizeProbability: losingTicks(chances) / TICKS };
}

/** One draw. The roll is made once, before any retry: a replay answers the first draw and does not roll again. */
export async function drawPrize(ctx: UserContext): Promise<{ draw: Draw; points: number }> {
  const roll = randomInt(TICKS);
  const { balance, ...row } = await postPick(ctx, roll);
  return { draw: toDraw(row), points: balance };
}

async function postPick(ctx: UserContext, roll: number): Promise<DrawRow & { balance: number }> {
  let odds = knownOdds(ctx.userId) ?? (await readOdds(ctx));
  for (;;) {
    const { prizes, ...rest } = odds;
    const prizeId = pick(prizes, roll)?.id ?? null;
    const posting = { ...rest, roll, prizeId, isEmpty: isEmpty(prizes), dayStart: startOfDay(ctx.today) };
    try {
      return await postDraw(ctx.db, ctx, ctx.requestId, posting, ctx.now);
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      if (Date.now() >= ctx.deadline) throw new AppError('UNAVAILABLE', { cause: error });
      odds = await readOdds(ctx);
    }
  }
}

export async function listDraws(ctx: UserContext, input: z.output<typeof records.input>): Promise<z.input<typeof records.output>> {
  const window = windowOf(input);
  const { type, from, to } = input;
  const filter = {
    onlyWins: type === 'win',
    from: from === undefined ? null : startOfDay(from),
    until: to === undefined ? null : startOfDay(addDays(to, 1)),
  };
  const found = await selectDraws(ctx.db, ctx, filter, window);
  const { rows, info } = cutPage(found.rows, filter.onlyWins ? found.wins : found.total, window, (row) => row.id);
  const winRate = found.total === 0 ? 0 : Math.round((found.wins / found.total) * 10_000) / 10_000;
  const totals = { totalDraws: found.total, totalWins: found.wins, winRate };
  return { records: rows.map(toDraw), ...info, ...(window.before === null && totals) };
}

/** Creates a prize, or changes the given fields of one. */
export async function storePrize(ctx: OperatorContext, input: z.output<typeof savePrize.input>): Promise<{ prize: Prize }> {
  const {
    id = null,
    name = null,
    description = null,
    imageUrl = null,
    probability = null,
    stock = null,
    points = null,
    isActive = null,
  } = input;
  if (id === null && name === null) throw fieldError('name', '必填');
  if (id === null && probability === null) throw fieldError('probability', '必填');
  const prize = { id, name, description, imageUrl, probability, stock, points, isActive };
  const row = await postPrize(ctx.db, operatorRequestOf(ctx, input), prize, ctx.now).catch(
    instead('INVALID_INPUT', () => fieldError('probability', '上架奖品的概率之和不能超过 1')),
  );
  return { prize: toPrize(row) };
}
