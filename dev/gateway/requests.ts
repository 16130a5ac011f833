import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';

/** A refusal by the gateway itself, before any function is called. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

// In the context, variables are `K=V;K=V`: an openid that contains one of these characters would inject variables.
const openid = z.string().regex(/^[\w-]{1,64}$/, 'letters, digits, - and _ only');

export const instant = z.iso.datetime({ offset: true });

const invokeBody = z
  .strictObject({
    data: z.record(z.string(), z.unknown()).default({}),
    as: z.strictObject({ openid }).optional(),
    door: z.enum(['miniprogram', 'console', 'timer']).optional(),
    now: instant.optional(),
  })
  .transform((body) => ({ ...body, door: body.door ?? (body.as ? 'miniprogram' : 'console') }))
  .refine(({ door, as }) => (door === 'miniprogram') === (as !== undefined), {
    path: ['as'],
    message: 'the miniprogram door, and it alone, needs to know whom to call as',
  });

export type InvokeBody = z.input<typeof invokeBody>;

export function parseInvokeBody(body: unknown): z.output<typeof invokeBody> {
  const parsed = invokeBody.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Refusal(400, parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
}

const maxBodyBytes = 6 * 1024 * 1024;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // The body is read to its end, otherwise the caller sees a broken pipe instead of the answer.
    if (size <= maxBodyBytes) chunks.push(chunk);
  }
  if (size > maxBodyBytes) throw new Refusal(413, 'the body is larger than 6 MB');
  return Buffer.concat(chunks);
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
