import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Fake, type FakeAnswer, type FakeRoutes, startFake } from './server';

// WeChat reports its errors with HTTP 200.
const failure = (errcode: number, errmsg: string): FakeAnswer => ({ body: { errcode, errmsg } });

function session(openid: string): FakeAnswer {
  const sessionKey = createHash('md5').update(openid).digest('base64');
  return { body: { session_key: sessionKey, openid } };
}

/**
 * The login codes it knows: `dev-<openid>` always works; `once-<openid>` works once, as real ones do; `fail-<errcode>`,
 * `slow-<ms>`, `html` and `http-500` misbehave as told; all others are invalid.
 */
async function exchange(code: string, used: Set<string>): Promise<FakeAnswer> {
  const [, kind, rest = ''] = /^([a-z]+)-?(.*)$/.exec(code) ?? [];
  if (kind === 'dev' && rest) return session(rest);
  if (kind === 'fail') return failure(Number(rest), 'as told');
  if (kind === 'html') return { body: '<html><body>502 Bad Gateway</body></html>' };
  if (kind === 'http') return { status: Number(rest), body: 'as told' };
  if (kind === 'slow') {
    await wait(Number(rest));
    return session(`slow${rest}`);
  }
  if (kind === 'once' && rest && !used.has(code)) {
    used.add(code);
    return session(rest);
  }
  return failure(40029, 'invalid code');
}

/** What the content check says of a text: `违规`, `待审`, `不活跃` (61010), `返回码<errcode>` and `检查坏了` in it decide; `检查超时` takes two seconds. */
export async function judge(content: string): Promise<FakeAnswer> {
  if ([...content].length > 2_500) return failure(40003, 'content too long');
  if (content.includes('检查超时')) await wait(2_000);
  if (content.includes('检查坏了')) return { status: 502, body: '<html>Bad Gateway</html>' };
  const told = /返回码(-?\d+)/.exec(content)?.[1];
  if (told !== undefined) return failure(Number(told), 'as told');
  if (content.includes('不活跃')) return failure(61010, 'code is expired');
  const suggest = content.includes('违规') ? 'risky' : content.includes('待审') ? 'review' : 'pass';
  return { body: { errcode: 0, errmsg: 'ok', result: { suggest, label: suggest === 'pass' ? 100 : 20001 }, trace_id: newTrace() } };
}

const newTrace = (): string => randomUUID().slice(0, 30);

/** Takes a picture in; the verdict would come as an event. */
export const takePicture = (): FakeAnswer => ({ body: { errcode: 0, errmsg: 'ok', trace_id: newTrace() } });

const tokens = new Set<string>();

const withToken =
  (answer: (body: string) => FakeAnswer | Promise<FakeAnswer>) =>
  ({ query, body }: { query: URLSearchParams; body: string }): FakeAnswer | Promise<FakeAnswer> =>
    tokens.has(query.get('access_token') ?? '') ? answer(body) : failure(40001, 'invalid credential');

function contentRoutes(): FakeRoutes {
  return {
    'POST /cgi-bin/stable_token': ({ body }) => {
      const { appid, secret, grant_type: type } = JSON.parse(body);
      if (!appid || !secret || type !== 'client_credential') return failure(40125, 'invalid appsecret');
      const token = `stable-${appid}`;
      tokens.add(token);
      return { body: { access_token: token, expires_in: 7_200 } };
    },
    'POST /wxa/msg_sec_check': withToken((body) => {
      const { version, openid, scene, content } = JSON.parse(body);
      return version === 2 && openid && scene ? judge(content) : failure(40003, 'invalid parameter');
    }),
    'POST /wxa/media_check_async': withToken((body) =>
      /^https?:/.test(JSON.parse(body).media_url) ? takePicture() : failure(40006, 'invalid url'),
    ),
  };
}

function routes(): FakeRoutes {
  const used = new Set<string>();
  return {
    ...contentRoutes(),
    'GET /sns/jscode2session': ({ query }) => {
      if (!query.get('appid')) return failure(40013, 'invalid appid');
      if (!query.get('secret')) return failure(40125, 'invalid appsecret');
      if (query.get('grant_type') !== 'authorization_code') return failure(40002, 'invalid grant_type');
      return exchange(query.get('js_code') ?? '', used);
    },
  };
}

export function startFakeWechat(): Promise<Fake> {
  return startFake(routes());
}
