import { contentHash, normaliseLine, normaliseText, normaliseWritten, type Written } from '../../shared/sync/content-hash';
import { type Bag, isBag } from '../platform/text';
import { type Fate, type Harvest, KNOWN, named, type PhoneDay, type Remark, UNREADABLE } from './harvest';
import { joined } from './join-texts';
import { bagOf, firstOf, instantOf, lineOf, listOf, localDay, padded, textOf } from './old-values';

/** One entry of the former version. */
export interface Note {
  text: Written;
  /** It was in the drafts; a page without words counts as the draft of its day only where nothing was published. */
  wasDraft: boolean;
  at: number | null;
  updatedAt: number | null;
  ai: { comment: string; at: number | null; isLiked: boolean } | null;
}

/** What the new version wrote into the old keys is on the server already, unless the old version changed it since. */
export const isOurs = (entry: Bag, text: Written): boolean => typeof entry.cloudHash === 'string' && entry.cloudHash === contentHash(text);

const hasWords = ({ text }: Note): boolean => text.content.trim() !== '';

const isBlank = ({ content, mood, weather, images, tags }: Written): boolean =>
  content.trim() === '' && mood === '' && weather === '' && images.length === 0 && tags.length === 0;

const writtenAt = (raw: Bag): number | null => firstOf([raw.createTime, raw.id, raw.updateTime], instantOf);

/** An entry of the former version as a diary; its date is empty when none can be told. */
export function writtenOf(raw: Bag, isDraft: boolean): Written {
  const at = writtenAt(raw);
  const content = textOf(raw.content);
  const images = listOf(raw.images).map((image) => textOf(isBag(image) ? image.url : image));
  return normaliseWritten({
    date: padded(raw.date) ?? (at === null ? '' : localDay(at)),
    content,
    mood: lineOf(raw.mood),
    weather: lineOf(raw.weather),
    images: images.filter((url) => url !== ''),
    tags: listOf(raw.tags).map(lineOf),
    // A page without words can be kept as a draft only.
    isDraft: isDraft || raw.isDraft === true || normaliseText(content).trim() === '',
  });
}

/** The comment's own instant, or its time of day on the date of the diary. */
function commentedAt({ time, timestamp }: Bag, date: string): number | null {
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(textOf(time)) ?? [];
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const onDate = hours === undefined ? null : new Date(year, month - 1, day, Number(hours), Number(minutes)).getTime();
  return firstOf([timestamp, time], instantOf) ?? (onDate === null || Number.isNaN(onDate) ? null : onDate);
}

function noteOf(raw: Bag, text: Written, wasDraft: boolean): Note {
  const comment = textOf(isBag(raw.aiComment) ? raw.aiComment.text : raw.aiComment).trim();
  const at = writtenAt(raw);
  return {
    text,
    wasDraft: wasDraft || raw.isDraft === true,
    at,
    updatedAt: instantOf(raw.updateTime) ?? at,
    ai: comment === '' ? null : { comment, at: commentedAt(bagOf(raw.aiComment), text.date), isLiked: raw.aiLiked === true },
  };
}

interface Entry {
  note: Note;
  settle(fate: Fate): void;
}

type Diaries = Pick<Harvest, 'texts' | 'days' | 'merged' | 'undated' | 'remarks'> & { fates: Record<'diaries' | 'diary_drafts', Fate[]> };

/** The diaries and drafts of the phone. `today`: later dates are of the future. `dateFor`: under which date such a text was sent before. */
export function readDiaries(
  read: (key: 'diaries' | 'diary_drafts') => unknown,
  { today, moodOf, dateFor }: { today: string; moodOf(date: string): string; dateFor(text: Written): string },
): Diaries {
  const fates: Diaries['fates'] = { diaries: [], diary_drafts: [] };
  const entries: Entry[] = [];
  const remarks: Remark[] = [];
  let views = 0;
  for (const key of ['diaries', 'diary_drafts'] as const) {
    for (const [index, raw] of listOf(read(key)).entries()) {
      const settle = (fate: Fate): void => {
        fates[key][index] = fate;
      };
      const text = isBag(raw) ? writtenOf(raw, key === 'diary_drafts') : null;
      if (text === null || !isBag(raw)) settle(named('日记', UNREADABLE));
      else if (isOurs(raw, text)) settle(KNOWN);
      else if (isBlank(text)) settle(named('空白的日记', '没有文字、心情、天气、图片或标签'));
      else entries.push({ note: noteOf(raw, text, key === 'diary_drafts'), settle });
      if (isBag(raw) && Number(raw.viewCount) > 0) views += 1;
    }
  }
  if (views > 0) remarks.push({ what: '浏览次数', count: views, reason: '新版不记日记被看过几次' });

  const byDate = new Map<string, Entry[]>();
  for (const entry of entries) byDate.set(entry.note.text.date, (byDate.get(entry.note.text.date) ?? []).concat(entry));
  const days: PhoneDay[] = [];
  const future: PhoneDay[] = [];
  const merged: Diaries['merged'] = [];
  for (const date of [...byDate.keys()].sort()) {
    const ofDay = (byDate.get(date) ?? []).sort((a, b) => (a.note.at ?? 0) - (b.note.at ?? 0));
    if (date === '') for (const { settle } of ofDay) settle(named('日记', '日期无法识别，留在手机里'));
    else if (date > today)
      future.push(...ofDay.map((entry) => settleFuture(entry, today, dateFor)).reduce<PhoneDay[]>((a, b) => a.concat(b), []));
    else days.push(...settleDay(date, ofDay, normaliseLine(moodOf(date)), merged, remarks));
  }
  if (future.length > 0) {
    const count = entries.filter(({ note }) => note.text.date > today).length;
    remarks.push({ what: '日期在未来的日记', count, reason: '存成今天的草稿，第一行写着原来的日期' });
  }
  return {
    texts: entries.filter(({ note }) => hasWords(note)).length,
    days: days.concat(future),
    merged,
    undated: (byDate.get('') ?? []).length,
    remarks,
    fates,
  };
}

function settleFuture({ note, settle }: Entry, today: string, dateFor: (text: Written) => string): PhoneDay[] {
  const { text } = note;
  const content = `${text.date}\n${text.content}`;
  const date = dateFor(text) || today;
  const days = joined(date, [{ ...note, text: { ...text, date, content, isDraft: true } }], { mood: '', role: 'future' });
  settle({ to: 'days', days });
  return days;
}

/** The published texts of a day joined, each draft beside them; without a published text the drafts are the day. */
function settleDay(date: string, entries: Entry[], mood: string, merged: Diaries['merged'], remarks: Remark[]): PhoneDay[] {
  const isPublished = ({ note }: Entry): boolean => !note.wasDraft;
  const published = entries.some((entry) => isPublished(entry) && hasWords(entry.note)) ? entries.filter(isPublished) : entries;
  const days = joined(
    date,
    published.map(({ note }) => note),
    { mood, role: 'day' },
  );
  const texts = published.filter(({ note }) => hasWords(note)).length;
  if (texts > 1) merged.push({ date, texts });
  for (const { settle } of published) settle({ to: 'days', days });
  for (const { note, settle } of entries.filter((entry) => !published.includes(entry))) {
    const isPrefix = (each: Entry): boolean => each.note.text.content.startsWith(note.text.content.trim());
    if (hasWords(note) && note.text.images.length === 0 && published.some(isPrefix)) {
      settle(named('日记草稿', '和当天已发布的日记开头相同，没有再存一份'));
      continue;
    }
    const beside = joined(date, [{ ...note, ai: null, text: { ...note.text, isDraft: true } }], { mood: '', role: 'draft' });
    if (note.ai) remarks.push({ what: '草稿的 AI 评语', count: 1, reason: '草稿放在历史版本里，那里不存评语' });
    settle({ to: 'days', days: beside });
    days.push(...beside);
  }
  return days;
}
