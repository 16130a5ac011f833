import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { connectTo, type Target } from '../database';
import { statementsOf } from './files';

/** Accounts are common to all databases of a server, so that this lock is as well. */
const LOCK = 'growth-diary-owner';
const ACCOUNTS = ['gd_owner', 'gd_migrator', 'gd_runtime', 'gd_operator'];
const NO_SUCH_RIGHT = new Set([1044, 1142, 1227, 1410]);

const errnoOf = (error: unknown): number => (error instanceof Error && 'errno' in error ? Number(error.errno) : 0);

const lacksRight = (error: unknown): boolean => NO_SUCH_RIGHT.has(errnoOf(error));

/** Holds a capital, a small letter, a figure and a sign, as password policies ask. */
export const newPassword = (): string => `Gd1-${randomBytes(24).toString('base64url')}`;

const grants = (folder: string): string[] => statementsOf(readFileSync(join(folder, 'grants.sql'), 'utf8'));

/** An account that lacks SET_ANY_DEFINER may not create one that procedures name as their definer. */
const OWNS_PROCEDURES = 4006;
/** A concurrent migration created the account first: accounts are common to all databases of a server. */
const EXISTS_BY_NOW = 1396;

/** Changes nothing, and fails where there is no such account. */
const exists = (connection: Connection, account: string): Promise<boolean> =>
  connection.query(`GRANT USAGE ON *.* TO ${account}`).then(
    () => true,
    () => false,
  );

/** Nothing can call a procedure whose owner was dropped: such procedures make way for the account, and are created again afterwards. */
async function dropOrphans(connection: Connection): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT routine_name AS name FROM information_schema.routines WHERE routine_schema = DATABASE() AND definer LIKE 'gd\\_owner@%'",
  );
  for (const { name } of rows) await connection.query(`DROP PROCEDURE ${connection.escapeId(String(name))}`);
}

/** Not with IF NOT EXISTS: under a password policy the server refuses the random password of an account that exists (1819). */
async function createAccount(connection: Connection, account: string): Promise<void> {
  if (await exists(connection, account)) return;
  const statement = `CREATE USER ${account} IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK`;
  try {
    await connection.query(statement);
  } catch (error) {
    if (errnoOf(error) === EXISTS_BY_NOW) return;
    if (errnoOf(error) !== OWNS_PROCEDURES) throw error;
    await dropOrphans(connection);
    await connection.query(statement);
  }
}

/**
 * Creates the accounts and gives `gd_owner` and `gd_migrator` their rights. False when this account is no administrator: it may not create
 * accounts.
 */
export async function createAccountsOf(connection: Connection, folder: string): Promise<boolean> {
  try {
    for (const account of ACCOUNTS) await createAccount(connection, account);
  } catch (error) {
    if (lacksRight(error)) return false;
    throw error;
  }
  for (const each of grants(folder).filter((statement) => / TO gd_(owner|migrator)\b/.test(statement))) await connection.query(each);
  await connection.query('DROP PROCEDURE IF EXISTS open_owner');
  await connection.query(readFileSync(join(folder, 'open_owner.sql'), 'utf8'));
  return true;
}

/** Gives the accounts of functions and people their rights, which `gd_owner` may pass on. Repairs what was revoked since. */
export async function grantUse(owner: Connection, folder: string): Promise<void> {
  for (const each of grants(folder).filter((statement) => / TO gd_(runtime|operator)\b/.test(statement))) {
    try {
      await owner.query(each);
    } catch (cause) {
      throw new Error(`the rights of the functions could not be granted (${each}): run npm run db:migrate as the administrator`, { cause });
    }
  }
}

const setOwnerPassword = (connection: Connection, isAdministrator: boolean, password: string | null): Promise<unknown> => {
  if (!isAdministrator) return connection.query('CALL open_owner(?)', [password]);
  return password === null
    ? connection.query('ALTER USER gd_owner IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK')
    : connection.query('ALTER USER gd_owner IDENTIFIED BY ? ACCOUNT UNLOCK', [password]);
};

/**
 * Signs in as `gd_owner`, the account that creates the procedures and whose rights they run with. Naming another account as definer needs
 * SET_ANY_DEFINER, which managed databases do not give. The account is locked again as soon as this session is open; a session outlives that.
 */
export async function openOwner(connection: Connection, target: Target, isAdministrator: boolean): Promise<Connection> {
  await connection.query('DO GET_LOCK(?, 60)', [LOCK]);
  const password = newPassword();
  try {
    await setOwnerPassword(connection, isAdministrator, password);
    try {
      return await connectTo({ ...target, user: 'gd_owner', password }, target.database, { multipleStatements: true });
    } finally {
      await setOwnerPassword(connection, isAdministrator, null);
    }
  } finally {
    await connection.query('DO RELEASE_LOCK(?)', [LOCK]);
  }
}
