import { createHash } from 'node:crypto';
import { AppError, type ErrorCode } from './errors';

/** A write's identity: repeated with the same content it answers the effect it had; with other content it is refused. */
export interface Request {
  requestId: string;
  /** SHA-256 of the action and its input. */
  hash: Buffer;
  /** `function.action`, or the type of a mutation. */
  action: string;
}

/** A request that was done before, as the table has it. `receipt` is JSON; null when it was acknowledged and dropped. */
export interface StoredRequest {
  hash: Buffer;
  receipt: string | null;
}

const isRefusal = (receipt: unknown): receipt is { refused: ErrorCode } =>
  typeof receipt === 'object' && receipt !== null && 'refused' in receipt;

/** Throws IDEMPOTENCY_MISMATCH when the content differs or the receipt was dropped, and the refusal of a mutation that was refused for good. */
export function receiptOf<Receipt>({ hash, receipt }: StoredRequest, request: Request): Receipt {
  if (!hash.equals(request.hash) || receipt === null) throw new AppError('IDEMPOTENCY_MISMATCH');
  const parsed = JSON.parse(receipt) as Receipt | { refused: ErrorCode };
  if (isRefusal(parsed)) throw new AppError(parsed.refused);
  return parsed;
}

/** What a posting answers: what it did, or, for a repeated request, the receipt of the first time. */
export type Posted<Receipt, More = object> = (Receipt & More & { replayed?: undefined }) | (Receipt & { replayed: true });

const hashOf = (action: string, input: object): Buffer => createHash('sha256').update(action).update(JSON.stringify(input)).digest();

export const requestOf = ({ action, requestId }: { action: string; requestId: string }, input: object): Request => ({
  requestId,
  hash: hashOf(action, input),
  action,
});

/** An id that the system makes: '~' is not in the alphabet of callers' ids (event.ts), so no caller can send one. */
export const systemRequestId = (name: string): string => `~${name}`;

/** Two operators, or an operator and the user they give to, may use the same id. */
export const operatorRequestOf = (ctx: { action: string; requestId: string; actor: string }, input: object): Request => ({
  ...requestOf(ctx, input),
  requestId: systemRequestId(`op:${createHash('sha256').update(`${ctx.actor}\n${ctx.requestId}`).digest('base64url')}`),
});
