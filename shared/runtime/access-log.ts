import type { Envelope } from '../errors';
import { logBehaviour } from './behaviour';
import type { Call, Frame } from './event';
import { logLine } from './log';
import { countCall } from './metrics';
import type { Database } from './mysql';
import type { Cache } from './redis';

/** What is known of a call so far, for its access line and the metrics. */
export interface Trace {
  functionName: string;
  frame: Frame;
  /** Start of the call, from performance.now(). */
  startedAt: number;
  cache: Cache;
  /** Set once the event is parsed and the action exists. */
  call?: Call;
  action?: string;
  db?: Database;
  role: string;
  user?: number;
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

const NO_USAGE = { trips: 0, ms: 0, waitMs: 0, slow: 0 };

let isCold = true;

/** Writes one access line per call, one behaviour line for an action with an event, and the counts of the minute. */
export function logCall(trace: Trace, envelope: Envelope): void {
  const { functionName, frame, call, db, cache, role, user } = trace;
  const { requestId } = frame;
  const action = trace.action ?? null;
  const code = envelope.success ? 'OK' : envelope.error.code;
  const ms = performance.now() - trace.startedAt;
  const mysql = db?.usage ?? NO_USAGE;
  const who = { role, ...(user !== undefined && { user }) };
  logLine('access', {
    fn: functionName,
    action,
    door: call?.door ?? (frame.http ? 'http' : 'console'),
    ...who,
    requestId,
    code,
    ms: tenths(ms),
    mysql: { trips: mysql.trips, ms: tenths(mysql.ms) },
    redis: { trips: cache.usage.trips, ms: tenths(cache.usage.ms) },
    ...(isCold && { cold: true }),
  });
  isCold = false;
  if (envelope.success) logBehaviour(`${functionName}.${action}`, { ...who, requestId }, envelope.data);
  countCall({
    action: `${functionName}.${action ?? '?'}`,
    code,
    now: call?.now ?? new Date(),
    ms,
    mysql,
    redisMs: cache.usage.ms,
  });
}
