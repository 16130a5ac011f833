import * as z from 'zod';
import { contract, id, instant, line, text } from '../contract';
import { Diary } from '../diary/contract';
import { errorKinds } from '../errors';

export const Job = z.strictObject({
  id,
  kind: z.enum(['comment', 'image']),
  diaryId: id.nullable(),
  status: z.enum(['queued', 'running', 'done', 'failed']),
  result: z
    .strictObject({
      text: z.string().optional(),
      imageUrl: z.string().optional().describe('a file ID of cloud storage, as in a diary'),
      temporaryUrl: z.string().optional().describe('https link to the same picture, for a while'),
      aiGenerated: z.literal(true),
    })
    .nullable(),
  error: z.strictObject({ code: z.enum(Object.keys(errorKinds)), message: z.string(), retryable: z.boolean() }).nullable(),
  createdAt: instant,
  finishedAt: instant.nullable(),
});
export type Job = z.infer<typeof Job>;

const Answer = z.strictObject({ job: Job });

export const commentDiary = contract({
  summary:
    '请 AI 点评日记；同一版本的日记只有一份点评，again 则再写一份（计入次数，先前的留在任务记录里）。返回任务，几秒内完成时已带结果，否则轮询 job',
  access: 'user',
  limit: 'comment',
  rest: 'POST /api/ai/comment-diary',
  input: z.strictObject({ diaryId: id, again: z.literal(true).optional() }),
  output: Answer,
  example: { diaryId: 1 },
});

export const likeComment = contract({
  summary: '喜欢或不再喜欢 AI 的评语',
  access: 'user',
  limit: 'write',
  rest: 'PUT /api/ai/like-comment',
  input: z.strictObject({ diaryId: id, liked: z.boolean() }),
  output: z.strictObject({ diary: Diary }),
  example: { diaryId: 1, liked: true },
});

export const generateImage = contract({
  summary: '请 AI 为日记（diaryId）或一段文字（content）画图。返回任务，轮询 job',
  access: 'user',
  limit: 'picture',
  rest: 'POST /api/ai/generate-image',
  input: z.strictObject({
    diaryId: id.optional(),
    content: text(2_000).optional(),
    mood: line(20).optional(),
    weather: line(20).optional(),
  }),
  output: Answer,
  example: { diaryId: 1 },
});

export const job = contract({
  summary: 'AI 任务的进展与结果',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/ai/job/:id',
  input: z.strictObject({ id }),
  output: Answer,
  example: { id: 1 },
});

export const work = contract({
  summary: '处理排队的 AI 任务，复查未能检查的内容（定时触发）',
  access: 'system',
  limit: 'system',
  input: z.strictObject({}),
  output: z.strictObject({
    worked: z.int().describe('jobs taken up'),
    rechecked: z.int().describe('texts checked again and pictures handed in'),
  }),
  example: {},
});

export const pictureChecked = contract({
  summary: '微信图片安全检查的结果（消息推送 wxa_media_check）；traceId 只有微信和本服务知道',
  access: 'public',
  limit: 'login',
  input: z.strictObject({
    traceId: z.string().regex(/^[\x21-\x7e]{1,100}$/),
    suggest: z.enum(['pass', 'review', 'risky']).nullable().describe('null: the check could not be done'),
  }),
  output: z.strictObject({ known: z.boolean() }),
  example: { traceId: '60f96f1d-3845297a-1976a3ae', suggest: 'pass' },
});
