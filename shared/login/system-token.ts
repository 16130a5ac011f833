import { config } from '../runtime/config';

const AUDIENCE = 'growth-diary-system';
const LIFE_SECONDS = 60;

const seconds = (instant: Date): number => Math.floor(instant.getTime() / 1_000);

/** Proof, for a minute, that one of our functions is calling another on the system's behalf. */
export async function signSystemToken(now: Date): Promise<string> {
  const { default: jwt } = await import('jsonwebtoken');
  const [{ id, key }] = config().jwtKeys;
  const issued = seconds(now);
  return jwt.sign({ iat: issued, exp: issued + LIFE_SECONDS }, key, { algorithm: 'HS256', keyid: id, audience: AUDIENCE });
}

export async function isSystemToken(token: string, now: Date): Promise<boolean> {
  const { default: jwt } = await import('jsonwebtoken');
  try {
    const decoded = jwt.decode(token, { complete: true });
    const signer = config().jwtKeys.find(({ id }) => id === decoded?.header.kid);
    if (!signer) return false;
    jwt.verify(token, signer.key, { algorithms: ['HS256'], audience: AUDIENCE, clockTimestamp: seconds(now), maxAge: LIFE_SECONDS });
    return true;
  } catch {
    return false;
  }
}
