import { type LimitName, limits } from '../contract';
import { BoundedMap } from './bounded-map';
import { config } from './config';
import { type Cache, evaluate } from './redis';

/** What is left to a subject in one window of a limit. */
interface Remaining {
  room: number;
  /** Milliseconds until the window ends. */
  ms: number;
}

export interface Taken {
  calls: number;
  windows: readonly Remaining[];
}

const keyOf = (subject: string, name: LimitName, windowSeconds: number): string => `gd:{${subject}}:${name}:${windowSeconds}`;

/** The windows of a limit with the maxima of this environment. */
export const windowsOf = (name: LimitName, share = 1) =>
  limits[name].windows.map(({ max, windowSeconds }) => ({ max: Math.ceil(max * config().rateLimitFactor * share), windowSeconds }));

/**
 * Takes calls from all windows of a limit, or from none: a refused call uses no quota. Fixed windows that start at the first call, so that a
 * burst across a minute boundary cannot use two quotas.
 * KEYS: a counter per window. ARGV: calls wanted, then per window: maximum, length in ms, unused calls to give back.
 * Answers the calls taken, then per window: room left, ms until it ends.
 */
const TAKE = `
local room
for n = 1, #KEYS do
  local max, back = tonumber(ARGV[3 * n - 1]), tonumber(ARGV[3 * n + 1])
  local used = tonumber(redis.call('GET', KEYS[n]) or '0')
  if back > 0 and used > 0 then used = redis.call('DECRBY', KEYS[n], math.min(back, used)) end
  room = math.min(room or max, max - used)
end
local taken = math.max(0, math.min(tonumber(ARGV[1]), room))
local answer = { taken }
for n = 1, #KEYS do
  if taken > 0 then
    redis.call('INCRBY', KEYS[n], taken)
    if redis.call('PTTL', KEYS[n]) < 0 then redis.call('PEXPIRE', KEYS[n], ARGV[3 * n]) end
  end
  table.insert(answer, tonumber(ARGV[3 * n - 1]) - tonumber(redis.call('GET', KEYS[n]) or '0'))
  table.insert(answer, redis.call('PTTL', KEYS[n]))
end
return answer
`;

const DAY_SECONDS = 86_400;

/**
 * Takes up to `wanted` from the day's window of a limit alone: work that comes in batches counts against the day, not against the minute. Never
 * rejects.
 */
export async function takeOfDay(cache: Cache, subject: string, name: LimitName, wanted: number): Promise<{ taken: number; ms: number }> {
  const window = windowsOf(name).find(({ windowSeconds }) => windowSeconds === DAY_SECONDS);
  if (window === undefined) return { taken: wanted, ms: 0 };
  const key = keyOf(subject, name, DAY_SECONDS);
  const answer = await cache.run((redis) => evaluate(redis, TAKE, [key], [wanted, window.max, DAY_SECONDS * 1_000, 0]));
  if (answer === null) return takeOfDayFromMemory(key, window.max / 2, wanted);
  const [taken = 0, , ms = 0] = answer as number[];
  return { taken, ms };
}

/** Takes up to `wanted` calls and gives back the unused calls of an earlier block, per window. Never rejects. */
export async function takeCalls(cache: Cache, subject: string, name: LimitName, wanted: number, unused: readonly number[]): Promise<Taken> {
  const windows = windowsOf(name);
  const keys = windows.map(({ windowSeconds }) => keyOf(subject, name, windowSeconds));
  const perWindow = windows.flatMap(({ max, windowSeconds }, index) => [max, windowSeconds * 1_000, unused[index] ?? 0]);
  const answer = await cache.run((redis) => evaluate(redis, TAKE, keys, [wanted, ...perWindow]));
  if (answer === null) return takeFromMemory(subject, name);
  const [calls = 0, ...numbers] = answer as number[];
  return { calls, windows: windows.map((_, index) => ({ room: numbers[2 * index] ?? 0, ms: numbers[2 * index + 1] ?? 0 })) };
}

const counters = new BoundedMap<string, { used: number; endsAt: number }>(10_000);

function counterOf(key: string, windowSeconds: number): { used: number; endsAt: number } {
  const now = Date.now();
  const known = counters.get(key);
  const counter = known && known.endsAt > now ? known : { used: 0, endsAt: now + windowSeconds * 1_000 };
  counters.set(key, counter);
  return counter;
}

function takeOfDayFromMemory(key: string, max: number, wanted: number): { taken: number; ms: number } {
  const counter = counterOf(key, DAY_SECONDS);
  const taken = Math.max(0, Math.min(wanted, Math.floor(max) - counter.used));
  counter.used += taken;
  return { taken, ms: counter.endsAt - Date.now() };
}

/** Without Redis each process counts alone, one call at a time, up to half of each maximum, because there are several processes. */
function takeFromMemory(subject: string, name: LimitName): Taken {
  const now = Date.now();
  const windows = windowsOf(name, 0.5).map(({ max, windowSeconds }) => {
    return { max, counter: counterOf(keyOf(subject, name, windowSeconds), windowSeconds) };
  });
  const calls = windows.every(({ max, counter }) => counter.used < max) ? 1 : 0;
  for (const { counter } of windows) counter.used += calls;
  return { calls, windows: windows.map(({ max, counter }) => ({ room: max - counter.used, ms: counter.endsAt - now })) };
}
