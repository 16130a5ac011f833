import { randomUUID } from 'node:crypto';
import type { CozeSettings } from '../runtime/ai-settings';
import { ProviderError } from './provider';

const LIFE_SECONDS = 900;
const RENEW_BEFORE_MS = 60_000;
const EPOCH = 1_000_000_000;

export type Exchange = (path: string, body: object, bearer: string) => Promise<unknown>;

let cached: { appId: string; token: string; renewAt: number } | undefined;

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;

/** The access token: the configured one, or one exchanged for a signed request and cached until shortly before it expires. */
export async function cozeToken({ access, baseUrl }: CozeSettings, exchange: Exchange): Promise<string> {
  if ('token' in access) return access.token;
  if (cached?.appId === access.appId && Date.now() < cached.renewAt) return cached.token;
  const { default: jwt } = await import('jsonwebtoken');
  const request = jwt.sign({ jti: randomUUID() }, access.privateKey, {
    algorithm: 'RS256',
    keyid: access.keyId,
    issuer: access.appId,
    audience: new URL(baseUrl).host,
    expiresIn: 600,
  });
  const body = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', duration_seconds: LIFE_SECONDS };
  const answer = await exchange('/api/permission/oauth2/token', body, request);
  const token = field(answer, 'access_token');
  if (typeof token !== 'string' || token === '') throw new ProviderError('misconfigured', 'oauth');
  // The name suggests a duration, but the value is an instant.
  const expires = Number(field(answer, 'expires_in')) || 0;
  const endsAt = (expires > EPOCH ? expires : Date.now() / 1_000 + expires) * 1_000;
  cached = { appId: access.appId, token, renewAt: endsAt - RENEW_BEFORE_MS };
  return token;
}

/** Drops the cached token after a refusal; the next call requests a new one. */
export const forgetCozeToken = (): void => {
  cached = undefined;
};
