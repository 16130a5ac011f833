import type * as z from 'zod';
import { fieldError } from '../errors';
import { requestOf } from '../request';
import { config } from '../runtime/config';
import { type ConsentRow, selectConsents } from '../runtime/consent';
import type { UserContext } from '../runtime/context';
import type { consent, consents } from './consent-contract';
import { postConsent } from './consent-queries';
import { setGuardianPin } from './gate';

const MOST = 1_000;

/** Records what a guardian agrees to. On an account without a PIN they can set it in the same step. */
export async function giveConsent(ctx: UserContext, input: z.output<typeof consent.input>): Promise<z.input<typeof consent.output>> {
  const { version, relation, items, pin } = input;
  const asked = config().consentVersion;
  if (asked === null || version !== asked) throw fieldError('version', '同意书已更新，请重新阅读');
  if (pin !== undefined) await setGuardianPin(ctx, { pin });
  // The PIN stays out of the stored hash: it has few values.
  const { pin: _, ...asSaid } = input;
  await postConsent(ctx.db, ctx, requestOf(ctx, asSaid), { version, relation, ai: items.ai, pictures: items.pictures }, ctx.now);
  return { version, relation, items };
}

const toConsent = ({ version, relation, ai, pictures, created_at }: ConsentRow) => ({
  version,
  relation,
  items: { diary: true as const, ai: ai === 1, pictures: pictures === 1 },
  createdAt: created_at.toISOString(),
});

export async function listConsents(ctx: UserContext): Promise<z.input<typeof consents.output>> {
  const rows = await selectConsents(ctx.db, ctx, MOST);
  const required = config().consentVersion;
  return { required, isGiven: required === null || rows[0]?.version === required, consents: rows.map(toConsent) };
}
