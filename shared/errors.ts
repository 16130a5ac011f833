interface ErrorKind {
  status: number;
  retryable: boolean;
  message: string;
}

/** The closed set of error codes: HTTP status, whether the same call may succeed later, and a sentence fit for a toast. */
export const errorKinds = {
  INVALID_INPUT: { status: 400, retryable: false, message: '填写的内容有误，请检查后再试' },
  UNAUTHENTICATED: { status: 401, retryable: false, message: '请先登录' },
  ACCOUNT_ERASED: { status: 401, retryable: false, message: '这个账号已经注销了' },
  FORBIDDEN: { status: 403, retryable: false, message: '没有权限进行此操作' },
  GUARDIAN_REQUIRED: { status: 403, retryable: false, message: '需要家长确认后才能进行' },
  PIN_INVALID: { status: 403, retryable: false, message: '家长密码不正确' },
  // No action answers it yet. Phones know it, so that asking for consent will need no new version of them.
  CONSENT_REQUIRED: { status: 403, retryable: false, message: '需要监护人同意后才能使用' },
  NOT_FOUND: { status: 404, retryable: false, message: '没有找到相关内容' },
  DIARY_EXISTS: { status: 409, retryable: false, message: '这一天已经写过日记了' },
  VERSION_CONFLICT: { status: 409, retryable: false, message: '内容已在别处修改，请刷新后再试' },
  TASK_ALREADY_COMPLETED: { status: 409, retryable: false, message: '这个任务已经完成了' },
  TASK_NOT_COMPLETED: { status: 409, retryable: false, message: '这个任务还没有完成' },
  POINTS_INSUFFICIENT: { status: 409, retryable: false, message: '积分不够' },
  LOTTERY_EMPTY: { status: 409, retryable: false, message: '奖品都抽完啦，下次再来' },
  IDEMPOTENCY_MISMATCH: { status: 409, retryable: false, message: '请求编号重复，请重新提交' },
  CONTENT_REJECTED: { status: 422, retryable: false, message: '内容未通过安全检查，请修改后再试' },
  AI_DISABLED: { status: 409, retryable: false, message: 'AI 功能已关闭' },
  QUOTA_EXCEEDED: { status: 429, retryable: false, message: '今天的次数用完了，明天再来吧' },
  RATE_LIMITED: { status: 429, retryable: true, message: '操作太频繁，请稍后再试' },
  UPGRADE_REQUIRED: { status: 426, retryable: false, message: '版本过旧，请更新小程序' },
  INTERNAL: { status: 500, retryable: false, message: '服务出了点问题，请稍后再试' },
  PROVIDER_ERROR: { status: 502, retryable: true, message: '外部服务暂时不可用，请稍后再试' },
  UNAVAILABLE: { status: 503, retryable: true, message: '服务暂时不可用，请稍后再试' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

export interface FieldError {
  path: string;
  message: string;
}

export interface ErrorBody {
  code: ErrorCode;
  message: string;
  details?: unknown;
  /** Whole seconds to wait. */
  retryAfter?: number;
}

export type Envelope<Data = unknown> =
  | { success: true; data: Data; requestId: string }
  | { success: false; error: ErrorBody; requestId: string };

interface AppErrorOptions {
  message?: string;
  details?: unknown;
  retryAfter?: number;
  cause?: unknown;
}

/** The sentence of the first wrong field: it tells a person what to mend, the general one does not. */
const firstSentence = (details: unknown): string | undefined =>
  Array.isArray(details) ? (details as Partial<FieldError>[])[0]?.message : undefined;

/** A refusal that the caller is meant to see. Anything else that is thrown answers INTERNAL. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, { message, details, retryAfter, cause }: AppErrorOptions = {}) {
    super(message ?? (code === 'INVALID_INPUT' ? firstSentence(details) : undefined) ?? errorKinds[code].message, { cause });
    this.code = code;
    this.details = details;
    this.retryAfter = retryAfter;
  }

  toBody(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      ...(this.details !== undefined && { details: this.details }),
      ...(this.retryAfter !== undefined && { retryAfter: this.retryAfter }),
    };
  }
}

/** INVALID_INPUT for one field that only the operation can judge. */
export const fieldError = (path: string, message: string): AppError =>
  new AppError('INVALID_INPUT', { details: [{ path, message }] satisfies FieldError[] });

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorKinds, code);

/** For `.catch`: what is thrown in place of a refusal with `code`; anything else passes on. */
export const instead =
  (code: ErrorCode, better: () => AppError) =>
  (error: unknown): never => {
    throw error instanceof AppError && error.code === code ? better() : error;
  };
