import type { ImportRule, ImportTask } from '../../shared/import/contract';
import { type Bag, isBag } from '../platform/text';
import { type Fate, KNOWN, named, type Remark, UNREADABLE } from './harvest';
import { instantOf, listOf, localDay, padded, type ReadKey, textOf } from './old-values';

/** The five tasks that the former version has in its code, never in storage. */
const DEFAULT_TASKS: Bag[] = [
  { id: 1, title: '早起打卡', points: 10 },
  { id: 2, title: '刷牙洗脸', points: 5 },
  { id: 3, title: '阅读30分钟', points: 15 },
  { id: 4, title: '运动锻炼', points: 20 },
  { id: 5, title: '整理房间', points: 10 },
];
const DELETED_TASK = '已删除的任务';
/** As the server keeps them. */
const MAX_POINTS = 50;

const named64 = (id: unknown): string => textOf(id).slice(0, 64);

const wordsOf = ({ id, title, description, category, points, time }: Bag): Omit<ImportRule, 'weekdays' | 'monthDay'> => ({
  key: named64(id) || '-',
  title: textOf(title),
  ...(textOf(description) && { description: textOf(description) }),
  ...(textOf(category) && { category: textOf(category) }),
  ...(typeof points === 'number' && { points }),
  ...(textOf(time) && { time: textOf(time).slice(0, 20) }),
});

/** On the phone's own clock, a weekly task falls on the weekday it was made, a monthly one on the day of the month. */
function repeatOf({ repeat, weekdays, createdAt }: Bag): Pick<ImportRule, 'weekdays' | 'monthDay'> {
  const at = instantOf(createdAt);
  const made = at === null ? null : new Date(at);
  if (repeat === 'monthly') return { monthDay: made?.getDate() ?? 1 };
  const given = listOf(weekdays).filter((day): day is number => Number.isInteger(day) && Number(day) >= 1 && Number(day) <= 7);
  if (given.length > 0) return { weekdays: [...new Set(given)] };
  return repeat === 'weekly' && made ? { weekdays: [made.getDay() || 7] } : {};
}

interface Marks {
  key: string;
  date: string | null;
  marks: Bag | null;
}

const readMarks = (read: ReadKey, keys: readonly string[]): Marks[] =>
  keys
    .filter((key) => key.startsWith('tasks_'))
    .map((key) => {
      const value = read(key);
      return { key, date: padded(key.slice('tasks_'.length)), marks: isBag(value) ? value : null };
    });

interface Tasks {
  rules: ImportRule[];
  tasks: ImportTask[];
  remarks: Remark[];
  templateFates: Fate[];
  markFates: Map<string, Fate[]>;
}

/** Templates and done marks. `today`: an open task of one day that is past moves there. */
export function readTasks(read: ReadKey, keys: readonly string[], today: string): Tasks {
  const result: Tasks = { rules: [], tasks: [], remarks: [], templateFates: [], markFates: new Map() };
  const marked = readMarks(read, keys);
  const done = new Set<string>();
  for (const { marks } of marked) for (const id in marks) if (marks[id] === true) done.add(id);
  const templates = new Map(DEFAULT_TASKS.map((task) => [textOf(task.id), task]));
  for (const task of listOf(read('userTasks'))) {
    const isTemplate = isBag(task) && textOf(task.title).trim() !== '';
    if (isTemplate) templates.set(textOf(task.id), task);
    result.templateFates.push(isTemplate ? fateOfTemplate(task, done, today, result) : named('任务模板', UNREADABLE));
  }
  const dear = result.rules.filter(({ points = 0 }) => points > MAX_POINTS).length;
  if (dear > 0) result.remarks.push({ what: '任务的积分', count: dear, reason: `一次最多 ${MAX_POINTS} 分，多出的减去了` });
  for (const { key, date, marks } of marked) result.markFates.set(key, fatesOfMarks(date, marks, templates, result.tasks));
  return result;
}

function fateOfTemplate(task: Bag, done: ReadonlySet<string>, today: string, { rules, tasks }: Tasks): Fate {
  if (task.repeat !== 'once' && task.repeat !== 'none') {
    const rule = { ...wordsOf(task), ...repeatOf(task) };
    rules.push(rule);
    return { to: 'item', kind: 'rules', item: rule };
  }
  // Its marks bring it over.
  if (done.has(textOf(task.id))) return KNOWN;
  const at = instantOf(task.createdAt);
  const date = padded(task.date) ?? (at === null ? today : localDay(at));
  const item = task.completed === true ? { ...wordsOf(task), date } : { ...wordsOf(task), date: date < today ? today : date, isOpen: true };
  tasks.push(item);
  return { to: 'item', kind: 'tasks', item };
}

/** What is not done is no entry. */
export const countMarks = (value: unknown): number =>
  isBag(value) ? Object.keys(value).filter((id) => value[id] !== false).length : value ? 1 : 0;

function fatesOfMarks(date: string | null, marks: Bag | null, templates: ReadonlyMap<string, Bag>, tasks: ImportTask[]): Fate[] {
  if (marks === null) return [];
  const ids = Object.keys(marks).filter((id) => marks[id] !== false);
  return ids.map((id): Fate => {
    if (date === null || marks[id] !== true) return named('任务的完成记录', UNREADABLE);
    const { key: _, ...words } = wordsOf(templates.get(id) ?? { title: DELETED_TASK });
    const item = { ...words, key: named64(id) || '-', date };
    tasks.push(item);
    return { to: 'item', kind: 'tasks', item };
  });
}
