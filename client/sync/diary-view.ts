import { clockTimeOf } from '../../shared/clock';
import { withParagraph } from '../../shared/diary/paragraph';
import { isBag } from '../platform/text';
import type { Diary, DiaryText, Pending, Stats } from '../types';
import type { Cache } from './cache';
import { type Entry, writesDiary } from './entry';
import type { Meta } from './meta';
import { concerns, type OwnChanges } from './own-changes';
import { statsOf } from './streak';

/** Local id of a diary that the server does not have yet, derived from its day. Below 0, so that it never equals a server id. */
const localDiaryId = (date: string): number => -Number(date.split('-').join(''));
const dateOfLocalId = (id: number): string => String(-id).replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');

export type Shown = Diary & Pending;

/** Filters days without reading their texts. */
export interface DayFilter {
  from?: string | undefined;
  /** Inclusive. */
  to?: string | undefined;
  isDraft?: boolean | undefined;
}

/** The diaries that this phone shows: the server's rows, overlaid by queued changes. */
export interface DiaryView {
  /** All rows up to the last sync are cached: a row that is not cached does not exist. */
  isComplete(): boolean;
  /** `evicted`: the diary exists and has to be fetched. */
  on(date: string): Shown | 'evicted' | null;
  /** The day of a diary; null when no cached row has this id. */
  dateOf(id: number): string | null;
  /** Overlays a row from outside the cache with the queued changes; null when they delete it. */
  over(row: Diary): Shown | null;
  /** Days with a diary, newest first. Rows are not read. */
  days(filter?: DayFilter): string[];
  /** Whether a row in that range could not be read: `days` may be wrong there. */
  hasUnknown(filter?: DayFilter): boolean;
  /** Whether a row in that range is not on this phone. */
  hasMissing(filter?: DayFilter): boolean;
  /** The server's version, or rev of the deletion, that the author of the day's change saw. */
  baseOf(date: string): number;
  /** The server's version for one below 0 that a page was given, where the server has given one; any other as it is. */
  serverVersionOf(date: string, version: number): number;
  /** This phone wrote the version. */
  isOwn(date: string, version: number): boolean;
  /** Whether this phone wrote the version, or a page has opened it. */
  isSeen(date: string, version: number): boolean;
  stats(today: string): Stats;
  /** Number of published days of a `YYYY-MM`. */
  publishedIn(month: string): number;
}

interface Parts {
  cache: Cache;
  meta(): Meta;
  /** Queued changes in order, oldest first. */
  changes(): readonly Entry[];
  isPending(entry: Entry): boolean;
  own: OwnChanges;
}

const rowOf = ({ cache }: Parts, date: string): Diary | 'evicted' | null => {
  const row = cache.get('diary', date)?.row;
  if (row === 'evicted') return 'evicted';
  return isBag(row) ? (row as unknown as Diary) : null;
};

/** A comment on the previous text is about an earlier version. */
const commentInfo = (base: Diary | null, content: string): Diary['aiCommentInfo'] => {
  const info = base?.aiCommentInfo ?? null;
  return info && { ...info, isForEarlierVersion: info.isForEarlierVersion || base?.content !== content };
};

const union = (before: readonly string[], added: unknown): string[] => [...new Set([...before, ...(Array.isArray(added) ? added : [])])];

/** Adds a queued addition below the text of the day, as the server will. */
function drawAppend(
  date: string,
  base: Diary | null,
  { args, version = 0, modifiedAt }: Pick<Entry, 'args' | 'version' | 'modifiedAt'> & { baseRev: number },
): Diary {
  const { content, mood, weather, images, tags, isDraft } = args as unknown as Partial<DiaryText>;
  const text = withParagraph(base?.content ?? '', clockTimeOf(new Date(modifiedAt)), content ?? '');
  return {
    id: base?.id ?? localDiaryId(date),
    date,
    content: text,
    mood: mood || (base?.mood ?? ''),
    moodOfDay: base?.moodOfDay ?? null,
    weather: weather || (base?.weather ?? ''),
    images: union(base?.images ?? [], images),
    tags: union(base?.tags ?? [], tags),
    isDraft: base?.isDraft ?? isDraft === true,
    aiComment: base?.aiComment ?? null,
    aiCommentInfo: commentInfo(base, text),
    aiImage: base?.aiImage ?? null,
    aiImageInfo: base?.aiImageInfo ?? null,
    version,
    createdAt: base?.createdAt ?? modifiedAt,
    updatedAt: modifiedAt,
  };
}

/** Applies one queued change. The version stays below 0 until the server has assigned one. */
function drawPut(
  parts: Parts,
  date: string,
  base: Diary | null,
  { type, args, baseRev = 0, version = baseRev, modifiedAt }: Entry,
): Diary | null {
  if (args.deleted === true || args.date !== date) return null;
  if (type === 'diary.append') return drawAppend(date, base, { args, baseRev, version, modifiedAt });
  const { movedFrom, ...text } = args as unknown as DiaryText & { movedFrom?: string };
  const moved = movedFrom === undefined ? base : rowOf(parts, movedFrom);
  const before = moved === 'evicted' ? null : moved;
  return {
    ...text,
    moodOfDay: base?.moodOfDay ?? null,
    id: before?.id ?? localDiaryId(date),
    aiComment: before?.aiComment ?? null,
    aiCommentInfo: commentInfo(before, text.content),
    aiImage: before?.aiImage ?? null,
    aiImageInfo: before?.aiImageInfo ?? null,
    version,
    createdAt: before?.createdAt ?? modifiedAt,
    updatedAt: modifiedAt,
  };
}

/** The mood of a day, as far as it came apart from the diary: queued, else of the cache. */
function moodOn({ cache, changes }: Parts, date: string, known: string | null): string | null {
  const queued = changes().filter(({ type, args }) => type === 'diary.recordMood' && args.date === date);
  const last = queued[queued.length - 1];
  if (last) return String(last.args.mood);
  const row = known === null ? cache.get('mood', date)?.row : null;
  return isBag(row) ? String(row.mood) : known;
}

function draw(parts: Parts, date: string, base: Diary | null, puts: readonly Entry[]): Shown | null {
  const drawn = puts.reduce<Diary | null>((before, put) => drawPut(parts, date, before, put), base);
  if (drawn === null) return null;
  const row = { ...drawn, moodOfDay: moodOn(parts, date, drawn.moodOfDay ?? null) };
  return puts.some(parts.isPending) ? { ...row, pending: true } : row;
}

function show(parts: Parts, date: string): Shown | 'evicted' | null {
  const puts = parts.changes().filter((entry) => concerns(entry, date));
  const row = rowOf(parts, date);
  if (row === 'evicted') return puts.length === 0 ? 'evicted' : draw(parts, date, null, puts);
  return draw(parts, date, row, puts);
}

/** Dates whose state a queued change alters; null: no diary any more. */
function overlay(parts: Parts): Map<string, { isDraft: boolean } | null> {
  const states = new Map<string, { isDraft: boolean } | null>();
  for (const { type, args } of parts.changes()) {
    if (!writesDiary(type)) continue;
    if (type === 'diary.append') {
      const before = states.get(String(args.date)) ?? parts.cache.get('diary', String(args.date))?.row;
      states.set(String(args.date), { isDraft: isBag(before) ? before.isDraft === true : args.isDraft === true });
      continue;
    }
    if (args.movedFrom !== undefined) states.set(String(args.movedFrom), null);
    states.set(String(args.date), args.deleted === true ? null : { isDraft: args.isDraft === true });
  }
  return states;
}

/** The days of a filter, newest first: from keys, marks and the queue, without reading rows. */
function daysOf(parts: Parts, { from = '', to = '9999', isDraft }: DayFilter = {}): string[] {
  const { cache } = parts;
  const queued = overlay(parts);
  const isWanted = (date: string): boolean => {
    const state = queued.get(date);
    if (state !== undefined) return state !== null && (isDraft === undefined || state.isDraft === isDraft);
    const mark = cache.markOf(date);
    if (mark === 'deleted') return false;
    return isDraft === undefined || mark === 'unknown' || (mark === 'draft' || mark === 'evicted-draft') === isDraft;
  };
  const cached = cache.keys('diary');
  const added = [...queued.keys()].filter((date) => cache.get('diary', date) === null);
  const all = added.length > 0 ? [...cached, ...added].sort() : cached;
  const days: string[] = [];
  for (let index = all.length - 1; index >= 0; index -= 1) {
    const date = all[index] ?? '';
    if (date <= to && date >= from && isWanted(date)) days.push(date);
  }
  return days;
}

function dateOfId(parts: Parts, id: number): string | null {
  if (id < 0) return dateOfLocalId(id);
  for (const date of daysOf(parts)) {
    const row = show(parts, date);
    if (row !== null && row !== 'evicted' && row.id === id) return date;
  }
  return null;
}

/** The server's version under the queued changes of a day, or the rev of its deletion. */
function baseOf(parts: Parts, date: string): number {
  const puts = parts.changes().filter((entry) => concerns(entry, date));
  const last = puts[puts.length - 1];
  if (last) return last.args.date === date ? (last.baseRev ?? 0) : 0;
  const known = parts.cache.get('diary', date);
  if (!known) return 0;
  return isBag(known.row) ? (known.row as unknown as Diary).version : known.rev;
}

export function openDiaryView(parts: Parts): DiaryView {
  const { cache, meta, own } = parts;
  const isOwn = (date: string, version: number): boolean =>
    version < 0 || own.editOf(date, version) !== null || cache.get('diary', date)?.own === version;
  return {
    isComplete: () => meta().complete,
    on: (date) => show(parts, date),
    dateOf: (id) => dateOfId(parts, id),
    over: (row) => {
      const puts = parts.changes().filter((entry) => concerns(entry, row.date));
      return draw(parts, row.date, row, puts);
    },
    days: (filter) => daysOf(parts, filter),
    hasUnknown: ({ from = '', to = '9999' } = {}) => cache.missing(/unknown/).some((date) => date >= from && date <= to),
    baseOf: (date) => baseOf(parts, date),
    hasMissing: ({ from = '', to = '9999' } = {}) => cache.missing(/unknown|evicted/).some((date) => date >= from && date <= to),
    serverVersionOf: (date, version) => {
      const row = cache.get('diary', date);
      return row?.own !== undefined && row.ownEdit === version ? row.own : own.serverVersionOf(version);
    },
    isOwn,
    isSeen: (date, version) => isOwn(date, version) || own.wasOpened(date, version),
    stats: (today) => statsOf(daysOf(parts, { isDraft: false }).reverse(), today),
    publishedIn: (month) => daysOf(parts, { isDraft: false, from: `${month}-01`, to: `${month}-31` }).length,
  };
}
