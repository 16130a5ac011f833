import { type Account, guard, guardValues, requireAccount } from '../database/account';
import { AppError } from '../errors';
import type { UserContext } from './context';
import { verifyGuardianToken } from './guardian-token';
import type { Database } from './mysql';

interface GateRow {
  /** Current token epoch of the account. */
  epoch: number;
  /** Null when no PIN is set. */
  gateEpoch: number | null;
}

/** The gate of the calling account. */
export const selectGate = async (db: Database, account: Account, now: Date): Promise<GateRow> =>
  requireAccount(
    await db.rows<GateRow>(
      'guardian.gate',
      `SELECT u.token_epoch AS epoch, g.gate_epoch AS gateEpoch
         FROM users u LEFT JOIN guardian_gates g ON g.user_id = u.id AND (g.reset_at IS NULL OR g.reset_at > ?) WHERE ${guard('u')}`,
      [now, ...guardValues(account)],
    ),
  );

/** In an error: tells the client whether to ask for the PIN or to offer setting one. */
const guardianRequired = (hasPin: boolean): AppError =>
  new AppError('GUARDIAN_REQUIRED', { ...(!hasPin && { message: '请先设置家长密码' }), details: { hasPin } });

type Proof = Pick<UserContext, 'caller' | 'guardianToken' | 'db' | 'now'>;

/** Whether the call carries a guardian token of the calling account. Null when no PIN is set. */
async function provesGuardian({ caller, guardianToken, db, now }: Proof): Promise<boolean | null> {
  const claims = guardianToken === null ? null : await verifyGuardianToken(guardianToken, now);
  const { epoch, gateEpoch } = await selectGate(db, caller, now);
  if (gateEpoch === null) return null;
  return claims !== null && claims.userId === caller.userId && claims.epoch === epoch && claims.gateEpoch === gateEpoch;
}

/** Whether a guardian has unlocked the calling account's gate. */
export const isGuardian = async (proof: Proof): Promise<boolean> => proof.guardianToken !== null && (await provesGuardian(proof)) === true;

/** Throws GUARDIAN_REQUIRED unless a guardian has unlocked the calling account's gate. Without a PIN it always throws. */
export async function requireGuardian(proof: Proof): Promise<void> {
  const isProved = await provesGuardian(proof);
  if (isProved !== true) throw guardianRequired(isProved !== null);
}

/** As `requireGuardian` once a PIN is set; before that every signed-in caller passes. */
export async function requireGuardianOncePinned(proof: Proof): Promise<void> {
  if ((await provesGuardian(proof)) === false) throw guardianRequired(true);
}
