import type { StoredRequest } from '../request';
import type { Database } from '../runtime/mysql';
import { type Account, guard, guardValues, requireAccount } from './account';

/** The request when it was done before, else null. */
export const selectRequest = async (db: Database, account: Account, requestId: string): Promise<StoredRequest | null> => {
  const rows = await db.rows<{ [Column in keyof StoredRequest]: StoredRequest[Column] | null }>(
    'request',
    `SELECT r.hash, r.receipt FROM users u LEFT JOIN requests r ON r.user_id = u.id AND r.request_id = ? WHERE ${guard('u')}`,
    [requestId, ...guardValues(account)],
  );
  const { hash, receipt } = requireAccount(rows);
  return hash && { hash, receipt };
};
