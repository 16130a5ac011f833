import * as z from 'zod';
import { contract } from '../shared/contract';
import { action, serve } from '../shared/runtime/serve';

/** The whole of serve() around an operation that touches neither MySQL nor Redis. */
const echo = contract({
  summary: '',
  access: 'public',
  limit: 'read',
  input: z.strictObject({ date: z.string(), content: z.string(), tags: z.array(z.string()) }),
  output: z.strictObject({ content: z.string() }),
  example: { date: '', content: '', tags: [] },
});

export const main = serve('pipeline', { echo: action(echo, async (_, { content }) => ({ content })) });
