import { createHash } from 'node:crypto';
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

function routes(): FakeRoutes {
  const used = new Set<string>();
  return {
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
