import { createHash, timingSafeEqual } from 'node:crypto';
import { BoundedMap } from './bounded-map';
import { config } from './config';
import type { Call } from './event';
import { isSystemToken, verifyToken } from './tokens';

/** The caller, as proved by WeChat's context, a token or the platform. `subject` is the key that calls are counted by. */
export type Caller =
  | { kind: 'nobody' }
  | { kind: 'system' }
  | { kind: 'operator'; subject: string; actor: string }
  | { kind: 'openid'; subject: string; openid: string }
  | { kind: 'token'; subject: string; userId: number; epoch: number };

const subjects = new BoundedMap<string, string>(10_000);

/** Hash of an openid. It is used wherever the openid itself must not appear: Redis keys, tokens, logs. */
export function subjectOf(openid: string): string {
  const known = subjects.get(openid);
  if (known !== undefined) return known;
  const subject = createHash('sha256').update(openid).digest('base64url').slice(0, 22);
  subjects.set(openid, subject);
  return subject;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Verifies the proof that a call carries. No lookup: the statements of the action check whether the account is active. */
export async function callerOf(call: Call): Promise<Caller> {
  const { door, openid, token, now } = call;
  if (door === 'timer') return { kind: 'system' };
  // Checked before the openid, because the platform passes the first caller's openid on from function to function.
  if (token !== null && door !== 'http' && (await isSystemToken(token, now))) return { kind: 'system' };
  if (openid !== null) return { kind: 'openid', subject: subjectOf(openid), openid };
  if (token === null) return { kind: 'nobody' };
  const operator = config().operators.tokens.find((known) => timingSafeEqual(digest(known.token), digest(token)));
  if (operator) return { kind: 'operator', subject: `operator:${operator.name}`, actor: operator.name };
  const claims = await verifyToken(token, now);
  return claims ? { kind: 'token', ...claims } : { kind: 'nobody' };
}
