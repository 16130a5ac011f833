import { type Access, type LimitName, limits, rights } from '../contract';
import type { Account } from '../database/account';
import { AppError } from '../errors';
import { BoundedMap } from './bounded-map';
import { config } from './config';
import { takeCalls, windowsOf } from './counters';
import type { Caller } from './identity';
import type { Database } from './mysql';
import type { Cache } from './redis';

const accessFor = (caller: Caller): readonly Access[] =>
  caller.kind === 'openid' && config().operators.openids.has(caller.openid) ? rights.operatorOpenid : rights[caller.kind];

/** Throws UNAUTHENTICATED or FORBIDDEN when the caller may not use actions of this access. */
export function requireAccess(access: Access, caller: Caller): void {
  if (accessFor(caller).includes(access)) return;
  throw new AppError(caller.kind === 'nobody' ? 'UNAUTHENTICATED' : 'FORBIDDEN');
}

/*
 * Rule 1: the statement is the guard. Nothing checks beforehand whether an account is active; the action's own statements do.
 */

/** Cache of the account last found for an openid, by subject. A stale entry is harmless: the guard refuses it, and the account is read again. */
const userIds = new BoundedMap<string, number>(10_000);

async function lookUp({ subject, openid }: Caller & { kind: 'openid' }, db: Database): Promise<Account> {
  const [row] = await db.rows<{ id: number }>('admission.user', 'SELECT id FROM users WHERE openid = ? AND status = 1', [openid]);
  if (row === undefined) throw new AppError('UNAUTHENTICATED');
  userIds.set(subject, row.id);
  return { userId: row.id, epoch: null };
}

/** Runs `act` for the caller's account; runs it again when the cached account is erased and the openid has a new one. */
export async function asAccount<Answer>(
  caller: Caller & { kind: 'openid' | 'token' },
  db: Database,
  act: (account: Account) => Promise<Answer>,
): Promise<Answer> {
  if (caller.kind === 'token') return act(caller);
  const userId = userIds.get(caller.subject);
  if (userId === undefined) return act(await lookUp(caller, db));
  try {
    return await act({ userId, epoch: null });
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'UNAUTHENTICATED')) throw error;
    userIds.delete(caller.subject);
    return act(await lookUp(caller, db));
  }
}

/*
 * Rule 2: calls are counted in blocks, in parallel with the work. A process takes a block of calls from Redis and uses it up in memory. When
 * Redis reports that no room is left after the block, the process refuses further calls by itself. A single process admits exactly the limit;
 * each further process admits at most one call more, the one whose answer reports that no room is left.
 */
const MAX_BLOCK = 8;
/** After this time without room a process asks Redis again, even if the window has not ended: Redis may have lost its counters. */
const MAX_REFUSING_MS = 60_000;

/** The state of one limit of one subject in this process. Instants are milliseconds of Date.now(), never of the injected clock. */
interface Allowance {
  /** Unused calls of the block. */
  prepaid: number;
  /** Ends of the windows that the block was counted in. The block is void once the first of them ends. */
  ends: readonly number[];
  refuseUntil: number;
  /** When a refused caller may retry. */
  retryAt: number;
  /** The last answer left no room: the next call waits for a new answer before it runs. */
  asksFirst: boolean;
  /** The request in flight; resolves to whether the call that sent it was counted. */
  asking: Promise<boolean> | null;
}

const allowances = new BoundedMap<string, Allowance>(10_000);

function allowanceOf(subject: string, name: LimitName): Allowance {
  const key = `${subject}:${name}`;
  const known = allowances.get(key);
  if (known !== undefined) return known;
  const allowance: Allowance = { prepaid: 0, ends: [], refuseUntil: 0, retryAt: 0, asksFirst: false, asking: null };
  allowances.set(key, allowance);
  return allowance;
}

const blockOf = (name: LimitName): number =>
  limits[name].countedFirst ? 1 : Math.max(1, Math.min(MAX_BLOCK, ...windowsOf(name).map(({ max }) => Math.floor(max / 16))));

/** Takes the next block for a call that needs one. Never rejects. */
async function takeBlock(cache: Cache, subject: string, name: LimitName, allowance: Allowance): Promise<boolean> {
  // Read before the round trip: if this process is frozen during it, the windows do not become longer.
  const sentAt = Date.now();
  const unused = allowance.ends.map((end) => (end > sentAt ? allowance.prepaid : 0));
  const { calls, windows } = await takeCalls(cache, subject, name, blockOf(name), unused);
  const fullMs = windows.filter(({ room }) => room <= 0).map(({ ms }) => ms);
  allowance.prepaid = Math.max(0, calls - 1);
  allowance.ends = windows.map(({ ms }) => sentAt + ms);
  allowance.asksFirst = fullMs.length > 0;
  allowance.retryAt = sentAt + Math.max(0, ...fullMs);
  allowance.refuseUntil = Math.min(allowance.retryAt, sentAt + MAX_REFUSING_MS);
  allowance.asking = null;
  return calls > 0;
}

const rateLimited = ({ retryAt }: Allowance): AppError =>
  new AppError('RATE_LIMITED', { retryAfter: Math.max(1, Math.ceil((retryAt - Date.now()) / 1_000)) });

export interface Admission {
  /** Pending while the call is being counted. The call waits for it before it ends: a frozen process receives no reply. */
  counted: Promise<unknown> | null;
}

const counted: Admission = { counted: null };

/**
 * Admits one call of `subject` (hash of an openid or address, or an operator's name; all its keys share one cluster slot), or throws
 * RATE_LIMITED. Without an unused call in the block, the call runs at once and takes the next block in parallel, except for limits that are
 * counted first.
 */
export async function admit(cache: Cache, subject: string, name: LimitName): Promise<Admission> {
  if (limits[name].windows.length === 0) return counted;
  const allowance = allowanceOf(subject, name);
  for (;;) {
    const now = Date.now();
    if (allowance.prepaid > 0 && allowance.ends.every((end) => now < end)) {
      allowance.prepaid -= 1;
      return counted;
    }
    if (now < allowance.refuseUntil) throw rateLimited(allowance);
    if (allowance.asking === null) break;
    await allowance.asking;
  }
  allowance.asking = takeBlock(cache, subject, name, allowance);
  if (!limits[name].countedFirst && !allowance.asksFirst) return { counted: allowance.asking };
  if (!(await allowance.asking)) throw rateLimited(allowance);
  return counted;
}
