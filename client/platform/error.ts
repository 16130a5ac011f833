import type { ErrorCode } from '../../shared/errors';
import { isBag, isInteger, isText } from './text';

/** What only a phone can know. */
type OwnCode = 'STORAGE_FULL' | 'OUTBOX_FULL' | 'ACCOUNT_CHANGED';

/** The server's closed set, and three more. */
export type GrowthDiaryErrorCode = ErrorCode | OwnCode;

/** The same call may succeed later. Of the server's codes a test proves it. */
const retryable: readonly string[] = ['RATE_LIMITED', 'PROVIDER_ERROR', 'UNAVAILABLE', 'OUTBOX_FULL'] satisfies GrowthDiaryErrorCode[];

/** Of what is refused on the phone; the server's refusals bring their own. */
const messages: Partial<Record<string, string>> = {
  INVALID_INPUT: '填写的内容有误，请检查后再试',
  UNAUTHENTICATED: '请先登录',
  ACCOUNT_ERASED: '这个账号已经注销了',
  FORBIDDEN: '还没有轮到搬家',
  NOT_FOUND: '没有找到相关内容',
  DIARY_EXISTS: '这一天已经写过日记了',
  VERSION_CONFLICT: '内容已在别处修改，两份都保留着',
  UNAVAILABLE: '网络不太好，请稍后再试',
  STORAGE_FULL: '手机存储空间不足，没有保存成功',
  OUTBOX_FULL: '待同步的内容太多，请联网后再继续',
  ACCOUNT_CHANGED: '登录的账号变了，请重新登录',
} satisfies Partial<Record<GrowthDiaryErrorCode, string>>;

/** As an envelope carries them: nothing is known of them. */
interface ErrorOptions {
  message?: unknown;
  details?: unknown;
  requestId?: unknown;
  retryAfter?: unknown;
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
    super(isText(message) ? message : (messages[code] ?? '出了点问题，请稍后再试'));
    this.name = 'GrowthDiaryError';
    this.code = code as GrowthDiaryErrorCode;
    this.details = details;
    this.retryable = retryable.includes(code);
    this.requestId = isText(requestId) ? requestId : null;
    this.retryAfter = isInteger(retryAfter) ? retryAfter : null;
  }
}

/** No answer that can be read: what became of the call is unknown. */
export const noAnswer = (): GrowthDiaryError => new GrowthDiaryError('UNAVAILABLE');

export const timedOut = (): GrowthDiaryError => new GrowthDiaryError('UNAVAILABLE', { message: TIMED_OUT });

const TIMED_OUT = '等了太久没有回应，请稍后再试';

/** What WeChat's cloud says of a call that brought no envelope, by its errCode. */
const platformMessages: Record<number, string> = {
  [-504002]: TIMED_OUT,
  [-504003]: TIMED_OUT,
  [-501000]: '云函数还没有部署好',
  [-601034]: '云开发没有初始化或没有权限',
  [-404011]: '云函数执行出错，请稍后再试',
};

/**
 * A rejected transport: UNAVAILABLE, because it is open whether the call was done. `details.errCode` is the platform's code where it
 * gave one; without one the network is the likely reason.
 */
export function transportError(error: unknown): GrowthDiaryError {
  const { errCode: given, errMsg, message } = isBag(error) ? error : {};
  const text = String(errMsg ?? message ?? error);
  const errCode = isInteger(given) ? given : Number(/errCode:?\s*(-\d+)/.exec(text)?.[1] ?? 0);
  if (errCode === 0) return noAnswer();
  return new GrowthDiaryError('UNAVAILABLE', {
    message: platformMessages[errCode] ?? `云开发出错（${errCode}）`,
    details: { errCode, errMsg: text },
  });
}

/** Whether what the phone has may stand in for this failure: an answer that was never given, but not a refusal. */
export const isNoAnswer = (error: unknown): boolean =>
  error instanceof GrowthDiaryError && (error.retryable || error.code === 'INTERNAL' || error.code === 'UPGRADE_REQUIRED');

export const refusal = (code: GrowthDiaryErrorCode, details?: unknown): GrowthDiaryError => new GrowthDiaryError(code, { details });

export const invalid = (path: string, message: string): GrowthDiaryError =>
  new GrowthDiaryError('INVALID_INPUT', { message, details: [{ path, message }] });

/** The server would refuse it; a phone that shows what it has must not show something else. */
export function requirePage({ page, limit }: { page?: number | undefined; limit?: number | undefined }): void {
  const check = (path: string, value: number | undefined, most: number): void => {
    if (value !== undefined && !(isInteger(value) && value > 0 && value <= most)) throw invalid(path, `应为 1 到 ${most} 的整数`);
  };
  check('page', page, 1e5);
  check('limit', limit, 100);
}

const asError = (error: unknown): never => {
  if (error instanceof GrowthDiaryError) throw error;
  throw new GrowthDiaryError('INTERNAL', { details: String(error) });
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
