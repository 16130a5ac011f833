import { createHash } from 'node:crypto';

/** A write's identity: asked again with the same body it answers the same, with another body it is refused. */
export interface Request {
  requestId: string;
  /** SHA-256 of what is asked. */
  hash: Buffer;
}

const hashOf = (action: string, input: object): Buffer => createHash('sha256').update(action).update(JSON.stringify(input)).digest();

export const requestOf = (ctx: { action: string; requestId: string }, input: object): Request => ({
  requestId: ctx.requestId,
  hash: hashOf(ctx.action, input),
});

/** Two operators, or an operator and the user they give to, may have come upon the same id. */
export const operatorRequestOf = (ctx: { action: string; requestId: string; actor: string }, input: object): Request => ({
  requestId: `op:${createHash('sha256').update(`${ctx.actor}\n${ctx.requestId}`).digest('base64url')}`,
  hash: hashOf(ctx.action, input),
});
