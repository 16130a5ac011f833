import { config } from '../runtime/config';

const ISSUER = 'growth-diary';
const AUDIENCE = 'growth-diary-api';
const LIFE_SECONDS = 7 * 86_400;
const SKEW_SECONDS = 30;

/** What a token says: whose it is, under which hash of the openid the session is cached, and the epoch that logout moves on. */
export interface Claims {
  userId: number;
  subject: string;
  epoch: number;
}

const seconds = (instant: Date): number => Math.floor(instant.getTime() / 1_000);

export async function signToken({ userId, subject, epoch }: Claims, now: Date): Promise<{ token: string; expiresAt: string }> {
  const { default: jwt } = await import('jsonwebtoken');
  const [{ id, key }] = config().jwtKeys;
  const issued = seconds(now);
  const token = jwt.sign({ iat: issued, exp: issued + LIFE_SECONDS, sub: String(userId), tag: subject, ep: epoch }, key, {
    algorithm: 'HS256',
    keyid: id,
    issuer: ISSUER,
    audience: AUDIENCE,
  });
  return { token, expiresAt: new Date((issued + LIFE_SECONDS) * 1_000).toISOString() };
}

/** The claims of a token that we signed and that is valid now; null for anything else. */
export async function verifyToken(token: string, now: Date): Promise<Claims | null> {
  const { default: jwt } = await import('jsonwebtoken');
  try {
    const kid = jwt.decode(token, { complete: true })?.header.kid;
    const signer = config().jwtKeys.find(({ id }) => id === kid);
    if (!signer) return null;
    const claims = jwt.verify(token, signer.key, {
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: AUDIENCE,
      clockTimestamp: seconds(now),
      clockTolerance: SKEW_SECONDS,
    });
    if (typeof claims === 'string' || claims.iat === undefined || claims.exp === undefined) return null;
    if (claims.iat > seconds(now) + SKEW_SECONDS) return null;
    const userId = Number(claims.sub);
    const { tag, ep } = claims;
    if (!Number.isSafeInteger(userId) || typeof tag !== 'string' || typeof ep !== 'number') return null;
    return { userId, subject: tag, epoch: ep };
  } catch {
    return null;
  }
}
