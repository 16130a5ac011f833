import { AppError, isErrorCode } from '../errors';

/** The transaction was rolled back: deadlock, lock time-out, certification (group replication). */
const ROLLED_BACK = new Set([1213, 1205, 3101, 1180]);
/** The statement was interrupted: shutdown or kill. */
const CUT_OFF = new Set([1053, 1927, 1317]);
/** The server no longer takes writes: failover, or it lost its group. */
const NOT_PRIMARY = new Set([1290, 1836, 1792, 3100]);
/** A migration is replacing the procedure: it is missing (1305), or the right to call it is (1370). */
const BEING_REPLACED = new Set([1305, 1370]);
/** The server's max_prepared_stmt_count is reached. */
const NO_STATEMENT_LEFT = 1461;
const SIGNALLED = 1644;

/** The error number of the server; 0 for an error of the driver or the network. */
export const errnoOf = (error: unknown): number =>
  error instanceof Error && 'errno' in error && Number(error.errno) > 0 ? Number(error.errno) : 0;

export const isRolledBack = (errno: number): boolean => ROLLED_BACK.has(errno);
export const isBeingReplaced = (errno: number): boolean => BEING_REPLACED.has(errno);
export const isOutOfStatements = (errno: number): boolean => errno === NO_STATEMENT_LEFT;

/** The server answered and is not shutting down. */
export const provesAlive = (errno: number): boolean => errno > 0 && !CUT_OFF.has(errno);

/** The server says that the statement is wrong: neither the network nor a temporary state is the cause. */
export const isOwnFault = (errno: number): boolean =>
  errno > 0 && ![ROLLED_BACK, CUT_OFF, NOT_PRIMARY, BEING_REPLACED].some((errnos) => errnos.has(errno));

/** The driver could not serialize the values: nothing was sent. */
export const isUnsendable = (error: unknown): boolean => error instanceof RangeError || error instanceof TypeError;

/** The user's data changed between read and write: read again and decide again. */
export class Moved extends Error {
  override readonly name = 'Moved';
}

/** The code that a procedure signalled; null for any other error. */
export const signalled = (error: unknown): AppError | Moved | null => {
  if (!(error instanceof Error) || errnoOf(error) !== SIGNALLED) return null;
  const { message } = error;
  if (message === 'MOVED') return new Moved();
  return isErrorCode(message) ? new AppError(message, { cause: error }) : null;
};
