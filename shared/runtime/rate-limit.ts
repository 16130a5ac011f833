import { type LimitName, limits } from '../contract';
import { config } from './config';
import { type Cache, evaluate } from './redis';

/**
 * One trip answers both questions of the door: who is behind this subject (the cached session), and is there room for one more call.
 * A window begins with its first call, so that a burst across the turn of a minute gets no second helping. A refused call spends nothing:
 * a client that hammers away for a minute must not lose its day.
 * KEYS: session, then a counter per window. ARGV: max and seconds per window.
 */
const ADMIT = `
local session = KEYS[1]
local windows = #KEYS - 1
local wait = 0
for n = 1, windows do
  local counter, max = KEYS[n + 1], tonumber(ARGV[2 * n - 1])
  local used = tonumber(redis.call('GET', counter) or '0')
  if used >= max then wait = math.max(wait, redis.call('TTL', counter), 1) end
end
if wait == 0 then
  for n = 1, windows do
    local counter, seconds = KEYS[n + 1], ARGV[2 * n]
    if redis.call('INCR', counter) == 1 then redis.call('EXPIRE', counter, seconds) end
  end
end
return { redis.call('GET', session) or '', wait }
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

/** `subject` is the hash of an openid, an operator's name or an address: all keys of one subject lie in one cluster slot. */
export async function admit(cache: Cache, subject: string, name: LimitName): Promise<Admission> {
  const windows = windowsOf(name, 1);
  const keys = [sessionKey(subject), ...windows.map(({ windowSeconds }) => `gd:{${subject}}:${name}:${windowSeconds}`)];
  const allowances = windows.flatMap(({ max, windowSeconds }) => [max, windowSeconds]);
  const answer = await cache.run((redis) => evaluate(redis, ADMIT, keys, allowances));
  if (answer === null) return admitFromMemory(subject, name);
  const [session, wait] = answer as [string, number];
  return { session: session || null, retryAfter: wait || null };
}

/** Forgets how often a subject has called, all but the counts that outlive an account so that erasing it buys nothing. */
export async function forgetSubject(cache: Cache, subject: string, more: readonly string[] = []): Promise<void> {
  const names = Object.keys(limits).filter((name): name is LimitName => name !== 'erase' && name !== 'loginByOpenid');
  const keys = names.flatMap((name) => limits[name].map(({ windowSeconds }) => `gd:{${subject}}:${name}:${windowSeconds}`));
  await cache.run((redis) => redis.unlink([...keys, ...more]));
}
