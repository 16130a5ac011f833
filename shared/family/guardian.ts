import type { Account } from '../database/account';
import { AppError } from '../errors';
import type { UserContext } from '../runtime/context';
import { postGuardianCall, selectGate } from './queries';
import { verifyGuardianToken } from './token';

/** Tells a client whether to ask for the PIN or to offer to set one. */
const guardianRequired = (hasPin: boolean): AppError =>
  new AppError('GUARDIAN_REQUIRED', { ...(!hasPin && { message: '请先设置家长密码' }), details: { hasPin } });

type Proof = Pick<UserContext, 'caller' | 'guardianToken' | 'db' | 'now'>;

/** Whether the call carries a guardian token of the calling account. Null when no PIN stands. */
async function provesGuardian({ caller, guardianToken, db, now }: Proof): Promise<boolean | null> {
  const claims = guardianToken === null ? null : await verifyGuardianToken(guardianToken, now);
  const { epoch, gateEpoch } = await selectGate(db, caller, now);
  if (gateEpoch === null) return null;
  return claims !== null && claims.userId === caller.userId && claims.epoch === epoch && claims.gateEpoch === gateEpoch;
}

/** Throws GUARDIAN_REQUIRED unless a guardian has unlocked the calling account's gate. Without a PIN nothing unlocks it. */
export async function requireGuardian(proof: Proof): Promise<void> {
  const isProved = await provesGuardian(proof);
  if (isProved !== true) throw guardianRequired(isProved !== null);
}

/** As `requireGuardian` once a PIN stands; before that every signed-in caller may. */
export async function requireGuardianOncePinned(proof: Proof): Promise<void> {
  if ((await provesGuardian(proof)) === false) throw guardianRequired(true);
}

interface Wanted {
  childId: number;
  /** A guardian may do it only while the child shares its diary. */
  needsShare: boolean;
}

/**
 * The context in which a guardian acts for a child from an account of their own. Request ids of guardians do not meet those of the child.
 * Throws NOT_FOUND for everybody who is not a guardian of the child.
 */
export async function actForChild(ctx: UserContext, { childId, needsShare }: Wanted): Promise<UserContext> {
  const { caller, db, action, today, now } = ctx;
  if (childId === caller.userId) return ctx;
  await postGuardianCall(db, caller, { userId: childId, needsShare, action, today, now });
  const child: Account = { userId: childId, epoch: null };
  return { ...ctx, ...child, openid: null, requestId: `g${caller.userId}:${ctx.requestId}` };
}
