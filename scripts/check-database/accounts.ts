import type { Connection, RowDataPacket } from 'mysql2/promise';
import { connectTo, type Target } from '../database';
import { newPassword } from '../migrate/accounts';
import { type Finding, missing, note, ok, reasonOf } from './finding';
import type { Scratch } from './scratch';

const routines = async (connection: Connection): Promise<Set<string>> => {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT routine_name AS name FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_name NOT LIKE 'preflight\\_%'",
  );
  return new Set(rows.map(({ name }) => String(name)));
};

/** An administrator creates accounts and passes its rights on; `gd_migrator` opens the procedures' owner by the procedure that one created. */
export async function checkMigrator(connection: Connection, { user }: Target, { account }: Scratch): Promise<Finding> {
  const needed = `${user} may migrate`;
  try {
    await connection.query(`CREATE USER ${account} IDENTIFIED BY ? ACCOUNT LOCK`, [newPassword()]);
    await connection.query(
      `GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE, CREATE ROUTINE, ALTER ROUTINE ON * TO ${account} WITH GRANT OPTION`,
    );
    return ok(needed, 'it creates accounts and passes its rights on (SUPER and SET_ANY_DEFINER are not needed)');
  } catch (error) {
    if (user === 'gd_migrator' && (await routines(connection)).has('open_owner')) return ok(needed, 'it opens gd_owner by open_owner');
    const found = reasonOf(error);
    return missing(
      needed,
      found,
      'run the first migration as the administrator, an account with CREATE USER and GRANT OPTION on this database',
    );
  }
}

/** Whether the account of the functions may call every procedure, asked as that account. */
export async function checkRuntime(connection: Connection, runtime: Target, database: string): Promise<Finding> {
  const needed = `${runtime.user} may call every procedure`;
  const all = await routines(connection);
  if (all.size === 0) return note(needed, 'no procedures yet', 'run npm run db:migrate, then unlock the account as the guide says');
  try {
    const session = await connectTo(runtime, database);
    const seen = await routines(session);
    session.destroy();
    const hidden = [...all].filter((name) => !seen.has(name));
    const lacking = hidden.slice(0, 3).join(', ');
    return hidden.length === 0
      ? ok(needed, `${seen.size} procedures`)
      : missing(needed, `not ${lacking}`, 'run npm run db:migrate, which grants EXECUTE');
  } catch (error) {
    return missing(
      needed,
      reasonOf(error),
      `unlock it: ALTER USER ${runtime.user} IDENTIFIED BY '…' REQUIRE SSL ACCOUNT UNLOCK; check DB_PASSWORD`,
    );
  }
}
