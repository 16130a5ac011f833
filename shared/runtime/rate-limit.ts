import { type LimitName, limits } from '../contract';
import { config } from './config';
import { type Cache, evaluate } from './redis';

/**
 * One trip answers both questions of the door: who is behind this subject (the cached session), and is there room for one more call.
 * A window begins with its first call, so that a burst across the turn of a minute gets no second helping. A refused call spends nothing:
 * a client that hammers away for a minute must not lose its day. Calls that were let in ahead are counted now, in a window that still runs.
 * KEYS: session, then a counter per window. ARGV: calls let in ahead, then max and seconds per window.
 * Answers the session, the seconds to wait, and the room that is left.
 */
const ADMIT = `
local session, ahead = KEYS[1], tonumber(ARGV[1])
local windows = #KEYS - 1
local wait, room = 0, nil
for n = 1, windows do
  local counter, max = KEYS[n + 1], tonumber(ARGV[2 * n])
  local used = tonumber(redis.call('GET', counter) or '0')
  if used > 0 and ahead > 0 then used = redis.call('INCRBY', counter, ahead) end
  if used >= max then wait = math.max(wait, redis.call('TTL', counter), 1) end
end
if wait == 0 then
  for n = 1, windows do
    local counter, max, seconds = KEYS[n + 1], tonumber(ARGV[2 * n]), ARGV[2 * n + 1]
    local used = redis.call('INCR', counter)
    if used == 1 then redis.call('EXPIRE', counter, seconds) end
    room = math.min(room or max, max - used)
  end
end
return { redis.call('GET', session) or '', wait, room or 0 }
`;

export interface Admission {
  /** What `rememberSession` stored, or null. */
  session: string | null;
  /** Seconds until there is room again; null when the call may pass. */
  retryAfter: number | null;
}

export const sessionKey = (subject: string): string => `gd:{${subject}}:session`;

const windowsOf = (name: LimitName, share: number) =>
  limits[name].map(({ max, windowSeconds }) => ({ max: Math.ceil(max * config().rateLimitFactor * share), windowSeconds }));

interface Counter {
  used: number;
  endsAt: number;
}

const counters = new Map<string, Counter>();
const MAX_COUNTERS = 10_000;

/** Without Redis each instance counts for itself; half the allowance, because there are several instances. */
function admitFromMemory(subject: string, name: LimitName): Admission {
  const now = Date.now();
  if (counters.size >= MAX_COUNTERS) counters.clear();
  const windows = windowsOf(name, 0.5).map(({ max, windowSeconds }) => {
    const key = `${subject}:${name}:${windowSeconds}`;
    const known = counters.get(key);
    const counter = known && known.endsAt > now ? known : { used: 0, endsAt: now + windowSeconds * 1_000 };
    counters.set(key, counter);
    return { counter, max };
  });
  const full = windows.filter(({ counter, max }) => counter.used >= max);
  if (full.length > 0) {
    return { session: null, retryAfter: Math.max(...full.map(({ counter }) => Math.ceil((counter.endsAt - now) / 1_000))) };
  }
  for (const { counter } of windows) counter.used += 1;
  return { session: null, retryAfter: null };
}

/** Whose calls may be let in ahead of the count: they cost nothing but the trip, and their own statements see whether the account still stands. */
const COUNTED_LATER: ReadonlySet<LimitName> = new Set(['read', 'write', 'draw', 'points']);
const MAX_AHEAD = 8;
const AHEAD_MS = 10_000;
/** Askings in a row between which nobody else let this caller in. */
const ALONE_FOR = 3;

interface Ahead {
  /** Calls that may still come in without asking. */
  left: number;
  /** Calls that did, to be counted with the next one that asks. */
  late: number;
  until: number;
  room: number;
  /** How many askings in a row have shown that this instance is alone with the caller. */
  alone: number;
}

const aheads = new Map<string, Ahead>();

/**
 * Whether a call may come in without asking Redis, because this instance alone has served the caller for a while, and there was much room left: a quarter
 * of it, at most eight calls in ten seconds. They are counted with the next one that asks. An instance by itself lets in the limit and not one more;
 * when the caller moves on to others, at most eight calls stay uncounted.
 */
export function admitAhead(subject: string, name: LimitName): boolean {
  const ahead = aheads.get(`${subject}:${name}`);
  if (ahead === undefined || ahead.left <= 0 || ahead.until <= Date.now()) return false;
  ahead.left -= 1;
  ahead.late += 1;
  return true;
}

/** `subject` is the hash of an openid, an operator's name or an address: all keys of one subject lie in one cluster slot. */
export async function admit(cache: Cache, subject: string, name: LimitName): Promise<Admission> {
  const windows = windowsOf(name, 1);
  const keys = [sessionKey(subject), ...windows.map(({ windowSeconds }) => `gd:{${subject}}:${name}:${windowSeconds}`)];
  const allowances = windows.flatMap(({ max, windowSeconds }) => [max, windowSeconds]);
  const key = `${subject}:${name}`;
  const before = aheads.get(key);
  const late = before?.late ?? 0;
  const ahead: Ahead = { left: 0, late: 0, until: Date.now() + AHEAD_MS, room: 0, alone: 0 };
  if (COUNTED_LATER.has(name)) {
    if (aheads.size >= MAX_COUNTERS) aheads.clear();
    aheads.set(key, ahead);
  }
  const answer = await cache.run((redis) => evaluate(redis, ADMIT, keys, [late, ...allowances]));
  if (answer === null) return admitFromMemory(subject, name);
  const [session, wait, room] = answer as [string, number, number];
  ahead.room = room;
  ahead.alone = before && room === before.room - late - 1 ? before.alone + 1 : 0;
  // Of several that ask at once the last one knows how much is left.
  if (ahead.alone >= ALONE_FOR) ahead.left = Math.min(MAX_AHEAD, Math.floor(room / 4));
  return { session: session || null, retryAfter: wait || null };
}

/** Forgets how often a subject has called, all but the counts that outlive an account so that erasing it buys nothing. */
export async function forgetSubject(cache: Cache, subject: string, more: readonly string[] = []): Promise<void> {
  const names = Object.keys(limits).filter((name): name is LimitName => name !== 'erase' && name !== 'loginByOpenid');
  const keys = names.flatMap((name) => limits[name].map(({ windowSeconds }) => `gd:{${subject}}:${name}:${windowSeconds}`));
  await cache.run((redis) => redis.unlink([...keys, ...more]));
}
