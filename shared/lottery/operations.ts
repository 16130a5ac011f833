import { randomInt } from 'node:crypto';
import type * as z from 'zod';
import { AppError, fieldError, instead } from '../errors';
import { cutPage, windowOf } from '../paging';
import { operatorRequestOf } from '../request';
import { config } from '../runtime/config';
import type { OperatorContext, UserContext } from '../runtime/context';
import { Moved } from '../runtime/mysql';
import type { Draw, Prize, prizes, records, savePrize } from './contract';
import { type Chance, isEmpty, losingTicks, pick, TICKS } from './pick';
import { postDraw, postPrize, selectActivePrizes, selectDraws, toChance, toPrize } from './queries';
import { type DrawRow, toDraw } from './row';

export async function listPrizes(ctx: UserContext): Promise<z.input<typeof prizes.output>> {
  const { rows } = await selectActivePrizes(ctx.db, ctx);
  return {
    cost: config().lotteryCost,
    prizes: rows.map(toPrize),
    noPrizeProbability: losingTicks(rows.map(toChance)) / TICKS,
  };
}

interface Odds {
  prizes: Chance[];
  fingerprint: Buffer;
}

/** The odds of the last draw in this process. They are never trusted: a posting refuses a pick from odds that no longer stand. */
let lastOdds: Odds | null = null;

async function readOdds(ctx: UserContext): Promise<Odds> {
  const { rows, fingerprint } = await selectActivePrizes(ctx.db, ctx);
  lastOdds = { prizes: rows.map(toChance), fingerprint };
  return lastOdds;
}

/** One draw. The roll is made once, before any retry: a repeated request answers the draw it made and is no second chance. */
export async function drawPrize(ctx: UserContext): Promise<{ draw: Draw; points: number }> {
  const roll = randomInt(TICKS);
  const { balance, ...row } = await postPick(ctx, roll);
  return { draw: toDraw(row), points: balance };
}

async function postPick(ctx: UserContext, roll: number): Promise<DrawRow & { balance: number }> {
  let odds = lastOdds ?? (await readOdds(ctx));
  for (;;) {
    const { prizes, fingerprint } = odds;
    const posting = { cost: config().lotteryCost, roll, prizeId: pick(prizes, roll)?.id ?? null, isEmpty: isEmpty(prizes), fingerprint };
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
  const found = await selectDraws(ctx.db, ctx, window);
  const { rows, info } = cutPage(found.rows, found.total, window, (row) => row.id);
  return { records: rows.map(toDraw), ...info };
}

/** Makes a prize, or changes what is given of one. */
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
