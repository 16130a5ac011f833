import type * as z from 'zod';
import { AppError } from '../errors';
import type { UserContext } from '../runtime/context';
import { selectGate } from '../runtime/guardian';
import { signGuardianToken } from '../runtime/guardian-token';
import { Moved } from '../runtime/mysql';
import type { cancelReset, Gate, setPin, unlock } from './contract';
import { hashPin, isPin } from './pin';
import { postGateClose, postPin, postPinSuccess, postPinTry } from './queries';

const RESET_MS = 86_400_000;

const locked = (seconds: number): AppError => new AppError('PIN_INVALID', { message: '密码错误次数过多，请稍后再试', retryAfter: seconds });

/** Compares a PIN. Every comparison is counted first: parallel wrong ones get five tries in all. Answers the epoch of the gate. */
async function requirePin(ctx: UserContext, pin: string): Promise<number> {
  const { stored, lockedSeconds } = await postPinTry(ctx.db, ctx, ctx.now);
  if (stored === null) throw locked(lockedSeconds ?? 1);
  if (await isPin(ctx.userId, pin, stored)) return stored.gateEpoch;
  throw lockedSeconds === null ? new AppError('PIN_INVALID') : locked(lockedSeconds);
}

/** The first PIN is set at once. A new one takes the place of the old one only with the old one; the same one again changes nothing. */
export async function setGuardianPin(ctx: UserContext, { pin, old }: z.output<typeof setPin.input>): Promise<Gate> {
  for (;;) {
    const { gateEpoch } = await selectGate(ctx.db, ctx, ctx.now);
    if (gateEpoch !== null) {
      const triedEpoch = await requirePin(ctx, old ?? pin);
      await postPinSuccess(ctx.db, ctx.userId, { gateEpoch: triedEpoch, cancelsReset: old === undefined || old === pin }, ctx.now);
      if (old === undefined || old === pin) return { hasPin: true, resetAt: null };
    }
    try {
      await postPin(ctx.db, ctx, { ...(await hashPin(ctx.userId, pin)), gateEpoch }, ctx.now);
      return { hasPin: true, resetAt: null };
    } catch (error) {
      // Another PIN was set between the read and the write: now that one is needed.
      if (!(error instanceof Moved) || Date.now() >= ctx.deadline) throw error;
    }
  }
}

/** A guardian token for 15 minutes, for the right PIN. */
export async function unlockGate(ctx: UserContext, { pin }: z.output<typeof unlock.input>): Promise<z.input<typeof unlock.output>> {
  const gateEpoch = await requirePin(ctx, pin);
  const { epoch } = await postPinSuccess(ctx.db, ctx.userId, { gateEpoch, cancelsReset: false }, ctx.now);
  return signGuardianToken({ userId: ctx.userId, epoch, gateEpoch }, ctx.now);
}

export async function lockGate(ctx: UserContext): Promise<{ locked: true }> {
  await postGateClose(ctx.db, ctx, null, ctx.now);
  return { locked: true };
}

/** A reset takes effect after 24 hours, so that a guardian who knows the PIN can see it on the start page and cancel it. */
export async function resetGuardianPin(ctx: UserContext): Promise<Gate> {
  const { hasPin, resetAt } = await postGateClose(ctx.db, ctx, new Date(ctx.now.getTime() + RESET_MS), ctx.now);
  if (hasPin === 0) throw new AppError('NOT_FOUND', { message: '还没有设置家长密码' });
  return { hasPin: true, resetAt: resetAt && new Date(resetAt).toISOString() };
}

export async function cancelPinReset(ctx: UserContext, { pin }: z.output<typeof cancelReset.input>): Promise<Gate> {
  const gateEpoch = await requirePin(ctx, pin);
  await postPinSuccess(ctx.db, ctx.userId, { gateEpoch, cancelsReset: true }, ctx.now);
  return { hasPin: true, resetAt: null };
}
