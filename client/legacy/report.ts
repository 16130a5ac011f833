import type { Grant, ImportDay } from '../../shared/sync/contract';
import type { MigrationReport } from '../types';
import { fileOf, imagesOf, picturesIn } from './pictures';
import type { Move } from './progress';
import { MAX_URL } from './read-old-keys';
import { asSent, dayKey, type ItemKind, itemKey } from './send';
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
  const isSent = ([day, url]: [ImportDay, string]): boolean => imagesOf(move, day).includes(fileOf(move, url));
  return {
    uploaded: Object.values(progress.pictures).filter((file) => file !== '').length,
    kept: all.filter((each) => isSent(each) && fileOf(move, each[1]) === each[1]).length,
    // Cut: a data: url holds the whole picture.
    missing: all.filter((each) => !isSent(each)).map(([{ date }, url]) => ({ date, url: url.slice(0, MAX_URL) })),
  };
}

export function reportOf(move: Move, { lost, grant }: Ending): MigrationReport {
  const { harvest, progress } = move;
  const days = harvest.days.map((day) => asSent(move, day));
  const withStatus = (status: string): ImportDay[] => days.filter((day) => (progress.done[dayKey(day)]?.status ?? 'invalid') === status);
  const invalid = withStatus('invalid');
  const { claimed, found } = harvest;
  return {
    textsIn: harvest.texts,
    daysOut: new Set(days.filter((day) => isTaken(move, day)).map(({ date }) => date)).size,
    merged: harvest.merged,
    imported: withStatus('imported').length,
    same: withStatus('same').length,
    keptServer: withStatus('kept-server').map(({ date }) => date),
    invalid: [
      ...invalid.map((day) => ({ date: day.date, reason: progress.done[dayKey(day)]?.reason ?? '' })),
      ...Array.from({ length: harvest.undated }, () => ({ date: '', reason: '日期无法识别' })),
    ],
    lost,
    pictures: countPictures(move),
    tasks: countItems(move, 'tasks'),
    templates: countItems(move, 'rules'),
    draws: countItems(move, 'draws'),
    points: { claimed, granted: grant?.granted ?? 0, balance: grant?.balance ?? 0, found },
    keptOnPhone: harvest.keptOnPhone,
    // A day that the server can never take does not keep the migration open; one that it may still take does.
    verified: lost === 0 && invalid.every(({ date }) => date < FIRST_DAY),
  };
}
