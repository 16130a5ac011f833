import { createHash, timingSafeEqual } from 'node:crypto';
import { isSystemToken } from '../login/system-token';
import { type Claims, verifyToken } from '../login/token';
import { config } from './config';
import type { Call } from './event';
import type { Database } from './mysql';
import { sessionKey } from './rate-limit';
import { type Cache, evaluate, type RedisClient } from './redis';

/** Who a call claims to be, proved by WeChat's context, a token or the platform; not yet looked up. */
export type Credentials =
  | { kind: 'nobody' }
  | { kind: 'system' }
  | { kind: 'operator'; subject: string; actor: string }
  | { kind: 'openid'; subject: string; openid: string }
  | { kind: 'token'; subject: string; claims: Claims };

export interface Session {
  userId: number;
  epoch: number;
  alive: boolean;
}

const SESSION_SECONDS = 30;

/** Stands for an openid wherever the openid itself must not stand: cache keys, tokens, logs. */
export const subjectOf = (openid: string): string => createHash('sha256').update(openid).digest('base64url').slice(0, 22);

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export async function credentialsOf(call: Call): Promise<Credentials> {
  if (call.door === 'timer') return { kind: 'system' };
  // Our own function calling: before the openid, because the platform passes on that of whoever called it.
  if (call.token !== null && call.door !== 'http' && (await isSystemToken(call.token, call.now))) return { kind: 'system' };
  if (call.openid !== null) return { kind: 'openid', subject: subjectOf(call.openid), openid: call.openid };
  const { token } = call;
  if (token === null) return { kind: 'nobody' };
  const operator = config().operators.tokens.find((known) => timingSafeEqual(digest(known.token), digest(token)));
  if (operator) return { kind: 'operator', subject: `operator:${operator.name}`, actor: operator.name };
  const claims = await verifyToken(token, call.now);
  return claims ? { kind: 'token', subject: claims.subject, claims } : { kind: 'nobody' };
}

/** Never replaces a later state by an earlier one: a slow reader must not undo a logout. */
const REMEMBER = `
local session, user, epoch, alive, subject, seconds = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local known = redis.call('GET', session)
if known then
  local knownUser, knownEpoch = string.match(known, '^(%d+):(%d+)')
  local ahead = knownUser - user
  if ahead > 0 or (ahead == 0 and knownEpoch - epoch > 0) then return 0 end
end
redis.call('SET', session, user .. ':' .. epoch .. ':' .. alive .. ':' .. subject, 'EX', seconds)
return 1
`;

const remembering =
  (subject: string, { userId, epoch, alive }: Session) =>
  (redis: RedisClient) =>
    evaluate(redis, REMEMBER, [sessionKey(subject)], [userId, epoch, alive ? 1 : 0, subject, SESSION_SECONDS]);

/** Tells every instance at once what the session now is. */
export async function rememberSession(cache: Cache, subject: string, session: Session): Promise<void> {
  await cache.run(remembering(subject, session));
}

/** As `rememberSession`, when the session before must no longer count: until they are told, other instances go by it for as long as it is cached. */
export async function replaceSession(cache: Cache, subject: string, session: Session): Promise<void> {
  await cache.insist(remembering(subject, session));
}

/** Null when it is not that person's: an answer of Redis that was meant for another caller must not make one child another. */
const parseSession = (text: string, subject: string): Session | null => {
  const [userId, epoch, alive, owner] = text.split(':');
  return owner === subject ? { userId: Number(userId), epoch: Number(epoch), alive: alive === '1' } : null;
};

/** Sessions as this process last met them: a guess, which whatever acts on it proves. */
const met = new Map<string, Session>();
const MAX_MET = 10_000;

function remember(subject: string, session: Session): void {
  if (met.size >= MAX_MET) met.clear();
  met.set(subject, session);
}

export const forgetSession = (subject: string): boolean => met.delete(subject);

/** Who the caller will most likely turn out to be; null when there is nothing to go by. */
export function guessSession(credentials: Credentials): Pick<Session, 'userId' | 'epoch'> | null {
  if (credentials.kind === 'token') return credentials.claims;
  return credentials.kind === 'openid' ? (met.get(credentials.subject) ?? null) : null;
}

interface SessionRow {
  id: number;
  openid: string | null;
  token_epoch: number;
  status: number;
}

const COLUMNS = 'id, openid, token_epoch, status';

/** What it finds is remembered under the subject, so it has to be that person's: an erased account is nobody's any more. */
const selectSession = async (db: Database, credentials: Credentials & { kind: 'openid' | 'token' }): Promise<Session | null> => {
  const [row] =
    credentials.kind === 'openid'
      ? await db.rows<SessionRow>('session.by-openid', `SELECT ${COLUMNS} FROM users WHERE openid = ?`, [credentials.openid])
      : await db.rows<SessionRow>('session.by-id', `SELECT ${COLUMNS} FROM users WHERE id = ?`, [credentials.claims.userId]);
  if (!row?.openid || subjectOf(row.openid) !== credentials.subject) return null;
  return { userId: row.id, epoch: row.token_epoch, alive: row.status === 1 };
};

/** A token we signed after what the cache remembers: word of a logout or of a fresh account did not reach it. */
const isNewer = (credentials: Credentials & { kind: 'openid' | 'token' }, { userId, epoch }: Session): boolean =>
  credentials.kind === 'token' &&
  (credentials.claims.userId > userId || (credentials.claims.userId === userId && credentials.claims.epoch > epoch));

/** The user behind proved credentials, or null when they never signed in, signed out since, or erased the account. */
export async function sessionOf(
  db: Database,
  cache: Cache,
  credentials: Credentials & { kind: 'openid' | 'token' },
  cached: string | null,
): Promise<Session | null> {
  let session = cached === null ? null : parseSession(cached, credentials.subject);
  if (session === null || isNewer(credentials, session)) {
    session = await selectSession(db, credentials);
    if (session) await rememberSession(cache, credentials.subject, session);
  }
  if (!session?.alive) {
    forgetSession(credentials.subject);
    return null;
  }
  if (credentials.kind === 'token' && (session.userId !== credentials.claims.userId || session.epoch !== credentials.claims.epoch))
    return null;
  remember(credentials.subject, session);
  return session;
}
