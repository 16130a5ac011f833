import { AppError } from '../errors';
import type { Database } from '../runtime/mysql';

/** The account a call acts for. A signed-in context is one, so that it is passed to a query as it is. */
export interface Account {
  userId: number;
  /** Epoch of the token that the call came with; null when the identity came from WeChat's door or the system itself acts. */
  epoch: number | null;
}

/**
 * The guard: an SQL condition that holds for the row of `users` (named `table` in the statement) when the account is active and the token is
 * not revoked. Takes `guardValues`. Every statement that reads a user's data carries it, so that nothing has to be asked beforehand.
 */
export const guard = (table: string): string =>
  `${table}.id = ? AND ${table}.status = 1 AND ${table}.token_epoch = COALESCE(?, ${table}.token_epoch)`;

/** As text, which the server compares with the columns as numbers: the driver checks numbers by BigInt arithmetic, 10 µs of a read's CPU. */
export const guardValues = ({ userId, epoch }: Account): [string, string | null] => [String(userId), epoch === null ? null : String(epoch)];

/** The first row of a guarded statement. Throws UNAUTHENTICATED when there is none: no such account, or a revoked token. */
export function requireAccount<Row>([row]: readonly Row[]): Row {
  if (row === undefined) throw new AppError('UNAUTHENTICATED');
  return row;
}

/** For an operation without a statement that reads the row of `users`: throws UNAUTHENTICATED unless the guard holds. */
export async function requireActive(db: Database, account: Account): Promise<void> {
  requireAccount(await db.rows('account.guard', `SELECT 1 FROM users WHERE ${guard('users')}`, guardValues(account)));
}
