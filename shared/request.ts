import { createHash } from 'node:crypto';

/** A write's identity: asked again with the same body it answers the same, with another body it is refused. */
export interface Request {
  id: string;
  /** SHA-256 of what is asked. */
  hash: Buffer;
}

export const requestOf = (ctx: { action: string; requestId: string }, input: object): Request => ({
  id: ctx.requestId,
  hash: createHash('sha256').update(ctx.action).update(JSON.stringify(input)).digest(),
});
