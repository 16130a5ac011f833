import type { PhoneDay, Role } from './harvest';
import { codePoints, localClock } from './old-values';
import type { Note } from './read-diaries';

const MAX_CONTENT = 10_000;
const MAX_ORIGINALS = 50;
const MAX_LINE = 20;
const MAX_TAGS = 20;
const MAX_COMMENT = 2_000;

const FACES: Record<string, string> = {
  happy: '😊',
  excited: '🤩',
  calm: '😌',
  sad: '😢',
  angry: '😠',
  tired: '😪',
  surprised: '😮',
  confused: '😕',
  grateful: '🥰',
  worried: '😟',
};
const WEATHERS: Record<string, string> = { sunny: '晴', cloudy: '多云', rainy: '雨', snowy: '雪', windy: '风', foggy: '雾' };

const isShort = (line: string): boolean => codePoints(line) <= MAX_LINE;

const union = (lists: (readonly string[])[]): string[] => [...new Set(([] as string[]).concat(...lists))];

/** In pieces that a day can hold. */
function piecesOf(content: string): string[] {
  const points = [...content];
  const pieces: string[] = [];
  for (let start = 0; start < points.length; start += MAX_CONTENT) pieces.push(points.slice(start, start + MAX_CONTENT).join(''));
  return pieces.filter((piece) => piece.trim() !== '');
}

interface Page {
  content: string;
  originals: string[];
}

/** Adds a text under its heading; what goes beyond the limit begins a further page. */
function addText(pages: Page[], text: string, heading: string, originals: string[]): void {
  const page = pages[pages.length - 1];
  const whole = `${heading}${text}`;
  const content = page ? `${page.content}\n\n${whole}` : whole;
  if (codePoints(content) > MAX_CONTENT || (!page && whole === '')) {
    pages.push(...piecesOf(text).map((piece) => ({ content: piece, originals: [piece] })));
  } else if (page) {
    page.content = content;
    page.originals.push(...originals);
  } else pages.push({ content, originals });
}

/** `—— 07:40 · 😢 · 雨 ——`: when a text was written, and the mood and weather that the day does not show. */
function headingOf({ at, text }: Note, day: { mood: string; weather: string }): { heading: string; hasSurplus: boolean } {
  const mood = text.mood !== '' && text.mood !== day.mood && isShort(text.mood) ? (FACES[text.mood] ?? text.mood) : '';
  const weather =
    text.weather !== '' && text.weather !== day.weather && isShort(text.weather) ? (WEATHERS[text.weather] ?? text.weather) : '';
  const parts = [at === null ? '' : localClock(at), mood, weather].filter((part) => part !== '');
  return { heading: parts.length === 0 ? '——' : `—— ${parts.join(' · ')} ——`, hasSurplus: mood !== '' || weather !== '' };
}

/**
 * Joins the texts of a day in the order they were written. The day has the last mood and weather; earlier ones stand in the heading of their text.
 * A mood, a weather or a tag that the day has no place for stands at the end of the text. `mood`: of the day, where no text has one.
 */
export function joined(date: string, notes: readonly Note[], { mood, role }: { mood: string; role: Role }): PhoneDay[] {
  const lines = (name: 'mood' | 'weather'): string[] => notes.map(({ text }) => text[name]).filter((line) => line !== '');
  const last = (name: 'mood' | 'weather'): string => lines(name).filter(isShort).pop() ?? '';
  const shown = { mood: last('mood'), weather: last('weather') };
  const pages: Page[] = [];
  const contents = new Set<string>();
  for (const note of notes) {
    const { heading, hasSurplus } = headingOf(note, shown);
    const isNew = note.text.content.trim() !== '' && !contents.has(note.text.content);
    contents.add(note.text.content);
    if (isNew) addText(pages, note.text.content, pages.length > 0 || hasSurplus ? `${heading}\n` : '', [note.text.content]);
    else if (hasSurplus) addText(pages, '', heading, []);
  }
  const tags = union(notes.map(({ text }) => text.tags));
  const kept = tags.filter(isShort).slice(0, MAX_TAGS);
  const long = (name: 'mood' | 'weather'): string[] => lines(name).filter((line) => !isShort(line));
  const surplus = Object.entries({ 心情: long('mood'), 天气: long('weather'), 标签: tags.filter((tag) => !kept.includes(tag)) })
    .filter(([, left]) => left.length > 0)
    .map(([name, left]) => `${name}：${union([left]).join('、')}`);
  if (surplus.length > 0) addText(pages, surplus.join('\n'), '', []);
  const day: PhoneDay = {
    role,
    date,
    content: '',
    mood: shown.mood || (isShort(mood) ? mood : ''),
    weather: shown.weather,
    images: union(notes.map(({ text }) => text.images)),
    tags: kept,
    isDraft: notes.every(({ text }) => text.isDraft),
    ...commentOf(notes),
    ...timesOf(notes),
  };
  if (pages.length === 0) return [day];
  return pages.map(({ content, originals }, index) => ({
    ...day,
    role: role === 'day' && index > 0 ? 'page' : role,
    content,
    ...(originals.length > 1 && originals.length <= MAX_ORIGINALS && { originals }),
  }));
}

function commentOf(notes: readonly Note[]): Pick<PhoneDay, 'aiComment' | 'aiCommentAt' | 'aiLiked'> {
  const all = notes.map(({ ai }) => ai).filter((ai): ai is NonNullable<Note['ai']> => ai !== null);
  if (all.length === 0) return {};
  const times = all.map(({ at }) => at).filter((at): at is number => at !== null);
  return {
    aiComment: union([all.map(({ comment }) => comment)])
      .join('\n')
      .slice(0, MAX_COMMENT),
    ...(times.length > 0 && { aiCommentAt: new Date(Math.max(...times)).toISOString() }),
    ...(all.some(({ isLiked }) => isLiked) && { aiLiked: true }),
  };
}

/** Created when the first text was written, changed when the last one was. */
function timesOf(notes: readonly Note[]): Pick<PhoneDay, 'createdAt' | 'modifiedAt'> {
  const begun = notes.map(({ at }) => at).filter((at): at is number => at !== null);
  const ended = notes.map(({ at, updatedAt }) => Math.max(at ?? 0, updatedAt ?? 0)).filter((at) => at > 0);
  if (begun.length === 0) return {};
  return { createdAt: new Date(Math.min(...begun)).toISOString(), modifiedAt: new Date(Math.max(...begun, ...ended)).toISOString() };
}
