import * as z from 'zod';
import { contract, day, id, instant, line, month, Page, paging, Stats, text, title } from '../contract';

/** Suggestions for a picker; any other mood or weather is taken as well, because old data has others. */
const knownMoods = ['happy', 'calm', 'excited', 'grateful', 'tired', 'sad', 'angry', 'worried'];
const knownWeathers = ['sunny', 'cloudy', 'rainy', 'snowy', 'windy', 'foggy'];

export const FIRST_DAY = '2000-01-01';

const date = day.refine((value) => value >= FIRST_DAY, { error: `日期不能早于 ${FIRST_DAY}` });
const images = z.array(z.string().min(1).max(500)).max(30);
const tags = z
  .array(title(20))
  .max(20)
  .transform((given) => [...new Set(given)]);

const mood = line(20).describe(`such as ${knownMoods.join(', ')}`);
const weather = line(20).describe(`such as ${knownWeathers.join(', ')}`);
const content = text(10_000);

export const Diary = z.strictObject({
  id,
  date: day,
  content: z.string(),
  mood: z.string(),
  weather: z.string(),
  images: z.array(z.string()),
  tags: z.array(z.string()),
  aiComment: z.string().nullable(),
  aiImage: z.string().nullable(),
  imageUrls: z.array(z.string()).optional().describe('https links to images, for a while; absent while storage does not answer'),
  isDraft: z.boolean(),
  version: z.int(),
  createdAt: instant,
  updatedAt: instant,
});
export type Diary = z.infer<typeof Diary>;

const Written = z.strictObject({
  diary: Diary,
  stats: Stats,
  reward: z.strictObject({ points: z.int(), balance: z.int() }).nullable(),
});
export type Written = z.infer<typeof Written>;

const fields = {
  mood: mood.optional(),
  weather: weather.optional(),
  images: images.optional(),
  tags: tags.optional(),
  isDraft: z.boolean().optional(),
};

export const create = contract({
  summary: '写日记；当天已有草稿时接着写，isDraft: false 即发布',
  access: 'user',
  limit: 'write',
  readsFirst: true,
  rest: 'POST /api/diary/create',
  input: z.strictObject({ date, content, ...fields }),
  output: Written,
  example: { date: '2025-01-18', content: '今天和妈妈去公园，看到好多小鸭子。', mood: 'happy', weather: 'sunny', tags: ['周末'] },
});

export const list = contract({
  summary: '日记列表，新的在前；page 或 cursor 翻页',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/list',
  input: z.strictObject({
    ...paging(10),
    cursor: day.optional().describe('nextCursor of the page before'),
    month: month.optional(),
    from: day.optional(),
    to: day.optional(),
    mood: mood.optional(),
    tag: title(20).optional(),
    isDraft: z.boolean().optional(),
  }),
  output: z.strictObject({ diaries: z.array(Diary), ...Page }),
  example: { limit: 10 },
});

export const get = contract({
  summary: '一篇日记，按 id 或日期',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/:id',
  input: z.strictObject({ id: id.optional(), date: day.optional() }),
  output: z.strictObject({ diary: Diary }),
  example: { date: '2025-01-18' },
});

export const update = contract({
  summary: '修改日记；带上所依据的 version',
  access: 'user',
  limit: 'write',
  readsFirst: true,
  rest: 'PUT /api/diary/:id',
  input: z.strictObject({ id, version: z.int().min(1), date: date.optional(), content: content.optional(), ...fields }),
  output: Written,
  example: { id: 1, version: 1, mood: 'calm' },
});

export const remove = contract({
  summary: '删除日记',
  access: 'user',
  limit: 'write',
  readsFirst: true,
  rest: 'DELETE /api/diary/:id',
  input: z.strictObject({ id, version: z.int().min(1).optional() }),
  output: z.strictObject({ id, deleted: z.literal(true), stats: Stats }),
  example: { id: 1 },
});

export const calendar = contract({
  summary: '一个月的日历，只列有内容的日子',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/calendar',
  input: z.strictObject({ month }),
  output: z.strictObject({
    month,
    days: z.array(
      z.strictObject({
        date: day,
        diaryId: id.nullable(),
        mood: z.string(),
        isDraft: z.boolean(),
        hasImages: z.boolean(),
        tasksDone: z.int(),
        tasksTotal: z.int(),
      }),
    ),
  }),
  example: { month: '2025-01' },
});

export const stats = contract({
  summary: '总篇数、连续天数、本月篇数',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/stats',
  input: z.strictObject({}),
  output: z.strictObject({ ...Stats.shape, thisMonth: z.int() }),
  example: {},
});
