import { contentHash, normaliseLine, normaliseText, normaliseWritten, type Written } from '../../shared/sync/content-hash';
import type { ImportDay, ImportDraw, ImportRule, ImportTask } from '../../shared/sync/contract';
import { type Bag, dayOf, isBag, isDay } from '../platform/text';

/** How the former version's storage is read; nothing in it is trusted to have the shape that version meant. */
export type ReadKey = (key: string) => unknown;

/** One entry of the former version. */
interface Note {
  text: Written;
  at: number | null;
  /** What the AI said of it. */
  comment: string;
}

export interface Harvest {
  /** Entries with a text. */
  texts: number;
  /** One text per day; a further one of the same date holds what did not fit. Pictures as the phone knows them. */
  days: ImportDay[];
  merged: { date: string; texts: number }[];
  /** Texts of no known day. */
  undated: number;
  tasks: ImportTask[];
  rules: ImportRule[];
  draws: ImportDraw[];
  claimed: number;
  /** The balances as they were found, and the sum of the records. */
  found: Bag;
  keptOnPhone: string[];
}

const MAX_CONTENT = 10_000;
const MAX_ORIGINALS = 50;
const MAX_LINE = 20;
const MAX_TAGS = 20;
const MAX_COMMENT = 2_000;
export const MAX_IMAGES = 30;
export const MAX_URL = 500;

export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');
const codePoints = (text: string): number => [...text].length;

/** A mood, a weather or a tag, without what nobody sees: for some of it the server would refuse the day. */
const lineOf = (value: unknown): string => textOf(value).replace(/[\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, '');

export const isTemporary = (url: string): boolean => /^(wxfile:\/\/|https?:\/\/(tmp|usr|store)\/)/i.test(url);

/** The server can show it without an upload, if its host is allowed. */
export const isLink = (url: string): boolean => /^(https|cloud):\/\//i.test(url) && !isTemporary(url) && url.length <= MAX_URL;

/** `2025-1-8` and `2025/1/8 20:00` as well. */
function padded(value: unknown): string | null {
  const parts = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)/.exec(textOf(value));
  if (!parts) return null;
  const day = [parts[1], `0${parts[2]}`.slice(-2), `0${parts[3]}`.slice(-2)].join('-');
  return isDay(day) ? day : null;
}

/** Milliseconds: from an instant, or from an id that was made of the clock. */
function instantOf(value: unknown): number | null {
  const time = /^\d{12,13}$/.test(textOf(value)) ? Number(value) : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) || Math.abs(time) > 8e15 ? null : time;
}

const firstOf = <Found>(values: unknown[], read: (value: unknown) => Found | null): Found | null => {
  for (const value of values) {
    const found = read(value);
    if (found !== null) return found;
  }
  return null;
};

/** What the new version wrote into the old keys is on the server already, unless the old version changed it since. */
export const isOurs = (entry: Bag, text: Written): boolean => typeof entry.cloudHash === 'string' && entry.cloudHash === contentHash(text);

const isBlank = ({ content, mood, images, tags }: Written): boolean =>
  content.trim() === '' && mood === '' && images.length === 0 && tags.length === 0;

const writtenAt = (raw: Bag): number | null => firstOf([raw.createTime, raw.id, raw.updateTime], instantOf);

/** An entry of the former version as a diary; its date is empty when none can be told. */
export function writtenOf(raw: Bag, isDraft: boolean): Written {
  const at = writtenAt(raw);
  const content = textOf(raw.content);
  const images = listOf(raw.images).map((image) => textOf(isBag(image) ? image.url : image));
  return normaliseWritten({
    date: padded(raw.date) ?? (at === null ? '' : dayOf(at)),
    content,
    mood: lineOf(raw.mood),
    weather: lineOf(raw.weather),
    images: images.filter((url) => url !== ''),
    tags: listOf(raw.tags).map(lineOf),
    // A page without words can be kept as a draft only.
    isDraft: isDraft || raw.isDraft === true || normaliseText(content).trim() === '',
  });
}

function noteOf(raw: unknown, isDraft: boolean, moodOf: (date: string) => string): Note | null {
  if (!isBag(raw)) return null;
  const text = writtenOf(raw, isDraft);
  if (isBlank(text) || isOurs(raw, text)) return null;
  const comment = textOf(isBag(raw.aiComment) ? raw.aiComment.text : raw.aiComment).trim();
  return { text: { ...text, mood: text.mood || normaliseLine(moodOf(text.date)) }, at: writtenAt(raw), comment };
}

const clock = (at: number | null): string => (at === null ? '——' : `—— ${new Date(at + 8 * 3_600_000).toISOString().slice(11, 16)} ——`);

const isShort = (line: string): boolean => codePoints(line) <= MAX_LINE;

const union = (lists: (readonly string[])[]): string[] => [...new Set(([] as string[]).concat(...lists))];

/** In pieces that a day can hold. */
function piecesOf(content: string): string[] {
  const points = [...content];
  const pieces: string[] = [];
  for (let start = 0; start < points.length; start += MAX_CONTENT) pieces.push(points.slice(start, start + MAX_CONTENT).join(''));
  return pieces.filter((piece) => piece.trim() !== '');
}

/**
 * Joins the texts of a day in the order they were written; what goes beyond the limit begins a further one. A mood, a weather or a tag that the day
 * has no place for stands at the end of the text.
 */
function joined(date: string, notes: readonly Note[]): ImportDay[] {
  const pages: { content: string; originals: string[] }[] = [];
  const add = (text: string, head: string, originals: string[]): void => {
    const page = pages[pages.length - 1];
    const content = page && `${page.content}\n\n${head}${text}`;
    if (page && content !== undefined && codePoints(content) <= MAX_CONTENT) {
      page.content = content;
      page.originals.push(...originals);
    } else pages.push(...piecesOf(text).map((piece) => ({ content: piece, originals: [piece] })));
  };
  const contents = new Set<string>();
  for (const { text, at } of notes) {
    if (text.content.trim() === '' || contents.has(text.content)) continue;
    contents.add(text.content);
    add(text.content, `${clock(at)}\n`, [text.content]);
  }
  const tags = union(notes.map(({ text }) => text.tags));
  const kept = tags.filter(isShort).slice(0, MAX_TAGS);
  const lines = (name: 'mood' | 'weather'): string[] => notes.map(({ text }) => text[name]).filter((line) => line !== '');
  const last = (name: 'mood' | 'weather'): string => lines(name).filter(isShort).pop() ?? '';
  const long = (name: 'mood' | 'weather'): string[] => lines(name).filter((line) => !isShort(line));
  const surplus = Object.entries({ 心情: long('mood'), 天气: long('weather'), 标签: tags.filter((tag) => !kept.includes(tag)) })
    .filter(([, left]) => left.length > 0)
    .map(([name, left]) => `${name}：${union([left]).join('、')}`);
  if (surplus.length > 0) add(surplus.join('\n'), '', []);
  const day: ImportDay = {
    date,
    content: '',
    mood: last('mood'),
    weather: last('weather'),
    images: union(notes.map(({ text }) => text.images)),
    tags: kept,
    isDraft: notes.every(({ text }) => text.isDraft),
  };
  const comments = union([notes.map(({ comment }) => comment).filter((comment) => comment !== '')]);
  if (comments.length > 0) day.aiComment = comments.join('\n').slice(0, MAX_COMMENT);
  const times = notes.map(({ at }) => at).filter((at): at is number => at !== null);
  if (times.length > 0) day.modifiedAt = new Date(Math.max(...times)).toISOString();
  if (pages.length === 0) return [day];
  return pages.map(({ content, originals }) => ({
    ...day,
    content,
    ...(originals.length > 1 && originals.length <= MAX_ORIGINALS && { originals }),
  }));
}

function weekdaysOf({ repeat, weekdays, createdAt }: Bag): number[] {
  const given = listOf(weekdays).filter((day): day is number => Number.isInteger(day) && Number(day) >= 1 && Number(day) <= 7);
  const at = instantOf(createdAt);
  if (given.length > 0 || repeat !== 'weekly' || at === null) return [...new Set(given)];
  return [new Date(at + 8 * 3_600_000).getUTCDay() || 7];
}

const named = ({ id, title, description, category, points }: Bag): Omit<ImportRule, 'weekdays'> => ({
  key: textOf(id).slice(0, 64),
  title: textOf(title),
  ...(textOf(description) && { description: textOf(description) }),
  ...(textOf(category) && { category: textOf(category) }),
  ...(typeof points === 'number' && { points }),
});

function readTasks(read: ReadKey, keys: readonly string[]): Pick<Harvest, 'tasks' | 'rules'> & { unknown: boolean } {
  const templates = listOf(read('userTasks')).filter((task): task is Bag => isBag(task) && textOf(task.title).trim() !== '');
  const known = new Map(templates.map((task) => [textOf(task.id), task]));
  for (const record of listOf(read('pointsRecords'))) {
    if (!isBag(record) || known.has(textOf(record.taskId)) || textOf(record.description) === '') continue;
    known.set(textOf(record.taskId), { id: record.taskId, title: record.description, points: record.amount });
  }
  const rules = templates
    .filter(({ repeat }) => repeat !== 'once' && repeat !== 'none')
    .map((task) => {
      const weekdays = weekdaysOf(task);
      return {
        ...named(task),
        ...(textOf(task.time) && { time: textOf(task.time).slice(0, 20) }),
        ...(weekdays.length > 0 && { weekdays }),
      };
    });
  const tasks: ImportTask[] = [];
  let unknown = rules.length < templates.length;
  for (const key of keys) {
    const date = key.startsWith('tasks_') ? padded(key.slice('tasks_'.length)) : null;
    const marks = date === null ? null : read(key);
    if (date === null || !isBag(marks)) continue;
    for (const [id, isDone] of Object.entries(marks)) {
      const task = known.get(id);
      if (isDone !== true) continue;
      if (task) tasks.push({ ...named(task), key: id.slice(0, 64), date });
      else unknown = true;
    }
  }
  return { tasks, rules, unknown };
}

function readDraws(read: ReadKey): ImportDraw[] {
  const draws: ImportDraw[] = [];
  for (const record of listOf(read('lotteryRecords'))) {
    if (!isBag(record)) continue;
    const at = firstOf([record.timestamp, record.date], instantOf);
    if (at === null || textOf(record.prizeName) === '') continue;
    const prizeImage = textOf(record.prizeImage);
    draws.push({
      key: textOf(record.id).slice(0, 64) || String(at),
      prizeName: textOf(record.prizeName),
      ...(isLink(prizeImage) && { prizeImage }),
      drawnAt: new Date(at).toISOString(),
    });
  }
  return draws;
}

/** The most that any of the keys says; what is no whole number from 0 on says nothing. */
function readPoints(read: ReadKey): Pick<Harvest, 'claimed' | 'found'> {
  const userInfo = read('userInfo');
  const records = listOf(read('pointsRecords')).filter(isBag);
  const sum = records.reduce(
    (total, { type, amount }) => total + (typeof amount === 'number' ? (type === 'spend' ? -amount : amount) : 0),
    0,
  );
  const found: Bag = {
    points: read('points'),
    userPoints: read('userPoints'),
    totalPoints: read('totalPoints'),
    userInfo: isBag(userInfo) ? userInfo.points : undefined,
    records: sum,
  };
  const whole = Object.keys(found)
    .map((key) => found[key])
    .filter((value): value is number => Number.isSafeInteger(value) && Number(value) > 0);
  return { claimed: Math.max(0, ...whole), found };
}

const LISTS = /^(diaries|diary_drafts|userTasks|pointsRecords|lotteryRecords|achievements|prizeList)$/;
const RECORDS = /^(userInfo|tasks_.*|mood_.*)$/;

/** A list or a record may have been stored as its JSON text. */
function unpacked(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Everything of the child that the former version was last used by. `userData_…`, other children's, is never opened. */
export function readLegacy(readStored: ReadKey, keys: readonly string[]): Harvest {
  const read: ReadKey = (key) => unpacked(readStored(key));
  const moods = new Map<string, string>();
  for (const key of keys) {
    const date = key.startsWith('mood_') ? padded(key.slice('mood_'.length)) : null;
    const record = date === null ? null : read(key);
    if (date !== null && isBag(record)) moods.set(date, lineOf(record.mood));
  }
  const moodOf = (date: string): string => moods.get(date) ?? '';
  const rawNotes = listOf(read('diaries')).concat(listOf(read('diary_drafts')));
  const drafts = rawNotes.length - listOf(read('diary_drafts')).length;
  const notes = rawNotes.map((raw, index) => noteOf(raw, index >= drafts, moodOf)).filter((note): note is Note => note !== null);

  const byDate = new Map<string, Note[]>();
  for (const note of notes) byDate.set(note.text.date, (byDate.get(note.text.date) ?? []).concat(note));
  const days: ImportDay[] = [];
  const merged: Harvest['merged'] = [];
  for (const date of [...byDate.keys()].filter((each) => each !== '').sort()) {
    const ofDay = (byDate.get(date) ?? []).sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
    const texts = ofDay.filter(({ text }) => text.content.trim() !== '').length;
    if (texts > 1) merged.push({ date, texts });
    days.push(...joined(date, ofDay));
  }

  const { unknown, ...tasks } = readTasks(read, keys);
  const unreadable = (names: RegExp, isRight: (value: unknown) => boolean): string[] =>
    keys.filter((key) => names.test(key) && Boolean(read(key)) && !isRight(read(key)));
  const kept = ['achievements', 'prizeList']
    .filter((key) => listOf(read(key)).length > 0)
    .concat(unreadable(LISTS, Array.isArray), unreadable(RECORDS, isBag));
  if (moods.size > 0) kept.push('mood_*');
  if (unknown) kept.push('tasks_*');
  return {
    texts: notes.filter(({ text }) => text.content.trim() !== '').length,
    days,
    merged,
    undated: (byDate.get('') ?? []).length,
    ...tasks,
    draws: readDraws(read),
    ...readPoints(read),
    keptOnPhone: kept,
  };
}
