import type { ImportDay, VerifyInput, VerifyOutput } from '../../shared/import/contract';
import { contentHash, xorHashes } from '../../shared/sync/content-hash';
import { maxVerifyDays, maxVerifyMonths } from '../../shared/sync/limits';
import type { Here } from '../account/here';
import type { Move } from './progress';
import { asSent, chunksOf, dayKey, sendDays } from './send';

const verify = ({ call }: Here, input: VerifyInput): Promise<VerifyOutput> => call('sync', 'verify', input);

/** Whether the server took the day, as its answer said. */
export const isTaken = ({ progress }: Pick<Move, 'progress'>, day: ImportDay): boolean =>
  (progress.done[dayKey(day)]?.status ?? 'invalid') !== 'invalid';

function byMonth(days: readonly ImportDay[]): Map<string, ImportDay[]> {
  const months = new Map<string, ImportDay[]>();
  for (const day of days) months.set(day.date.slice(0, 7), (months.get(day.date.slice(0, 7)) ?? []).concat(day));
  return months;
}

/** The taken days of months whose checksum differs. */
async function doubtfulDays(move: Move): Promise<ImportDay[]> {
  const months = byMonth(move.harvest.days.map((day) => asSent(move, day)).filter((day) => isTaken(move, day)));
  const doubtful: ImportDay[] = [];
  for (const chunk of chunksOf([...months.keys()], maxVerifyMonths)) {
    const asked = chunk.map((month) => {
      const days = months.get(month) ?? [];
      return { month, count: days.length, xor: xorHashes(days.map(contentHash)) };
    });
    const answer = await verify(move.here, { months: asked });
    for (const { month, same } of answer.months) if (!same) doubtful.push(...(months.get(month) ?? []));
  }
  return doubtful;
}

/** The days of which the server has something else or nothing: compared by month first, then one by one. */
async function differingDays(move: Move): Promise<ImportDay[]> {
  const different: ImportDay[] = [];
  for (const chunk of chunksOf(await doubtfulDays(move), maxVerifyDays)) {
    const { days } = await verify(move.here, { days: chunk.map((day) => ({ date: day.date, hash: contentHash(day) })) });
    different.push(...chunk.filter((_, index) => days[index]?.status !== 'same' && days[index]?.status !== 'kept-server'));
  }
  return different;
}

/** Compares every day with the server and sends again what differs, once. Answers how many still differ. */
export async function verifyDays(move: Move): Promise<number> {
  const { progress, tell } = move;
  tell('verifying', 0, 1);
  let different = await differingDays(move);
  if (different.length > 0) {
    for (const day of different) delete progress.done[dayKey(day)];
    await sendDays(move);
    different = await differingDays(move);
  }
  tell('verifying', 1, 1);
  return different.length;
}
