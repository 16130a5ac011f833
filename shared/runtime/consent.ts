import { type Account, guard, guardValues, requireAccount } from '../database/account';
import { AppError } from '../errors';
import { config } from './config';
import type { UserContext } from './context';
import type { Database } from './mysql';

export interface ConsentRow {
  version: string;
  relation: 'parent' | 'guardian';
  ai: 0 | 1;
  pictures: 0 | 1;
  created_at: Date;
}

/** Newest first. */
export const selectConsents = async (db: Database, account: Account, limit: number): Promise<ConsentRow[]> => {
  const rows = await db.rows<ConsentRow | { version: null }>(
    'family.consents',
    `SELECT c.version, c.relation, c.ai, c.pictures, c.created_at
       FROM users u LEFT JOIN consents c ON c.user_id = u.id WHERE ${guard('u')} ORDER BY c.id DESC LIMIT ?`,
    [...guardValues(account), limit],
  );
  requireAccount(rows);
  return rows.filter((row): row is ConsentRow => row.version !== null);
};

/** The consent in force; null when none was given. */
const selectConsent = async (db: Database, account: Account): Promise<ConsentRow | null> =>
  (await selectConsents(db, account, 1))[0] ?? null;

/** Cache of children whose guardian agreed to the current text. It never becomes stale: consent to texts is superseded, never withdrawn. */
const agreed = new Set<string>();
const MOST_REMEMBERED = 10_000;

/** Fields that hold pictures, in the input of any action. */
interface Pictures {
  images?: readonly string[] | undefined;
  avatar?: string | undefined;
}

const storesPictures = ({ images, avatar }: Pictures): boolean =>
  (images !== undefined && images.length > 0) || (avatar !== undefined && avatar !== '');

/**
 * Throws CONSENT_REQUIRED until a guardian has agreed to the text of CONSENT_VERSION. For pictures it also throws unless the guardian agreed to
 * pictures (`details.item`: pictures). Without CONSENT_VERSION it never throws.
 */
export async function requireConsent(ctx: UserContext, input: Pictures): Promise<void> {
  const version = config().consentVersion;
  if (version === null) return;
  const hasPictures = storesPictures(input);
  const key = `${ctx.userId}:${version}`;
  if (!hasPictures && agreed.has(key)) return;
  const given = await selectConsent(ctx.db, ctx);
  if (given?.version !== version) throw new AppError('CONSENT_REQUIRED', { details: { version } });
  if (agreed.size >= MOST_REMEMBERED) agreed.clear();
  agreed.add(key);
  if (hasPictures && given.pictures === 0) {
    throw new AppError('CONSENT_REQUIRED', { message: '需要监护人同意后才能保存图片', details: { version, item: 'pictures' } });
  }
}

/** Whether the write can succeed after a guardian agrees to the text. Pictures that the guardian declined stay refused. */
export const waitsForConsent = ({ code, details }: AppError): boolean =>
  code === 'CONSENT_REQUIRED' && (details as { item?: string }).item === undefined;

/** Throws CONSENT_REQUIRED unless a guardian agreed that texts go to the AI. */
export async function requireConsentToAi(ctx: UserContext): Promise<void> {
  const version = config().consentVersion;
  if (version === null) return;
  const given = await selectConsent(ctx.db, ctx);
  if (given?.version === version && given.ai === 1) return;
  throw new AppError('CONSENT_REQUIRED', { message: '需要监护人同意后才能使用 AI', details: { version, item: 'ai' } });
}
