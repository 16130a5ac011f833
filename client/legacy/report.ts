import type { Grant } from '../../shared/import/contract';
import type { MigrationReport } from '../types';
import type { ItemKind, PhoneDay } from './harvest';
import { isWhole, notesOf, tallyOf, whyGranted } from './notes';
import { cutUrl } from './picture-url';
import { fileOf, imagesOf, picturesIn } from './pictures';
import type { Move } from './progress';
import { asSent, dayKey, itemKey } from './send';
import { isTaken } from './verify';

/** The server takes no diary of before. */
const FIRST_DAY = '2000-01-01';

interface Ending {
  /** Days that differ from the server's. */
  lost: number;
  grant: Grant | undefined;
}

type Counted = { imported: number; invalid: number };

function countItems({ harvest, progress }: Move, kind: ItemKind): Counted {
  const invalid = harvest[kind].filter((item) => progress.done[itemKey(kind, item)]?.status === 'invalid').length;
  return { imported: harvest[kind].length - invalid, invalid };
}

function countPictures(move: Move): MigrationReport['pictures'] {
  const { harvest, progress } = move;
  const all = picturesIn(harvest.days);
  const isSent = ([day, url]: [PhoneDay, string]): boolean => imagesOf(move, day).includes(fileOf(move, url));
  return {
    uploaded: Object.values(progress.pictures).filter((file) => file !== '').length,
    kept: all.filter((each) => isSent(each) && fileOf(move, each[1]) === each[1]).length,
    missing: all.filter((each) => !isSent(each)).map(([{ date }, url]) => ({ date, url: cutUrl(url) })),
  };
}

export function reportOf(move: Move, { lost, grant }: Ending): MigrationReport {
  const { harvest, progress } = move;
  const outcomeOf = (day: PhoneDay): string => progress.done[dayKey(asSent(move, day))]?.status ?? 'invalid';
  const withStatus = (status: string): PhoneDay[] => harvest.days.filter((day) => outcomeOf(day) === status);
  const invalid = withStatus('invalid');
  const { claimed, found, otherChildren } = harvest;
  const pictures = countPictures(move);
  const accounts = tallyOf(move);
  return {
    textsIn: harvest.texts,
    daysOut: new Set(harvest.days.filter((day) => isTaken(move, asSent(move, day))).map(({ date }) => date)).size,
    merged: harvest.merged,
    imported: withStatus('imported').length,
    same: withStatus('same').length,
    keptServer: withStatus('kept-server')
      .filter(({ role }) => role === 'day' || role === 'page')
      .map(({ date }) => date),
    invalid: [
      ...invalid.map((day) => ({ date: day.date, reason: progress.done[dayKey(asSent(move, day))]?.reason ?? '' })),
      ...Array.from({ length: harvest.undated }, () => ({ date: '', reason: '日期无法识别' })),
    ],
    lost,
    pictures,
    tasks: countItems(move, 'tasks'),
    templates: countItems(move, 'rules'),
    draws: countItems(move, 'draws'),
    moods: countItems(move, 'moods'),
    prizes: countItems(move, 'prizes'),
    points: {
      claimed,
      explained: grant?.explained ?? 0,
      granted: grant?.granted ?? 0,
      waiting: grant?.waiting ?? 0,
      balance: grant?.balance ?? 0,
      why: grant ? whyGranted(claimed, grant) : '搬家核对完成后再发放',
      found,
    },
    notes: notesOf(move, grant, pictures.missing.length),
    accounts,
    otherChildren,
    keptOnPhone: accounts.filter(({ named }) => named > 0).map(({ key }) => key),
    // A day that the server can never take does not keep the migration open; one that it may still take does.
    verified: lost === 0 && isWhole(accounts) && invalid.every(({ date }) => date < FIRST_DAY),
  };
}
