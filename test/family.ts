import { main as family } from '../functions/family/index';
import { type Child, newChild, ok } from './harness';

export const PIN = '482915';

/** A child whose guardian has set a PIN and unlocked the gate. */
export interface Guarded extends Child {
  guardianToken: string;
}

export async function guarded(child: Child): Promise<Guarded> {
  await ok(family, child.openid, 'setPin', { pin: PIN });
  return unlocked(child);
}

export async function unlocked(child: Child): Promise<Guarded> {
  const { token } = await ok(family, child.openid, 'unlock', { pin: PIN });
  return { ...child, guardianToken: token };
}

export const newGuarded = async (points = 0): Promise<Guarded> => guarded(await newChild(points));

/** A guardian with an account of their own, who has joined by a code of the child's and unlocked their own gate. */
export async function guardianOf(child: Guarded): Promise<Guarded> {
  const { code } = await ok(family, child.openid, 'invite', {}, { guardianToken: child.guardianToken });
  const guardian = await newGuarded();
  await ok(family, guardian.openid, 'join', { code });
  return guardian;
}
