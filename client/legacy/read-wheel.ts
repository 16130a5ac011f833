import type { ImportDraw, ImportPrize } from '../../shared/import/contract';
import { maxImportPrizes } from '../../shared/sync/limits';
import { isBag } from '../platform/text';
import { type Fate, named, UNREADABLE } from './harvest';
import { firstOf, instantOf, padded, textOf } from './old-values';
import { isLink } from './picture-url';

const linked = (url: string): string | undefined => (isLink(url) ? url : undefined);

/** Noon of the day where only that is known. */
const noonOf = (value: unknown): number | null => {
  const [, month, day, year] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})/.exec(textOf(value)) ?? [];
  const date = year === undefined ? padded(value) : padded(`${year}-${month}-${day}`);
  return date === null ? null : Date.parse(`${date}T12:00:00`);
};

/** Draws with the description of their prize, as far as the list of prizes still has it. */
export function readDraws(records: readonly unknown[], prizes: readonly unknown[]): { draws: ImportDraw[]; fates: Fate[] } {
  const draws: ImportDraw[] = [];
  const descriptionOf = (id: unknown, name: unknown): string =>
    textOf(prizes.filter(isBag).find((prize) => prize.id === id && prize.name === name)?.description);
  const fates = records.map((record): Fate => {
    if (!isBag(record)) return named('抽奖记录', UNREADABLE);
    const at = firstOf([record.timestamp, record.date, record.id], instantOf) ?? noonOf(record.date);
    if (at === null || textOf(record.prizeName).trim() === '') return named('抽奖记录', '没有时间或奖品名，留在手机里');
    const description = textOf(record.prizeDescription) || descriptionOf(record.prizeId, record.prizeName);
    const image = linked(textOf(record.prizeImage));
    const item: ImportDraw = {
      key: textOf(record.id).slice(0, 64) || String(at),
      prizeName: textOf(record.prizeName),
      ...(image && { prizeImage: image }),
      ...(textOf(record.prizeEmoji) && { prizeEmoji: textOf(record.prizeEmoji).slice(0, 32) }),
      ...(description && { prizeDescription: description.slice(0, 2_000) }),
      drawnAt: new Date(at).toISOString(),
    };
    draws.push(item);
    return { to: 'item', kind: 'draws', item };
  });
  return { draws, fates };
}

export function readPrizes(list: readonly unknown[]): { prizes: ImportPrize[]; fates: Fate[] } {
  const prizes: ImportPrize[] = [];
  const fates = list.map((prize): Fate => {
    if (!isBag(prize) || textOf(prize.name).trim() === '') return named('奖品', UNREADABLE);
    if (prizes.length === maxImportPrizes) return named('奖品', `最多 ${maxImportPrizes} 个，多出的留在手机里`);
    const image = linked(textOf(prize.image ?? prize.imageUrl));
    const item: ImportPrize = {
      key: textOf(prize.id).slice(0, 64) || '-',
      name: textOf(prize.name),
      ...(textOf(prize.description) && { description: textOf(prize.description) }),
      ...(textOf(prize.emoji) && { emoji: textOf(prize.emoji).slice(0, 32) }),
      ...(image && { image }),
      weight: typeof prize.probability === 'number' && Number.isFinite(prize.probability) ? prize.probability : 1,
    };
    prizes.push(item);
    return { to: 'item', kind: 'prizes', item };
  });
  return { prizes, fates };
}
