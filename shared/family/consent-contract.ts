import * as z from 'zod';
import { contract, instant } from '../contract';
import { pin } from './pin-schema';

const Relation = z.enum(['parent', 'guardian']);
const Items = z.strictObject({
  diary: z.literal(true).describe('words are stored'),
  ai: z.boolean().describe('texts are sent to the AI provider; false stops that at once'),
  pictures: z.boolean(),
});

const version = z.string().min(1).max(20);

export const Consent = z.strictObject({ version, relation: Relation, items: Items, createdAt: instant });
export type Consent = z.infer<typeof Consent>;

export const consent = contract({
  summary: '监护人同意；可随时改变或撤回 AI 与图片。没有家长密码时可一并设置',
  access: 'gated',
  limit: 'pin',
  rest: 'POST /api/user/consent',
  input: z.strictObject({ version, relation: Relation, items: Items, pin: pin.optional() }),
  output: z.strictObject({ version, relation: Relation, items: Items }),
  example: { version: '2025-01', relation: 'parent', items: { diary: true, ai: true, pictures: true }, pin: '482915' },
});

export const consents = contract({
  summary: '需要同意的版本，以及历次同意，新的在前',
  access: 'user',
  limit: 'read',
  rest: 'GET /api/user/consents',
  input: z.strictObject({}),
  output: z.strictObject({
    required: z.string().nullable().describe('null: no consent is asked for'),
    isGiven: z.boolean(),
    consents: z.array(Consent),
  }),
  example: {},
});
