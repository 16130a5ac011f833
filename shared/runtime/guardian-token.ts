import { config } from './config';

const ISSUER = 'growth-diary';
const AUDIENCE = 'guardian';
const LIFE_SECONDS = 900;

/** The account whose gate the token opens, and the epochs of account and gate; a change of either revokes the token. */
export interface GuardianClaims {
  userId: number;
  epoch: number;
  gateEpoch: number;
}

const seconds = (instant: Date): number => Math.floor(instant.getTime() / 1_000);

export async function signGuardianToken(
  { userId, epoch, gateEpoch }: GuardianClaims,
  now: Date,
): Promise<{ token: string; expiresAt: string }> {
  const { default: jwt } = await import('jsonwebtoken');
  const [{ id, key }] = config().jwtKeys;
  const issued = seconds(now);
  const token = jwt.sign({ iat: issued, exp: issued + LIFE_SECONDS, sub: String(userId), ep: epoch, ge: gateEpoch }, key, {
    algorithm: 'HS256',
    keyid: id,
    issuer: ISSUER,
    audience: AUDIENCE,
  });
  return { token, expiresAt: new Date((issued + LIFE_SECONDS) * 1_000).toISOString() };
}

/** The claims of a valid guardian token that we signed; null for anything else. */
export async function verifyGuardianToken(token: string, now: Date): Promise<GuardianClaims | null> {
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
      maxAge: LIFE_SECONDS,
    });
    if (typeof claims === 'string') return null;
    const { sub, ep, ge } = claims;
    const userId = Number(sub);
    if (!Number.isSafeInteger(userId) || typeof ep !== 'number' || typeof ge !== 'number') return null;
    return { userId, epoch: ep, gateEpoch: ge };
  } catch {
    return null;
  }
}
