import * as z from 'zod';
import { addDays, startOfDay } from '../clock';
import { day, line, text, title } from '../contract';
import { FIRST_DAY } from '../diary/contract';
import { requireOwnImage } from '../diary/images';
import { AppError } from '../errors';
import { config } from '../runtime/config';
import type { UserContext } from '../runtime/context';
import { fieldErrors } from '../runtime/field-errors';
import { hashText, normaliseLine, normaliseText } from '../sync/content-hash';
import { DAYS_AHEAD } from '../task/change';
import { columnsOf, firstDue, type Recurrence } from '../task/recurrence';
import { ImportDraw, ImportMood, ImportPrize, ImportRule, ImportTask } from './contract';
import { wholePoints } from './grant';
import type { DrawToImport, MoodToImport, PrizeToImport, RuleToImport, TaskToImport } from './queries';
import { Unfit, unfitBy } from './unfit';

/** What an item of a chunk becomes, and the key under which it is remembered. */
export interface Readable<Row> {
  itemKey: string;
  points: number;
  /** The day that the grant counts it for. */
  date?: string;
  row: Row;
}

/** What today's tasks are matched with. */
export interface TaskGround {
  /** Id of the task rule by the item key of a template. */
  rules: Map<string, number>;
  /** Id by title of the system's templates. */
  system: Map<string, string>;
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

/** Under which a template is remembered by the phone's own id. */
export const templateKey = (key: string): string => keyOf('template', key);

const pointsOf = (points: unknown): number => Math.min(wholePoints(points), config().guardianTaskMaxReward);

const isClock = (time: string): boolean => /^([01]\d|2[0-3]):[0-5]\d$/.test(time);

/** The words of a task, its time of day apart. */
function wordsOf({ time = '', ...others }: Parameters<typeof textOf>[0] & { time?: string | undefined }) {
  const remindAt = isClock(time) ? time : null;
  return {
    ...textOf(remindAt === null ? { ...others, description: [time, others.description].filter(Boolean).join(' ') } : others),
    remindAt,
  };
}

/** The row of a done task of today: of the template with the phone's id, else of the system's template with that title. */
function todaysRow(key: string, title: string, { rules, system }: TaskGround): Partial<TaskToImport> {
  const ruleId = rules.get(templateKey(key));
  if (ruleId !== undefined) return { key: `rule:${ruleId}`, ruleId };
  const template = system.get(title);
  return template === undefined ? {} : { key: `sys:${template}`, isSystem: true };
}

/** A task that was done. It is worth nothing any more: completing it again must not pay either. One that is open can still be earned. */
export function readTask(ctx: UserContext, raw: object, ground: TaskGround): Readable<TaskToImport> {
  const { date, key, points, isOpen = false, ...others } = read(ImportTask, raw);
  const words = wordsOf(others);
  if (!day.safeParse(date).success) throw new Unfit('date：日期应为 YYYY-MM-DD');
  if (date < FIRST_DAY || date > addDays(ctx.today, isOpen ? DAYS_AHEAD : 0)) throw new Unfit('date：日期不在可导入的范围内');
  const noon = startOfDay(date).getTime() + HALF_A_DAY_MS;
  const itemKey = isOpen ? keyOf('open', key, words.title) : keyOf('task', date, key, words.title);
  const row = { key: `old:${itemKey.slice(5)}`, ruleId: null, isSystem: false, date, ...words };
  if (isOpen) return { itemKey, points: 0, row: { ...row, pointsReward: Math.max(1, pointsOf(points)), completedAt: null } };
  const completedAt = new Date(Math.min(noon, ctx.now.getTime()));
  const today = date === ctx.today ? todaysRow(key, words.title, ground) : {};
  return { itemKey, points: pointsOf(points), date, row: { ...row, ...today, pointsReward: 0, completedAt } };
}

function recurrenceOf({ weekdays = [], monthDay }: { weekdays?: number[] | undefined; monthDay?: number | null | undefined }): Recurrence {
  if (monthDay !== undefined && monthDay !== null) return { kind: 'monthly', day: monthDay };
  return weekdays.length > 0 && weekdays.length < EVERY_DAY ? { kind: 'weekly', weekdays } : { kind: 'daily' };
}

/** A template as a task that repeats from today on. */
export function readRule(ctx: UserContext, raw: object): Readable<RuleToImport> {
  const { key, points, weekdays, monthDay, ...others } = read(ImportRule, raw);
  const words = wordsOf(others);
  const recurrence = recurrenceOf({ weekdays, monthDay });
  const columns = columnsOf(recurrence);
  return {
    itemKey: keyOf('rule', key, words.title, columns.weekdays),
    points: 0,
    row: { template: templateKey(key), ...words, pointsReward: pointsOf(points), ...columns, startDate: firstDue(recurrence, ctx.today) },
  };
}

/** The mood of a day. A mood that is there counts as paid. */
export function readMood(ctx: UserContext, raw: object): Readable<MoodToImport> {
  const { date, mood, isRewarded = false } = read(ImportMood, raw);
  if (!day.safeParse(date).success) throw new Unfit('date：日期应为 YYYY-MM-DD');
  if (date < FIRST_DAY || date > ctx.today) throw new Unfit('date：日期不在可导入的范围内');
  const word = read(title(20), normaliseLine(mood));
  return { itemKey: `mood:${date}`, points: isRewarded ? config().moodReward : 0, date, row: { date, mood: word } };
}

const MAX_WEIGHT = 100;

/** A prize for the family's list. */
export function readPrize(ctx: UserContext, raw: object): Readable<PrizeToImport> {
  const { key, name, description = '', emoji = '', image = '', weight } = read(ImportPrize, raw);
  const row = {
    name: read(title(50), normaliseLine(name)),
    description: read(text(200), normaliseText(description)),
    emoji: read(line(32), normaliseLine(emoji)),
    image: usable(ctx, image),
    weight: Math.min(MAX_WEIGHT, Math.max(1, Math.round(weight))),
  };
  return { itemKey: keyOf('prize', key, row.name), points: 0, row };
}

/** History: the prize as it was called then, without the prize. */
export function readDraw(ctx: UserContext, raw: object): Readable<DrawToImport> {
  const { key, prizeName, prizeImage = '', prizeEmoji = '', prizeDescription = '', drawnAt } = read(ImportDraw, raw);
  const name = read(title(200), normaliseLine(prizeName));
  const at = new Date(drawnAt);
  if (at > ctx.now) throw new Unfit('drawnAt：时间在未来');
  return {
    itemKey: keyOf('draw', key, name, drawnAt),
    points: 0,
    row: {
      prizeName: name,
      prizeImage: usable(ctx, prizeImage),
      prizeEmoji: read(line(32), normaliseLine(prizeEmoji)),
      prizeDescription: read(text(2_000), normaliseText(prizeDescription)),
      drawnAt: at,
    },
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
