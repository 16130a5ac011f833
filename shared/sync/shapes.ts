import * as z from 'zod';
import { day, id, instant } from '../contract';

export const Task = z.strictObject({
  id,
  title: z.string(),
  description: z.string(),
  category: z.string(),
  pointsReward: z.int(),
  isSystem: z.boolean(),
  isCompleted: z.boolean(),
  completedAt: instant.nullable(),
  date: day,
  repeat: z.strictObject({ kind: z.enum(['once', 'daily', 'weekly']), weekdays: z.array(z.int()).optional() }),
});
export type Task = z.infer<typeof Task>;

export const Draw = z.strictObject({
  id,
  isWinner: z.boolean(),
  prize: z.strictObject({ id: id.nullable(), name: z.string(), imageUrl: z.string() }).nullable(),
  costPoints: z.int(),
  pointsWon: z.int(),
  createdAt: instant,
});
export type Draw = z.infer<typeof Draw>;

export const Job = z.strictObject({
  id,
  kind: z.enum(['comment', 'image']),
  status: z.enum(['queued', 'running', 'done', 'failed']),
  result: z.strictObject({ text: z.string().optional(), imageUrl: z.string().optional(), aiGenerated: z.literal(true) }).nullable(),
  error: z.strictObject({ code: z.string(), message: z.string(), retryable: z.boolean() }).nullable(),
  createdAt: instant,
  finishedAt: instant.nullable(),
});
export type Job = z.infer<typeof Job>;
