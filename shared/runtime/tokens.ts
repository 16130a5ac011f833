import type { JwtPayload, VerifyOptions } from 'jsonwebtoken';
import { config } from './config';

const ISSUER = 'growth-diary';
const USER_AUDIENCE = 'growth-diary-api';
const USER_LIFE_SECONDS = 7 * 86_400;
const SYSTEM_AUDIENCE = 'growth-diary-system';
const SYSTEM_LIFE_SECONDS = 60;
const SKEW_SECONDS = 30;

/** The claims of a user's token. A logout raises the user's epoch and so revokes every token of earlier epochs. */
export interface Claims {
  userId: number;
  /** Hash of the openid. */
  subject: string;
  epoch: number;
}

const seconds = (instant: Date): number => Math.floor(instant.getTime() / 1_000);

/** The payload of a valid token that we signed; null for anything else. */
async function verify(token: string, now: Date, options: VerifyOptions): Promise<JwtPayload | null> {
  const { default: jwt } = await import('jsonwebtoken');
  try {
    const kid = jwt.decode(token, { complete: true })?.header.kid;
    const signer = config().jwtKeys.find(({ id }) => id === kid);
    if (!signer) return null;
    const payload = jwt.verify(token, signer.key, { ...options, algorithms: ['HS256'], clockTimestamp: seconds(now), complete: false });
    return typeof payload === 'string' ? null : payload;
  } catch {
    return null;
  }
}

export async function signToken({ userId, subject, epoch }: Claims, now: Date): Promise<{ token: string; expiresAt: string }> {
  const { default: jwt } = await import('jsonwebtoken');
  const [{ id, key }] = config().jwtKeys;
  const issued = seconds(now);
  const token = jwt.sign({ iat: issued, exp: issued + USER_LIFE_SECONDS, sub: String(userId), tag: subject, ep: epoch }, key, {
    algorithm: 'HS256',
    keyid: id,
    issuer: ISSUER,
    audience: USER_AUDIENCE,
  });
  return { token, expiresAt: new Date((issued + USER_LIFE_SECONDS) * 1_000).toISOString() };
}

/** The claims of a user's token; null when we did not sign it or it is not valid now. */
export async function verifyToken(token: string, now: Date): Promise<Claims | null> {
  const claims = await verify(token, now, { issuer: ISSUER, audience: USER_AUDIENCE, clockTolerance: SKEW_SECONDS });
  if (claims?.iat === undefined || claims.exp === undefined || claims.iat > seconds(now) + SKEW_SECONDS) return null;
  const userId = Number(claims.sub);
  const { tag, ep } = claims;
  if (!Number.isSafeInteger(userId) || typeof tag !== 'string' || typeof ep !== 'number') return null;
  return { userId, subject: tag, epoch: ep };
}

/** Signs the proof, valid for one minute, that one of our functions calls another on behalf of the system. */
export async function signSystemToken(now: Date): Promise<string> {
  const { default: jwt } = await import('jsonwebtoken');
  const [{ id, key }] = config().jwtKeys;
  const issued = seconds(now);
  const claims = { iat: issued, exp: issued + SYSTEM_LIFE_SECONDS };
  return jwt.sign(claims, key, { algorithm: 'HS256', keyid: id, audience: SYSTEM_AUDIENCE });
}

export const isSystemToken = async (token: string, now: Date): Promise<boolean> =>
  (await verify(token, now, { audience: SYSTEM_AUDIENCE, maxAge: SYSTEM_LIFE_SECONDS })) !== null;
