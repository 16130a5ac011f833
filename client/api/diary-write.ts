import type { Here } from '../account/here';
import { GrowthDiaryError, invalid, refusal } from '../platform/error';
import { toId } from '../platform/id';
import { given, toInstant } from '../platform/text';
import type { Shown } from '../sync/diary-view';
import { nameOf } from '../sync/entry';
import { moodsOf } from '../sync/mood-view';
import type { Outcome } from '../sync/waiters';
import type { Diary, DiaryText, GrowthDiary, Pending, Stats, WrittenDiary } from '../types';
import { amountOf, appliedRow, requireApplied } from './applied';
import { findDiary } from './diary-find';
import { normalised, requireWritable, textOf } from './diary-text';

type Api = GrowthDiary['diary'];

/** What the author of a change has seen of that day: the server's version, and this phone's own latest mutation. */
interface Base {
  baseRev: number;
  prev: number;
}

const NOTHING_SEEN: Base = { baseRev: 0, prev: 0 };

const statsIn = ({ user: { totalDiaries, continuousDays, longestStreak, lastDiaryDate } }: Outcome): Stats => ({
  totalDiaries,
  continuousDays,
  longestStreak,
  lastDiaryDate,
});

/** The change is based on what this phone shows. */
const onTop = ({ diaries, own }: Here, date: string, version: number): Base => ({
  baseRev: Math.max(diaries.baseOf(date), version),
  prev: own.lastMidOf(date),
});

interface Wish {
  base: Base;
  /** The day that the diary is moved away from. */
  movedFrom?: string;
  /** The conflict copy that this text resolves. */
  conflictId?: string;
}

/** Writes one day, based on the version that its author saw. */
async function writeDay(here: Here, wanted: DiaryText, { base, movedFrom, conflictId }: Wish): Promise<WrittenDiary> {
  requireWritable(wanted);
  const text = normalised(wanted);
  const outcome = await here.submit({
    type: 'diary.put',
    args: { ...text, ...(movedFrom !== undefined && { movedFrom }) },
    ...base,
    ...(conflictId !== undefined && { replaces: ['conflict', conflictId] }),
  });
  return writtenBy(here, text.date, outcome);
}

/** The result of writing a day: the server's, or what this phone shows while the change is pending. */
function writtenBy(here: Here, date: string, outcome: Outcome | null): WrittenDiary {
  const shown = here.diaries.on(date);
  if (outcome === null) {
    if (shown === null || shown === 'evicted') throw refusal('INTERNAL');
    return { diary: shown, stats: here.diaries.stats(here.today()), reward: null, pending: true };
  }
  const diary = appliedRow<Diary>(outcome, shown === 'evicted' ? null : shown);
  const points = amountOf(here, 1, 'diary', diary.id, outcome.result.points);
  return { diary, stats: statsIn(outcome), reward: points > 0 ? { points, balance: outcome.result.points ?? 0 } : null };
}

/** Keeps a text that a page wrote over a stale version, beside the current one. A text that continues a kept one replaces it. */
function keepStaleText({ copies, phone }: Here, text: DiaryText, current: Shown): void {
  const at = toInstant(phone.now());
  const entry = {
    type: 'diary.put' as const,
    args: { ...text },
    policy: phone.conflictPolicy,
    modifiedAt: at,
    clientId: 'page',
    mid: phone.now(),
  };
  while (copies.get('conflict', nameOf(entry))) entry.mid += 1;
  const earlier = copies.list('conflict').filter(
    ([
      ,
      {
        entry: { clientId, args },
      },
    ]) => clientId === 'page' && args.date === text.date && text.content.startsWith(String(args.content)),
  );
  copies.keep('conflict', { entry, result: { mid: entry.mid, status: 'conflict', row: current }, at, attended: true });
  for (const [id] of earlier) copies.drop('conflict', id);
  phone.changed();
}

/**
 * What the page that passes `version` has seen. When the version is older than this phone's own later change, the write is refused and its text
 * kept in `sync.conflicts()`. When another phone made a later change, the server decides.
 */
function baseOf(here: Here, there: Shown, given: number | string, text: DiaryText | null): Base {
  const { diaries } = here;
  const seen = diaries.serverVersionOf(there.date, toId(given, 'version'));
  const shown = diaries.serverVersionOf(there.date, there.version);
  if (seen === shown) return onTop(here, there.date, there.version);
  const isBehind = shown < 0 || seen < shown;
  if (isBehind && diaries.isOwn(there.date, shown)) {
    if (text) keepStaleText(here, text, there);
    throw new GrowthDiaryError('VERSION_CONFLICT', { details: { current: there } });
  }
  return { baseRev: Math.max(seen, 0), prev: 0 };
}

const requireThere = async (here: Here, key: Parameters<typeof findDiary>[1]): Promise<Shown> => {
  const there = await findDiary(here, key);
  if (there === null) throw refusal('NOT_FOUND');
  return there;
};

/** Adds a text to a day under its time. It needs no version and cannot conflict. */
export async function appendToDay(
  here: Here,
  { date = here.today(), content, ...fields }: Parameters<Api['append']>[0],
): Promise<WrittenDiary> {
  if (content.trim() === '') throw invalid('content', '写点内容吧');
  const { baseRev, prev } = onTop(here, date, 0);
  const outcome = await here.submit({ type: 'diary.append', args: { date, content, ...given(fields) }, baseRev, prev });
  return writtenBy(here, date, outcome);
}

/** Writes a new day, or continues its draft. A draft of another phone counts as seen only after a page has opened it. */
export async function createDay(here: Here, { date, content, ...fields }: Parameters<Api['create']>[0]): Promise<WrittenDiary> {
  if (!here.diaries.isComplete()) await here.refresh();
  const there = here.diaries.on(date) === null ? null : await findDiary(here, { date });
  if (there && !there.isDraft) throw refusal('DIARY_EXISTS', { diary: { id: there.id, version: there.version } });
  const blank = { mood: moodsOf(here).get(date) ?? '', weather: '', images: [], tags: [] };
  const text = { ...blank, ...(there && textOf(there)), isDraft: false, ...given(fields), date, content };
  const isSeen = there === null || here.diaries.isSeen(date, there.version);
  return writeDay(here, text, { base: isSeen ? onTop(here, date, there?.version ?? 0) : NOTHING_SEEN });
}

export async function updateDay(here: Here, { version, ...input }: Parameters<Api['update']>[0]): Promise<WrittenDiary> {
  if (version === undefined) throw invalid('version', '请带上读到的 version');
  const there = await requireThere(here, 'id' in input ? { id: input.id } : { date: input.date });
  const { id: _, ...fields } = { id: 0, ...input };
  const text: DiaryText = { ...textOf(there), ...given(fields) };
  if (text.date === there.date) return writeDay(here, text, { base: baseOf(here, there, version, text) });
  const target = here.diaries.on(text.date);
  if (target) throw refusal('DIARY_EXISTS', { diary: target === 'evicted' ? {} : { id: target.id, version: target.version } });
  return writeDay(here, text, { base: baseOf(here, there, version, text), movedFrom: there.date });
}

export async function deleteDay(
  here: Here,
  { version, ...key }: Parameters<Api['delete']>[0],
): Promise<{ id: number; deleted: true; stats: Stats } & Pending> {
  const there = await requireThere(here, key);
  const { date, id } = there;
  const base = version === undefined ? onTop(here, date, there.version) : baseOf(here, there, version, null);
  const outcome = await here.submit({ type: 'diary.put', args: { date, deleted: true }, ...base });
  if (outcome === null) return { id, deleted: true, stats: here.diaries.stats(here.today()), pending: true };
  requireApplied(outcome);
  return { id, deleted: true, stats: statsIn(outcome) };
}

/** Writes the text chosen to resolve a conflict; `theirs` is the server's text that its author compared it with. */
export function writeResolved(here: Here, text: DiaryText, theirs: Diary | null, conflictId: string): Promise<WrittenDiary> {
  const { date } = text;
  const baseRev = theirs && theirs.version > 0 ? theirs.version : here.diaries.baseOf(date);
  return writeDay(here, text, { base: { baseRev, prev: here.own.lastMidOf(date) }, conflictId });
}
