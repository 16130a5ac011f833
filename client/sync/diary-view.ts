import { isBag } from '../platform/text';
import type { Diary, DiaryText, Pending, Stats } from '../types';
import type { Cache } from './cache';
import type { Meta } from './meta';
import type { Entry } from './outbox';

/** A diary the server has not seen is known by its day: below 0, so that no real id meets it. */
const localDiaryId = (date: string): number => -Number(date.split('-').join(''));
const dateOfLocalId = (id: number): string => String(-id).replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');

export type Shown = Diary & Pending;

/** The diaries this phone shows: the server's rows, with what waits to be sent drawn over them. */
export interface DiaryView {
  /** Every row up to the last sync is here: what is not here does not exist. */
  isComplete(): boolean;
  /** `evicted`: there is one, and it has to be fetched. */
  on(date: string): Shown | 'evicted' | null;
  /** The day a diary belongs to; null when no row here has this id. */
  dateOf(id: number): string | null;
  /** Draws the queue over a row that came past the cache; null when it is to be deleted. */
  over(row: Diary): Shown | null;
  /** All of them, newest first. */
  all(): (Shown | { date: string; isEvicted: true })[];
  /** What the next version is based on: the version seen (under one's own queued text, too), or the rev of the deletion seen. */
  baseOf(date: string): number;
  stats(today: string): Stats | null;
}

const isPutOf =
  (date: string) =>
  ({ type, args }: Entry): boolean =>
    type === 'diary.put' && args.date === date;

/** A comment on the text that stood before is about an earlier version. */
const commentInfo = (base: Diary | null, content: string): Diary['aiCommentInfo'] => {
  const info = base?.aiCommentInfo ?? null;
  return info && { ...info, isForEarlierVersion: info.isForEarlierVersion || base?.content !== content };
};

/** The version stays the one its author saw: what came since lies hidden under their text. */
function put(base: Diary | null, { args, baseRev = 0, modifiedAt }: Entry): Diary | null {
  if (args.deleted === true) return null;
  const text = args as unknown as DiaryText;
  return {
    ...text,
    id: base?.id ?? localDiaryId(text.date),
    aiComment: base?.aiComment ?? null,
    aiCommentInfo: commentInfo(base, text.content),
    aiImage: base?.aiImage ?? null,
    aiImageInfo: base?.aiImageInfo ?? null,
    version: baseRev,
    createdAt: base?.createdAt ?? modifiedAt,
    updatedAt: modifiedAt,
  };
}

const DAY_MS = 86_400_000;
const nextDay = (day: string, days = 1): string => new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** `dates` in order, oldest first. */
function streaks(dates: readonly string[], today: string): Stats {
  let run = 0;
  let longest = 0;
  let last: string | null = null;
  for (const date of dates) {
    run = last !== null && nextDay(last) === date ? run + 1 : 1;
    longest = Math.max(longest, run);
    last = date;
  }
  const isAlive = last !== null && last >= nextDay(today, -1);
  return { totalDiaries: dates.length, continuousDays: isAlive ? run : 0, longestStreak: longest, lastDiaryDate: last };
}

interface Parts {
  cache: Cache;
  meta(): Meta;
  /** Changes to be drawn over the rows, oldest first. */
  changes(): readonly Entry[];
  isPending(entry: Entry): boolean;
}

export function openDiaryView({ cache, meta, changes, isPending }: Parts): DiaryView {
  const draw = (base: Diary | null, puts: readonly Entry[]): Shown | null => {
    const row = puts.reduce(put, base);
    return row && puts.some(isPending) ? { ...row, pending: true } : row;
  };

  const show = (date: string, puts: readonly Entry[]): Shown | 'evicted' | null => {
    const row = cache.get('diary', date)?.row ?? null;
    if (row === 'evicted' && puts.length === 0) return 'evicted';
    return draw(isBag(row) ? (row as unknown as Diary) : null, puts);
  };

  const on = (date: string): Shown | 'evicted' | null => show(date, changes().filter(isPutOf(date)));

  const all: DiaryView['all'] = () => {
    const puts = new Map<string, Entry[]>(cache.keys('diary').map((date) => [date, []]));
    for (const entry of changes()) {
      if (entry.type !== 'diary.put') continue;
      const date = String(entry.args.date);
      puts.set(date, [...(puts.get(date) ?? []), entry]);
    }
    const shown: ReturnType<DiaryView['all']> = [];
    for (const date of [...puts.keys()].sort().reverse()) {
      const row = show(date, puts.get(date) ?? []);
      if (row) shown.push(row === 'evicted' ? { date, isEvicted: true } : row);
    }
    return shown;
  };

  const isComplete = (): boolean => meta().complete;

  return {
    isComplete,
    on,
    all,
    dateOf: (id) => (id < 0 ? dateOfLocalId(id) : (all().find((row) => 'id' in row && row.id === id)?.date ?? null)),
    over: (row) => draw(row, changes().filter(isPutOf(row.date))),
    baseOf: (date) => {
      const last = changes().filter(isPutOf(date)).pop();
      if (last) return last.baseRev ?? 0;
      const known = cache.get('diary', date);
      if (!known) return 0;
      return isBag(known.row) ? (known.row as unknown as Diary).version : known.rev;
    },
    stats: (today) => {
      const { user } = meta();
      const rows = all();
      if (isComplete() && rows.every((row) => 'id' in row)) {
        const published = rows.filter((row) => 'id' in row && !row.isDraft);
        return streaks(published.map(({ date }) => date).reverse(), today);
      }
      if (!user) return null;
      const { totalDiaries, continuousDays, longestStreak, lastDiaryDate } = user;
      return { totalDiaries, continuousDays, longestStreak, lastDiaryDate };
    },
  };
}
