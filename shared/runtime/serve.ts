import type * as z from 'zod';
import { dayOf } from '../clock';
import { type Access, type Contract, limits, rights } from '../contract';
import { AppError, type Envelope } from '../errors';
import { logBehaviour } from './behaviour';
import { config } from './config';
import type { Contexts, SystemContext, UserContext } from './context';
import { type Call, frameOf, toAnswer, toCall } from './event';
import { enterFamily, type FamilyInput } from './family';
import { fieldErrors } from './field-errors';
import { type Credentials, credentialsOf, forgetSession, guessSession, sessionOf } from './identity';
import { describeError, logLine } from './log';
import { countCall, reportCalls } from './metrics';
import { openDatabase, postingAfter } from './mysql';
import { admit, admitAhead } from './rate-limit';
import { openCache } from './redis';

export interface Action {
  contract: Contract;
  run(ctx: SystemContext, input: unknown): Promise<unknown>;
}

type Operation = (ctx: UserContext, input: unknown) => Promise<unknown>;

const isForAccount = ({ access }: Contract): boolean => access === 'user' || access === 'gated' || access === 'guardian';

/** Most actions are a child's own and run at once; what needs a guardian, a consent or another child's account is prepared first. */
const inFamily = (contract: Contract, run: Operation): Operation => {
  const isPlain = contract.access === 'user' && contract.forChild === undefined && contract.needsConsent === undefined;
  if (isPlain) return (ctx, input) => run({ ...ctx, caller: ctx }, input);
  return async (ctx, input) => run(await enterFamily(contract, { ...ctx, caller: ctx }, input as FamilyInput), input);
};

/** Binds a contract to the operation that fulfils it. */
export const action = <A extends Access, In extends z.ZodObject, Out extends z.ZodType>(
  contract: Contract<A, In, Out>,
  run: (ctx: Contexts[A], input: z.output<In>) => Promise<z.input<Out>>,
): Action =>
  // serve() makes the context that contract.access names and the input that contract.input parsed; the map of actions cannot say so.
  ({ contract, run: isForAccount(contract) ? inFamily(contract, run as unknown as Operation) : run }) as unknown as Action;

const subjectIn = (credentials: Credentials): string | null => ('subject' in credentials ? credentials.subject : null);

interface Main {
  (event: unknown, context: unknown): Promise<unknown>;
  /** What this function offers; the API reference is generated from it. */
  actions: Record<string, Action>;
}

/** An action that names no right or no limit would be open or boundless: such a function does not start. */
function requireRows(name: string, actions: Record<string, Action>): void {
  const opened = new Set<string>(Object.values(rights).flat());
  for (const [key, { contract }] of Object.entries(actions)) {
    if (opened.has(contract.access) && Object.hasOwn(limits, contract.limit)) continue;
    throw new Error(`${name}.${key} has no row in the tables of rights and limits`);
  }
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

let cold = true;

/**
 * The one pipeline: an event of any door in, an envelope out; it never throws. Identity comes from this invocation alone, so that several
 * calls may run in one process at once.
 */
export function serve(name: string, actions: Record<string, Action>): Main {
  requireRows(name, actions);
  const main = async (event: unknown, context: unknown) => {
    const started = performance.now();
    const reporting = reportCalls();
    const frame = frameOf(event, context);
    const { requestId } = frame;
    const cache = openCache();
    let call: Call | undefined;
    let db: ReturnType<typeof openDatabase> | undefined;
    let who: { role: string; user?: number } = { role: 'nobody' };
    let envelope: Envelope;
    try {
      call = toCall(event, context, actions, frame);
      db = openDatabase(call.deadline, requestId);

      const chosen = Object.hasOwn(actions, call.action) ? actions[call.action] : undefined;
      if (!chosen) throw new AppError('NOT_FOUND', { message: '没有这个操作' });
      const { contract } = chosen;

      const credentials = await credentialsOf(call);
      requireRole(contract.access, credentials);
      const ctx = {
        action: `${name}.${call.action}`,
        requestId,
        now: call.now,
        today: dayOf(call.now),
        deadline: call.deadline,
        db,
        cache,
        guardianToken: call.guardianToken,
      };
      const meet = ({ userId }: Identity) => {
        who = { role: credentials.kind, ...(userId !== undefined && { user: userId }) };
      };
      const data = await perform(chosen, credentials, call, ctx, meet);
      if (config().environment === 'test') contract.output.parse(data);
      envelope = { success: true, data, requestId };
    } catch (error) {
      const refusal = error instanceof AppError ? error : new AppError('INTERNAL', { cause: error });
      if (refusal.code === 'INTERNAL' || refusal.code === 'UNAVAILABLE') {
        logLine('error', { fn: name, action: call?.action, requestId, code: refusal.code, causes: describeError(refusal) });
      }
      envelope = { success: false, error: refusal.toBody(), requestId };
    }
    const action = call && Object.hasOwn(actions, call.action) ? call.action : null;
    const code = envelope.success ? 'OK' : envelope.error.code;
    const ms = performance.now() - started;
    logLine('access', {
      fn: name,
      action,
      door: call?.door ?? (frame.http ? 'http' : 'console'),
      ...who,
      requestId,
      code,
      ms: tenths(ms),
      mysql: db && { trips: db.usage.trips, ms: tenths(db.usage.ms) },
      redis: { trips: cache.usage.trips, ms: tenths(cache.usage.ms) },
      ...(cold && { cold }),
    });
    if (envelope.success) logBehaviour(`${name}.${action}`, { ...who, requestId }, envelope.data);
    countCall({
      action: `${name}.${action ?? '?'}`,
      code,
      now: call?.now ?? new Date(),
      ms,
      mysql: db?.usage ?? { ms: 0, waitMs: 0, slow: 0 },
      redisMs: cache.usage.ms,
    });
    await reporting;
    if (code === 'INTERNAL' || code === 'UNAVAILABLE') await reportCalls(true);
    cold = false;
    return toAnswer(envelope, frame);
  };
  return Object.assign(main, { actions });
}

interface Identity {
  openid?: string | null;
  address?: string | null;
  userId?: number;
  subject?: string;
  epoch?: number | null;
  actor?: string;
}

const permits = (credentials: Credentials): readonly Access[] =>
  credentials.kind === 'openid' && config().operators.openids.has(credentials.openid) ? rights.operatorOpenid : rights[credentials.kind];

function requireRole(access: Access, credentials: Credentials): void {
  if (permits(credentials).includes(access)) return;
  throw new AppError(credentials.kind === 'nobody' ? 'UNAUTHENTICATED' : 'FORBIDDEN');
}

/** Lets the caller in and does what was asked; `meet` is told who it is. */
async function perform(
  chosen: Action,
  credentials: Credentials,
  call: Call,
  ctx: SystemContext,
  meet: (identity: Identity) => void,
): Promise<unknown> {
  const { contract, run } = chosen;
  const input = contract.input.safeParse(call.input, { reportInput: true });
  const known = input.success ? knownIdentity(contract, credentials) : null;
  if (input.success && known) {
    meet(known);
    try {
      return await run({ ...ctx, ...known }, input.data);
    } catch (error) {
      // The account has been erased since: whoever comes with this openid now is somebody else.
      if (!(error instanceof AppError && error.code === 'UNAUTHENTICATED')) throw error;
      forgetSession(known.subject);
    }
  }
  const entering = enter(contract, credentials, call, ctx);
  const early = input.success ? runEarly(chosen, credentials, ctx, entering, input.data) : null;
  const [entered] = await Promise.allSettled([entering, early?.data]);
  if (entered.status === 'rejected') throw entered.reason;
  const identity = entered.value;
  meet(identity);
  if (!input.success) throw new AppError('INVALID_INPUT', { details: fieldErrors(input.error) });
  return early && isSame(early.guess, identity) ? early.data : run({ ...ctx, ...identity }, input.data);
}

interface UserIdentity extends Identity {
  userId: number;
  subject: string;
}

/** Who calls, when WeChat itself says so and this instance has met them and may let them in ahead: nothing has to be asked before. */
function knownIdentity(contract: Contract, credentials: Credentials): UserIdentity | null {
  if (!isForAccount(contract) || credentials.kind !== 'openid') return null;
  const { openid, subject } = credentials;
  const session = guessSession(credentials);
  return session && admitAhead(subject, contract.limit) ? { userId: session.userId, openid, subject, epoch: null } : null;
}

/** Who spent their allowance, until when: a flood of refused reads must not reach the database. */
const spent = new Map<string, number>();
const MAX_SPENT = 10_000;

function rememberSpent(subject: string, seconds: number): void {
  if (spent.size >= MAX_SPENT) spent.clear();
  spent.set(subject, Date.now() + seconds * 1_000);
}

/** Lets the caller in: there is room for one more call of theirs, and it is known who they are. */
async function enter(contract: Contract, credentials: Credentials, call: Call, ctx: SystemContext): Promise<Identity> {
  const subject = subjectIn(credentials);
  const admission = subject === null ? null : await admit(ctx.cache, subject, contract.limit);
  if (subject !== null && admission?.retryAfter) {
    rememberSpent(subject, admission.retryAfter);
    throw new AppError('RATE_LIMITED', { retryAfter: admission.retryAfter });
  }
  return identityFor(contract.access, credentials, call, ctx, admission?.session ?? null);
}

const isSame = (guess: Identity, identity: Identity): boolean => guess.userId === identity.userId && guess.epoch === identity.epoch;

/**
 * A read begins beside the question whether its caller may come in, so that both take the time of one trip. It changes nothing: its answer is
 * withheld from a caller who may not, thrown away when the guess who it is was wrong, and what it would post waits for both.
 */
function runEarly({ contract, run }: Action, credentials: Credentials, ctx: SystemContext, entering: Promise<Identity>, input: unknown) {
  const mayBeginEarly = isForAccount(contract) && (contract.limit === 'read' || contract.readsFirst === true);
  const session = mayBeginEarly ? guessSession(credentials) : null;
  const subject = subjectIn(credentials);
  if (session === null || subject === null || (spent.get(subject) ?? 0) > Date.now()) return null;
  const openid = credentials.kind === 'openid' ? credentials.openid : null;
  const guess: Identity = { userId: session.userId, openid, subject, epoch: openid === null ? session.epoch : null };
  const known = entering.then((identity) => {
    if (!isSame(guess, identity)) throw new Error('somebody else');
  });
  known.catch(() => {});
  const early = { ...ctx, ...guess, admitted: known, db: postingAfter(ctx.db, known) };
  return { guess, data: run(early, input) };
}

async function identityFor(
  access: Access,
  credentials: Credentials,
  call: Call,
  { db, cache }: SystemContext,
  cached: string | null,
): Promise<Identity> {
  switch (access) {
    case 'public':
      return { openid: call.openid, address: call.address };
    case 'operator':
      return { actor: credentials.kind === 'operator' ? credentials.actor : `openid:${subjectIn(credentials)}` };
    case 'system':
      return {};
    case 'user':
    case 'gated':
    case 'guardian': {
      // Whatever `rights` may say one day: without a session there is no user to act for.
      const isPerson = credentials.kind === 'openid' || credentials.kind === 'token';
      const session = isPerson ? await sessionOf(db, cache, credentials, cached) : null;
      if (!isPerson || session === null) throw new AppError('UNAUTHENTICATED');
      const epoch = credentials.kind === 'token' ? session.epoch : null;
      return { userId: session.userId, openid: call.openid, subject: credentials.subject, epoch };
    }
  }
}
