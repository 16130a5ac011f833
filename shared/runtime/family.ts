import type { Contract } from '../contract';
import type { Account } from '../database/account';
import * as procedures from '../database/procedures';
import { systemRequestId } from '../request';
import { requireConsent } from './consent';
import type { UserContext } from './context';
import { requireGuardian, requireGuardianOncePinned } from './guardian';

/** An operation of a signed-in caller, with any input. */
export type Operation = (ctx: UserContext, input: unknown) => Promise<unknown>;

/** Whether an action belongs to an account. */
export const isForAccount = ({ access }: Contract): boolean => access === 'user' || access === 'gated' || access === 'guardian';

/** Most actions are a child's own and run at once. Actions that need a guardian, a consent or another child's account are prepared first. */
export const inFamily = (contract: Contract, run: Operation): Operation => {
  const isPlain = contract.access === 'user' && contract.forChild === undefined && contract.needsConsent === undefined;
  return isPlain ? run : async (ctx, input) => run(await enterFamily(contract, ctx, input as FamilyInput), input);
};

/** The input fields that are read here for any action. */
interface FamilyInput {
  childId?: number;
  images?: readonly string[];
  avatar?: string;
}

/**
 * The context of a guardian who acts for a child from the guardian's own account. Throws NOT_FOUND for everybody else, FORBIDDEN for a diary
 * that the child does not share. Request ids of guardians are separate from those of the child.
 */
async function actForChild(ctx: UserContext, childId: number, needsShare: boolean): Promise<UserContext> {
  const { caller, db, action, today, now } = ctx;
  await procedures.postGuardianCall(db, {
    guardianId: caller.userId,
    epoch: caller.epoch,
    userId: childId,
    needsShare,
    action,
    today,
    now,
  });
  const child: Account = { userId: childId, epoch: null };
  return { ...ctx, ...child, openid: null, requestId: systemRequestId(`g${caller.userId}:${ctx.requestId}`) };
}

/** Checks what an action requires beyond a signed-in caller, and answers the context to run it in. */
async function enterFamily(
  { access, forChild, needsConsent }: Pick<Contract, 'access' | 'forChild' | 'needsConsent'>,
  ctx: UserContext,
  input: FamilyInput,
): Promise<UserContext> {
  const isForAnother = forChild !== undefined && input.childId !== undefined && input.childId !== ctx.userId;
  const acting = isForAnother ? await actForChild(ctx, input.childId ?? 0, forChild === 'diary') : ctx;
  if (access === 'guardian' || (isForAnother && forChild === 'write')) await requireGuardian(acting);
  if (access === 'gated') await requireGuardianOncePinned(acting);
  if (needsConsent) await requireConsent(acting, input);
  return acting;
}
