import * as z from 'zod';
import { startOfDay } from '../clock';
import { day, line, text, title } from '../contract';
import { FIRST_DAY } from '../diary/contract';
import { requireOwnImage } from '../diary/images';
import { AppError } from '../errors';
import { config } from '../runtime/config';
import type { UserContext } from '../runtime/context';
import { fieldErrors } from '../runtime/field-errors';
import { hashText, normaliseLine, normaliseText } from '../sync/content-hash';
import { ImportDraw, ImportRule, ImportTask } from '../sync/contract';
import { columnsOf, firstDue, type Recurrence } from '../task/recurrence';
import { wholePoints } from './grant';
import type { DrawToImport, RuleToImport, TaskToImport } from './queries';
import { Unfit, unfitBy } from './unfit';

/** What an item of a chunk becomes, and the key under which it is remembered. */
export interface Readable<Row> {
  itemKey: string;
  points: number;
  row: Row;
}

const HALF_A_DAY_MS = 43_200_000;
const EVERY_DAY = 7;

const Text = z.object({ title: title(200), description: text(2_000), category: line(50) });

const read = <In extends z.ZodType>(schema: In, raw: unknown): z.output<In> => {
  const result = schema.safeParse(raw, { reportInput: true });
  if (!result.success) throw unfitBy(fieldErrors(result.error));
  return result.data;
};

const textOf = ({
  title,
  description = '',
  category = '',
}: {
  title: string;
  description?: string | undefined;
  category?: string | undefined;
}) => read(Text, { title: normaliseLine(title), description: normaliseText(description), category: normaliseLine(category) || 'daily' });

const keyOf = (kind: string, ...parts: (string | number)[]): string => `${kind}:${hashText(JSON.stringify(parts))}`;

/** A task that was done. It is worth nothing any more: completing it again must not pay either. */
export function readTask(ctx: UserContext, raw: object): Readable<TaskToImport> {
  const { date, key, points, ...others } = read(ImportTask, raw);
  const { title, description, category } = textOf(others);
  if (!day.safeParse(date).success) throw new Unfit('date：日期应为 YYYY-MM-DD');
  if (date < FIRST_DAY || date > ctx.today) throw new Unfit('date：日期不在可导入的范围内');
  const noon = startOfDay(date).getTime() + HALF_A_DAY_MS;
  const itemKey = keyOf('task', date, key, title);
  return {
    itemKey,
    points: Math.min(wholePoints(points), config().ownTaskMaxReward),
    row: {
      key: `old:${itemKey.slice('task:'.length)}`,
      date,
      title,
      description,
      category,
      completedAt: new Date(Math.min(noon, ctx.now.getTime())),
    },
  };
}

function recurrenceOf(weekdays: number[] = [], monthDay: number | null | undefined): Recurrence {
  if (monthDay !== null && monthDay !== undefined) return { kind: 'monthly', day: monthDay };
  const isWeekly = weekdays.length > 0 && weekdays.length < EVERY_DAY;
  return isWeekly ? { kind: 'weekly', weekdays } : { kind: 'daily' };
}

/** A template as a task that repeats from today on. */
export function readRule(ctx: UserContext, raw: object): Readable<RuleToImport> {
  const { key, points, time, weekdays, monthDay, ...others } = read(ImportRule, raw);
  const { title, description, category } = textOf({ ...others, description: [time, others.description].filter(Boolean).join(' ') });
  const recurrence = recurrenceOf(weekdays, monthDay);
  const columns = columnsOf(recurrence);
  const pointsReward = Math.min(wholePoints(points), config().ownTaskMaxReward);
  return {
    itemKey: keyOf('rule', key, title, columns.weekdays),
    points: 0,
    row: { title, description, category, pointsReward, ...columns, startDate: firstDue(recurrence, ctx.today) },
  };
}

/** History: the prize as it was called then, without the prize. */
export function readDraw(ctx: UserContext, raw: object): Readable<DrawToImport> {
  const { key, prizeName, prizeImage = '', drawnAt } = read(ImportDraw, raw);
  const name = read(title(200), normaliseLine(prizeName));
  const at = new Date(drawnAt);
  if (at > ctx.now) throw new Unfit('drawnAt：时间在未来');
  return {
    itemKey: keyOf('draw', key, name, drawnAt),
    points: 0,
    row: { prizeName: name, prizeImage: usable(ctx, prizeImage), drawnAt: at },
  };
}

function usable(ctx: UserContext, image: string): string {
  try {
    if (image !== '') requireOwnImage(ctx.userId, image, 'prizeImage');
    return image;
  } catch (error) {
    if (error instanceof AppError) return '';
    throw error;
  }
}
