import { type Cache, evaluate } from '../runtime/redis';

/*
 * closed ──5 failures in a row──► open ──30 s──► half-open ──one probe──► closed, or open again
 * Shared by all instances through Redis. Without Redis each instance counts its own failures.
 */
const FAILURES = 5;
const OPEN_MS = 30_000;
const PROBE_MS = 30_000;

/** Answers 1 when the call may be sent. */
const ADMIT = `
local state = KEYS[1]
local now, allowed, probeMs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local failures = tonumber(redis.call('HGET', state, 'failures') or '0')
if failures < allowed then return 1 end
if tonumber(redis.call('HGET', state, 'waitUntil')) > now then return 0 end
redis.call('HSET', state, 'waitUntil', now + probeMs)
return 1
`;

const FAIL = `
local state = KEYS[1]
local now, allowed, openMs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local failures = redis.call('HINCRBY', state, 'failures', 1)
if failures >= allowed then redis.call('HSET', state, 'waitUntil', now + openMs) end
redis.call('PEXPIRE', state, 10 * openMs)
return failures
`;

const KEY = 'gd:{coze}:breaker';
const memory = { failures: 0, waitUntil: 0 };

/** Whether the provider may be called now. While the breaker is open, one call per 30 seconds probes the provider. */
export async function admitted(cache: Cache): Promise<boolean> {
  const now = Date.now();
  const answer = await cache.run((redis) => evaluate(redis, ADMIT, [KEY], [now, FAILURES, PROBE_MS]));
  if (answer !== null) return answer === 1;
  if (memory.failures < FAILURES) return true;
  if (memory.waitUntil > now) return false;
  memory.waitUntil = now + PROBE_MS;
  return true;
}

export async function succeeded(cache: Cache): Promise<void> {
  memory.failures = 0;
  await cache.run((redis) => redis.del(KEY));
}

export async function failed(cache: Cache): Promise<void> {
  const now = Date.now();
  memory.failures += 1;
  memory.waitUntil = now + OPEN_MS;
  await cache.run((redis) => evaluate(redis, FAIL, [KEY], [now, FAILURES, OPEN_MS]));
}
