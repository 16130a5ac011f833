import { AppError, type ErrorCode } from '../errors';
import { config } from '../runtime/config';
import type { Errand } from '../runtime/context';

const TIMEOUT_MS = 5_000;
const RETRIES = 2;

/** https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html; errors are sent with HTTP 200. */
const refusals: Record<number, ErrorCode> = {
  40029: 'UNAUTHENTICATED',
  40163: 'UNAUTHENTICATED',
  40226: 'FORBIDDEN',
  45011: 'RATE_LIMITED',
};
const BUSY = -1;

const options: Partial<Record<ErrorCode, object>> = {
  UNAUTHENTICATED: { message: '登录凭证已失效，请重试' },
  RATE_LIMITED: { retryAfter: 60 },
};

interface Session {
  openid?: string;
  errcode?: number;
}

async function ask(code: string, { requestId, deadline }: Errand): Promise<Session> {
  const { default: axios } = await import('axios');
  const { appId, secret, apiBase } = config().wechat;
  try {
    const { data } = await axios.get<unknown>(`${apiBase}/sns/jscode2session`, {
      headers: { 'x-request-id': requestId },
      params: { appid: appId, secret, js_code: code, grant_type: 'authorization_code' },
      timeout: Math.max(1, Math.min(TIMEOUT_MS, deadline - Date.now())),
      maxContentLength: 64 * 1_024,
      maxRedirects: 0,
    });
    if (typeof data !== 'object' || data === null) throw new AppError('UNAVAILABLE', { message: '微信登录暂时不可用' });
    return data;
  } catch (error) {
    if (error instanceof AppError) throw error;
    // The cause is omitted: axios errors contain the URL, and the URL contains the app's secret.
    throw new AppError('UNAVAILABLE', { message: '微信登录暂时不可用' });
  }
}

/** Exchanges a `wx.login` code for the openid. A code is single-use: only WeChat's "busy" answer is retried. */
export async function code2session(code: string, errand: Errand): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    const { openid, errcode = 0 } = await ask(code, errand);
    if (typeof openid === 'string' && openid !== '') return openid;
    if (errcode === BUSY && attempt < RETRIES && Date.now() < errand.deadline) continue;
    const refusal = refusals[errcode];
    if (refusal === undefined) throw new AppError(errcode === BUSY ? 'UNAVAILABLE' : 'INTERNAL', { cause: new WechatError(errcode) });
    throw new AppError(refusal, options[refusal]);
  }
}

class WechatError extends Error {
  override readonly name = 'WechatError';
  readonly code: number;

  constructor(code: number) {
    super(`code2session ${code}`);
    this.code = code;
  }
}
