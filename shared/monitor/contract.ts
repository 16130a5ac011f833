import * as z from 'zod';
import { contract } from '../contract';

const Changes = z.strictObject({
  opened: z.array(z.string()).describe('rules whose incident this run opened'),
  closed: z.array(z.string()),
});
export type Changes = z.infer<typeof Changes>;

export const collect = contract({
  summary: '每分钟：汇总指标、判断告警、通知、清理',
  access: 'system',
  limit: 'system',
  input: z.strictObject({}),
  output: Changes,
  example: {},
});

export const audit = contract({
  summary: '每天：全量核对积分账本等不变量',
  access: 'system',
  limit: 'system',
  input: z.strictObject({}),
  output: Changes,
  example: {},
});

const Check = z.strictObject({
  name: z.string(),
  status: z.enum(['ok', 'degraded', 'down']),
  ms: z.int().optional(),
  detail: z.string().optional(),
});
export type Check = z.infer<typeof Check>;

export const health = contract({
  summary: '运行状况，仅限运营人员',
  access: 'operator',
  limit: 'operator',
  rest: 'GET /api/monitor/health',
  input: z.strictObject({}),
  output: z.strictObject({ status: Check.shape.status, checks: z.array(Check) }),
  example: {},
});
export type Health = z.infer<typeof health.output>;
