import * as z from 'zod';
import { childId, contract, day, id, instant, line, month, Page, paging, Stats, text, title } from '../contract';
import { revisionReasons } from './revision-reasons';

/** Suggestions for a picker; any other mood or weather is taken as well, because old data has others. */
const knownMoods = ['happy', 'excited', 'calm', 'sad', 'angry', 'tired', 'surprised', 'confused', 'grateful', 'worried'];
const knownWeathers = ['sunny', 'cloudy', 'rainy', 'snowy', 'windy', 'foggy'];

export const FIRST_DAY = '2000-01-01';

const date = day.refine((value) => value >= FIRST_DAY, { error: `日期不能早于 ${FIRST_DAY}` });
export const MAX_CHARACTERS = 10_000;
export const MAX_IMAGES = 30;
export const MAX_TAGS = 20;

const images = z.array(z.string().min(1).max(500)).max(MAX_IMAGES);
const tags = z
  .array(title(20))
  .max(MAX_TAGS)
  .transform((given) => [...new Set(given)]);

const mood = line(20).describe(`such as ${knownMoods.join(', ')}`);
const weather = line(20).describe(`such as ${knownWeathers.join(', ')}`);
const content = text(MAX_CHARACTERS);

export const Diary = z.strictObject({
  id,
  date: day,
  content: z.string(),
  mood: z.string(),
  moodOfDay: z.string().nullable().describe('recorded with diary.recordMood; null: none'),
  weather: z.string(),
  images: z.array(z.string()),
  hiddenImages: z
    .strictObject({ count: z.int(), message: z.string() })
    .optional()
    .describe('pictures that did not pass the check, taken out of images; a sentence for their place'),
  tags: z.array(z.string()),
  aiComment: z.string().nullable(),
  aiCommentInfo: z
    .strictObject({
      at: instant.nullable().describe('null: brought over from a phone without a time'),
      liked: z.boolean(),
      aiGenerated: z.literal(true),
      isForEarlierVersion: z.boolean().describe('the text was rewritten after the comment'),
    })
    .nullable(),
  aiImage: z.string().nullable(),
  aiImageInfo: z.strictObject({ aiGenerated: z.literal(true) }).nullable(),
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
  rest: 'POST /api/diary/create',
  needsConsent: true,
  input: z.strictObject({ date, content, ...fields }),
  output: Written,
  example: { date: '2025-01-18', content: '今天和妈妈去公园，看到好多小鸭子。', mood: 'happy', weather: 'sunny', tags: ['周末'] },
});

export const list = contract({
  summary: '日记列表，新的在前；page 或 cursor 翻页',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/list',
  forChild: 'diary',
  input: z.strictObject({
    ...paging(10),
    cursor: day.optional().describe('nextCursor of the page before'),
    month: month.optional(),
    from: day.optional(),
    to: day.optional(),
    mood: mood.optional(),
    tag: title(20).optional(),
    isDraft: z.boolean().optional(),
    childId,
  }),
  output: z.strictObject({ diaries: z.array(Diary), ...Page }),
  example: { limit: 10 },
});

export const get = contract({
  summary: '一篇日记，按 id 或日期',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/:id',
  forChild: 'diary',
  input: z.strictObject({ id: id.optional(), date: day.optional(), childId }),
  output: z.strictObject({ diary: Diary }),
  example: { date: '2025-01-18' },
});

export const update = contract({
  summary: '修改日记；带上所依据的 version',
  access: 'user',
  limit: 'write',
  rest: 'PUT /api/diary/:id',
  needsConsent: true,
  input: z.strictObject({ id, version: z.int().min(1), date: date.optional(), content: content.optional(), ...fields }),
  output: Written,
  example: { id: 1, version: 1, mood: 'calm' },
});

export const remove = contract({
  summary: '删除日记',
  access: 'user',
  limit: 'write',
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
  forChild: 'diary',
  input: z.strictObject({ month, childId }),
  output: z.strictObject({
    month,
    days: z.array(
      z.strictObject({
        date: day,
        diaryId: id.nullable(),
        mood: z.string().describe("the diary's, else the mood of the day"),
        moodOfDay: z.string().nullable(),
        isDraft: z.boolean(),
        hasImages: z.boolean(),
        tasksDone: z.int(),
        tasksTotal: z.int(),
      }),
    ),
  }),
  example: { month: '2025-01' },
});

export const Mood = z.strictObject({ date: day, mood: z.string(), createdAt: instant, updatedAt: instant });
export type Mood = z.infer<typeof Mood>;

export const recordMood = contract({
  summary: '记录一天的心情，可修改；每天第一次得积分，只得一次。默认今天，最多补 7 天前',
  access: 'user',
  limit: 'write',
  rest: 'POST /api/diary/mood',
  needsConsent: true,
  input: z.strictObject({ date: day.optional(), mood: title(20).describe(`such as ${knownMoods.join(', ')}`) }),
  output: z.strictObject({
    date: day,
    mood: z.string(),
    isFirstRecord: z.boolean(),
    points: z.strictObject({ awarded: z.int(), balance: z.int() }).nullable(),
  }),
  example: { mood: 'happy' },
});

export const stats = contract({
  summary: '总篇数、连续天数、本月篇数',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/stats',
  forChild: 'diary',
  input: z.strictObject({ childId }),
  output: z.strictObject({ ...Stats.shape, thisMonth: z.int() }),
  example: {},
});

const Match = z.strictObject({
  excerpt: z.string().describe('the place in the content, with some characters before and after it'),
  start: z.int().describe('where the words begin in the excerpt, in UTF-16 code units'),
  length: z.int(),
});

export const search = contract({
  summary: '在自己的日记里找字词，新的在前；一次最多看 500 篇，nextCursor 接着找',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/search',
  input: z.strictObject({
    q: z
      .string()
      .normalize()
      .refine((value) => value.trim() !== '', { error: '请输入要找的字词' })
      .refine((value) => [...value].length <= 200, { error: '最多 200 个字' })
      .describe('taken literally; upper and lower case, full and half width are the same'),
    mood: mood.optional(),
    tag: title(20).optional(),
    from: day.optional(),
    to: day.optional(),
    cursor: day.optional().describe('nextCursor of the call before'),
    limit: z.int().min(1).max(50).default(20),
  }),
  output: z.strictObject({
    diaries: z.array(z.strictObject({ ...Diary.shape, match: Match })),
    hasMore: z.boolean().describe('there are diaries that have not been looked at yet'),
    nextCursor: z.string().nullable(),
  }),
  example: { q: '公园' },
});

export const onThisDay = contract({
  summary: '往年今天写的日记，新的在前；2 月 29 日在平年看 28 日',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/on-this-day',
  input: z.strictObject({ date: date.optional() }),
  output: z.strictObject({ date: day, diaries: z.array(z.strictObject({ ...Diary.shape, yearsAgo: z.int() })) }),
  example: {},
});

export const neighbours = contract({
  summary: '一天前后最近的日记',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/neighbours',
  input: z.strictObject({ date }),
  output: z.strictObject({ previous: Diary.nullable(), next: Diary.nullable() }),
  example: { date: '2025-01-18' },
});

export const related = contract({
  summary: '心情相同或有共同标签的日记，新的在前',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/:id/related',
  input: z.strictObject({ id, limit: z.int().min(1).max(5).default(5) }),
  output: z.strictObject({ diaries: z.array(Diary) }),
  example: { id: 1 },
});

/** A state of a diary that a later change would have lost. */
export const Revision = z.strictObject({
  id,
  date: day,
  reason: z.enum(revisionReasons),
  content: z.string(),
  mood: z.string(),
  weather: z.string(),
  images: z.array(z.string()),
  tags: z.array(z.string()),
  isDraft: z.boolean(),
  writtenAt: instant,
  replacedAt: instant,
});
export type Revision = z.output<typeof Revision>;

export const history = contract({
  summary: '一篇日记最近 30 天被改掉、删掉的内容，新的在前',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/history',
  input: z.strictObject({ id: id.optional(), date: day.optional() }),
  output: z.strictObject({ revisions: z.array(Revision) }),
  example: { date: '2025-01-18' },
});

export const trash = contract({
  summary: '最近 30 天删除的日记，新的在前',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/diary/trash',
  input: z.strictObject(paging(20)),
  output: z.strictObject({ diaries: z.array(Revision), ...Page }),
  example: {},
});

export const restore = contract({
  summary: '把历史里的一份内容恢复成当天的日记；现在的内容会留在历史里',
  access: 'user',
  limit: 'write',
  rest: 'POST /api/diary/restore',
  needsConsent: true,
  input: z.strictObject({ revisionId: id }),
  output: Written,
  example: { revisionId: 1 },
});

export const append = contract({
  summary: '在一天的日记后面接着写一段，前面标上时间；不需要 version，不会冲突',
  access: 'user',
  limit: 'write',
  rest: 'POST /api/diary/append',
  needsConsent: true,
  input: z.strictObject({
    date: date.optional(),
    content: content.refine((value) => value.trim() !== '', { error: '写点内容吧' }),
    mood: fields.mood,
    weather: fields.weather,
    images: fields.images,
    tags: fields.tags,
    isDraft: fields.isDraft.describe('of a new diary; one that exists stays as it is'),
  }),
  output: Written,
  example: { content: '晚上又看到了星星。' },
});
