import { type ErrorCode, errorKinds } from '../shared/errors';

const ownKinds = {
  STORAGE_FULL: { retryable: false, message: '手机存储空间不足，没有保存成功' },
  OUTBOX_FULL: { retryable: true, message: '待同步的内容太多，请联网后再继续' },
  ACCOUNT_CHANGED: { retryable: false, message: '登录的账号变了，请重新登录' },
} as const;

/** The server's closed set, and three that only a phone can know. */
export type GrowthDiaryErrorCode = ErrorCode | keyof typeof ownKinds;

const kindOf = (code: string): { retryable: boolean; message: string } | undefined =>
  ({ ...errorKinds, ...ownKinds })[code as GrowthDiaryErrorCode];

interface ErrorOptions {
  message?: string | undefined;
  details?: unknown;
  requestId?: string | undefined;
  retryAfter?: number | undefined;
}

/** Every promise of the SDK rejects with this and nothing else. `message` is a short Chinese sentence fit for a toast. */
export class GrowthDiaryError extends Error {
  readonly code: GrowthDiaryErrorCode;
  readonly details: unknown;
  /** The same call may succeed later. */
  readonly retryable: boolean;
  readonly requestId: string | null;
  /** Whole seconds to wait, where the server said so. */
  readonly retryAfter: number | null;

  /** A code that this version does not know yet is kept, and not retried. */
  constructor(code: string, { message, details, requestId, retryAfter }: ErrorOptions = {}) {
    const kind = kindOf(code);
    super(message ?? kind?.message ?? errorKinds.INTERNAL.message);
    this.name = 'GrowthDiaryError';
    this.code = code as GrowthDiaryErrorCode;
    this.details = details;
    this.retryable = kind?.retryable ?? false;
    this.requestId = requestId ?? null;
    this.retryAfter = retryAfter ?? null;
  }
}

/** No answer that can be read: what became of the call is unknown. */
export const noAnswer = (): GrowthDiaryError => new GrowthDiaryError('UNAVAILABLE', { message: '网络不太好，请稍后再试' });

export const refusal = (code: GrowthDiaryErrorCode, details?: unknown): GrowthDiaryError => new GrowthDiaryError(code, { details });

export const invalid = (path: string, message: string): GrowthDiaryError =>
  new GrowthDiaryError('INVALID_INPUT', { details: [{ path, message }] });

const asError = (error: unknown): never => {
  if (error instanceof GrowthDiaryError) throw error;
  throw new GrowthDiaryError('INTERNAL', { message: '出了点问题，请稍后再试', details: String(error) });
};

const isThenable = (value: unknown): value is Promise<unknown> => typeof (value as Promise<unknown> | null)?.then === 'function';

/** The same functions, whose promises reject with GrowthDiaryError only: a storage that fails to read throws what it likes. */
export function guarded<Api extends object>(api: Api): Api {
  const safe: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(api)) {
    safe[name] =
      typeof member === 'function'
        ? (...args: unknown[]) => {
            const answer: unknown = member(...args);
            return isThenable(answer) ? answer.then(undefined, asError) : answer;
          }
        : guarded(member);
  }
  return safe as Api;
}
