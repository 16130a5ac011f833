import { config } from '../runtime/config';
import type { Errand } from '../runtime/context';
import { CannotCheck, type Inspector, RISKY_CODE, scenes, suggestionIn } from './inspector';

// https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/sec-center/sec-check/msgSecCheck.html; errors are sent with HTTP 200.
const RENEW_BEFORE_MS = 300_000;
const TOKEN_EXPIRED = new Set([40001, 40014, 42001]);

interface Answer {
  errcode?: number;
  access_token?: string;
  expires_in?: number;
  result?: unknown;
  trace_id?: string;
}

let token: { value: string; renewAt: number } | undefined;

async function post(path: string, body: object, { requestId, deadline }: Errand): Promise<Answer> {
  const timeoutMs = Math.max(1, deadline - Date.now());
  const { default: axios } = await import('axios');
  try {
    const { data } = await axios.post<unknown>(`${config().wechat.apiBase}${path}`, body, {
      headers: { 'x-request-id': requestId },
      timeout: timeoutMs,
      signal: AbortSignal.timeout(timeoutMs),
      maxContentLength: 64 * 1_024,
      maxRedirects: 0,
    });
    if (typeof data !== 'object' || data === null) throw new CannotCheck(0);
    return data;
  } catch {
    // The cause is omitted: it contains the URL, and the URL contains the access token.
    throw new CannotCheck(0);
  }
}

/** Our access token. `stable_token` answers the same token to every instance, so that no instance invalidates another's. */
async function accessToken(errand: Errand): Promise<string> {
  if (token && Date.now() < token.renewAt) return token.value;
  const { appId, secret } = config().wechat;
  const answer = await post('/cgi-bin/stable_token', { grant_type: 'client_credential', appid: appId, secret }, errand);
  if (!answer.access_token) throw new CannotCheck(answer.errcode ?? 0);
  const lifeMs = (answer.expires_in ?? 0) * 1_000;
  token = { value: answer.access_token, renewAt: Date.now() + Math.max(lifeMs - RENEW_BEFORE_MS, 0) };
  return token.value;
}

async function ask(path: string, body: object, errand: Errand): Promise<Answer> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await post(`${path}?access_token=${encodeURIComponent(await accessToken(errand))}`, body, errand);
    const code = answer.errcode ?? 0;
    if (code === 0) return answer;
    if (code === RISKY_CODE) return { result: { suggest: 'risky' } };
    if (!TOKEN_EXPIRED.has(code) || attempt > 0) throw new CannotCheck(code);
    token = undefined;
  }
}

/** Calls api.weixin.qq.com directly. */
export const httpsInspector: Inspector = {
  async inspectText(content, scene, openid, errand) {
    const { result } = await ask('/wxa/msg_sec_check', { version: 2, openid, scene: scenes[scene], content }, errand);
    return suggestionIn(result);
  },
  async submitPicture(url, openid, errand) {
    const body = { version: 2, openid, scene: scenes.ai, media_type: 2, media_url: url };
    const { trace_id: traceId } = await ask('/wxa/media_check_async', body, errand);
    if (!traceId) throw new CannotCheck(0);
    return traceId;
  },
};
