import type * as z from 'zod';
import { dayOf } from '../clock';
import { type Access, type Contract, limits, rights } from '../contract';
import { AppError, type Envelope } from '../errors';
import { logCall, type Trace } from './access-log';
import { type Admission, admit, asAccount, requireAccess } from './admission';
import { config } from './config';
import type { Contexts, SystemContext } from './context';
import { type Call, frameOf, toAnswer, toCall } from './event';
import { inFamily, isForAccount, type Operation } from './family';
import { fieldErrors } from './field-errors';
import { type Caller, callerOf } from './identity';
import { inLanguage } from './language';
import { describeError, logLine } from './log';
import { reportCalls } from './metrics';
import { openDatabase } from './mysql';
import { openCache } from './redis';

export interface Action {
  contract: Contract;
  run(ctx: SystemContext, input: unknown): Promise<unknown>;
}

/** Binds a contract to its operation. */
export const action = <A extends Access, In extends z.ZodObject, Out extends z.ZodType>(
  contract: Contract<A, In, Out>,
  run: (ctx: Contexts[A], input: z.output<In>) => Promise<z.input<Out>>,
): Action =>
  // serve() creates the context that contract.access requires and the input that contract.input parsed; the type of the map cannot express it.
  ({ contract, run: isForAccount(contract) ? inFamily(contract, run as unknown as Operation) : run }) as unknown as Action;

interface Main {
  (event: unknown, context: unknown): Promise<unknown>;
  /** The actions of this function; the API reference is generated from them. */
  actions: Record<string, Action>;
}

/** The pipeline of every call: an event of any door in, an envelope out. Never throws. One process may run several calls at once. */
export function serve(name: string, actions: Record<string, Action>): Main {
  requireRows(name, actions);
  const main = async (event: unknown, context: unknown) => {
    const frame = frameOf(event, context);
    const trace: Trace = { functionName: name, frame, startedAt: performance.now(), cache: openCache(), role: 'nobody' };
    const reporting = reportCalls();
    let admission: Admission | undefined;
    let envelope: Envelope;
    try {
      const call = toCall(event, context, actions, frame);
      trace.call = call;
      // 1 Find the action.
      const { contract, run } = find(actions, call, trace);
      // 2 Identify the caller.
      const caller = await callerOf(call);
      requireAccess(contract.access, caller);
      trace.role = caller.kind;
      // 3 Admit the call.
      if ('subject' in caller) admission = await admit(trace.cache, caller.subject, contract.limit);
      // 4 Validate the input.
      const input = contract.input.safeParse(call.input, { reportInput: true });
      if (!input.success) throw new AppError('INVALID_INPUT', { details: fieldErrors(input.error) });
      // 5 Run the operation.
      const data = await runAs(caller, contract.access, call, trace, (ctx) => run(ctx, input.data));
      if (config().environment === 'test') contract.output.parse(data);
      // 6 Wrap the answer.
      envelope = { success: true, data, requestId: frame.requestId };
    } catch (error) {
      envelope = { success: false, error: await inLanguage(refusalOf(error, trace).toBody(), frame.language), requestId: frame.requestId };
    }
    await admission?.counted;
    // 7 Log the call.
    logCall(trace, envelope);
    await reporting;
    if (!envelope.success && isFailure(envelope.error.code)) await reportCalls(true);
    return toAnswer(envelope, frame);
  };
  return Object.assign(main, { actions });
}

/** Fails the start of a function that has an action without an access right or a rate limit. */
function requireRows(name: string, actions: Record<string, Action>): void {
  const opened = new Set<string>(Object.values(rights).flat());
  for (const [key, { contract }] of Object.entries(actions)) {
    if (opened.has(contract.access) && Object.hasOwn(limits, contract.limit)) continue;
    throw new Error(`${name}.${key} has no row in the tables of rights and limits`);
  }
}

function find(actions: Record<string, Action>, { action }: Call, trace: Trace): Action {
  const found = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (!found) throw new AppError('NOT_FOUND', { message: '没有这个操作' });
  trace.action = action;
  return found;
}

/** Runs an operation with the context that its access requires. */
function runAs(caller: Caller, access: Access, call: Call, trace: Trace, run: (ctx: SystemContext) => Promise<unknown>): Promise<unknown> {
  const { requestId, now, deadline, openid, address, guardianToken } = call;
  const db = openDatabase(deadline, requestId);
  trace.db = db;
  const ctx: SystemContext = {
    action: `${trace.functionName}.${call.action}`,
    requestId,
    now,
    today: dayOf(now),
    deadline,
    db,
    cache: trace.cache,
  };
  switch (access) {
    case 'public':
      return run(Object.assign(ctx, { openid, address }));
    case 'operator':
      return run(Object.assign(ctx, { actor: caller.kind === 'operator' ? caller.actor : `openid:${subjectIn(caller)}` }));
    case 'system':
      return run(ctx);
    case 'user':
    case 'gated':
    case 'guardian':
      // Only these two kinds of identity have an account, whatever the table of rights says.
      if (caller.kind !== 'openid' && caller.kind !== 'token') throw new AppError('UNAUTHENTICATED');
      return asAccount(caller, db, (account) => {
        trace.user = account.userId;
        const { userId, epoch } = account;
        return run(Object.assign(ctx, { userId, epoch, caller: account, guardianToken, openid, subject: caller.subject }));
      });
  }
}

const subjectIn = (caller: Caller): string => ('subject' in caller ? caller.subject : '');

const isFailure = (code: string): boolean => code === 'INTERNAL' || code === 'UNAVAILABLE';

/** The error in the answer. The cause of a failure is only logged. */
function refusalOf(error: unknown, { functionName, action, frame }: Trace): AppError {
  const refusal = error instanceof AppError ? error : new AppError('INTERNAL', { cause: error });
  if (isFailure(refusal.code)) {
    const { requestId } = frame;
    logLine('error', { fn: functionName, action, requestId, code: refusal.code, causes: describeError(refusal) });
  }
  return refusal;
}
