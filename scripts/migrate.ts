import { fileURLToPath } from 'node:url';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { runCommand } from './command';
import { connectTo, migrationTargetFrom, type Target } from './database';
import { databaseEnvironment } from './local-database';
import { createAccountsOf, grantUse, newPassword, openOwner } from './migrate/accounts';
import { readProcedures, readVersions } from './migrate/files';
import { replaceProcedure, requireProcedures, staleProcedures, tryProcedures } from './migrate/procedures';
import { versionProblem } from './migrate/version';
import { type Applied, applyVersion, noteApplied, requireUnedited } from './migrate/versions';

export type { Target } from './database';

interface Options {
  report?: (line: string) => void;
  /** Where the migrations are. */
  sqlFolder?: string;
  /** For servers that others run and that hold no real data: without the right to create accounts, everything belongs to this account. */
  oneAccount?: boolean;
}

const SQL_FOLDER = fileURLToPath(new URL('../sql/', import.meta.url));
const LOCK = 'growth-diary-migrate';
const CHARSET = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci';

async function requireVersion(connection: Connection): Promise<void> {
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
  const problem = versionProblem(String(row?.version));
  if (problem) throw new Error(problem);
}

/** Tables name their character set; what takes the database's default is variables of procedures. Existing rows are not touched. */
async function convertDatabase(connection: Connection, database: string, report: (line: string) => void): Promise<void> {
  const [[row]] = await connection.query<RowDataPacket[]>(
    'SELECT default_collation_name AS collation FROM information_schema.schemata WHERE schema_name = DATABASE()',
  );
  if (row?.collation === 'utf8mb4_0900_ai_ci') return;
  await connection.query(`ALTER DATABASE ${connection.escapeId(database)} ${CHARSET}`);
  report(`the database's default was ${row?.collation} and is utf8mb4_0900_ai_ci now`);
}

async function openDatabase(connection: Connection, database: string, report: (line: string) => void): Promise<void> {
  const [[found]] = await connection.query<RowDataPacket[]>('SELECT 1 FROM information_schema.schemata WHERE schema_name = ?', [database]);
  if (!found) await connection.query(`CREATE DATABASE IF NOT EXISTS ${connection.escapeId(database)} ${CHARSET}`);
  await connection.query(`USE ${connection.escapeId(database)}`);
  const [[lock]] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, 60) AS got', [`${LOCK}:${database}`]);
  if (lock?.got !== 1) throw new Error('another migration has been running for a minute');
  await convertDatabase(connection, database, report);
}

async function readApplied(connection: Connection): Promise<Applied> {
  await connection.query(
    `CREATE TABLE IF NOT EXISTS schema_migrations (name VARCHAR(100) PRIMARY KEY, hash CHAR(64) NOT NULL,
      applied_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci`,
  );
  const [rows] = await connection.query<RowDataPacket[]>('SELECT name, hash FROM schema_migrations');
  return new Map(rows.map((row) => [String(row.name), String(row.hash)]));
}

/** A session that creates procedures as `gd_owner`; null where everything belongs to the migrating account. */
async function ownerFor(
  connection: Connection,
  target: Target,
  { sqlFolder = SQL_FOLDER, oneAccount }: Options,
): Promise<Connection | null> {
  const isAdministrator = await createAccountsOf(connection, sqlFolder);
  try {
    return await openOwner(connection, target, isAdministrator);
  } catch (cause) {
    if (oneAccount && !isAdministrator) return null;
    const advice = 'run npm run db:migrate once as the administrator of the database, an account that may create others';
    throw new Error(isAdministrator ? 'gd_owner cannot sign in' : `${target.user} may not replace procedures: ${advice}`, { cause });
  }
}

async function applyAll(connection: Connection, owner: Connection | null, folder: string, report: (line: string) => void): Promise<void> {
  const versions = readVersions(folder);
  const procedures = readProcedures(folder).map((file) =>
    owner === null ? { ...file, text: file.text.replace('DEFINER = gd_owner ', '') } : file,
  );
  const applied = await readApplied(connection);
  const stale = await staleProcedures(connection, procedures, applied, owner !== null);
  const creator = owner ?? connection;
  requireUnedited(versions, applied);
  if (applied.size > 0) await tryProcedures(creator, stale);
  for (const file of versions.filter(({ name }) => !applied.has(name))) {
    await applyVersion(connection, file, applied);
    report(`applied ${file.name}`);
  }
  for (const file of stale) {
    await replaceProcedure(creator, file);
    await noteApplied(connection, file);
    report(`applied ${file.name}`);
  }
  await requireProcedures(connection, procedures, owner !== null);
}

/**
 * Brings the database to the newest schema; creates it when it is not there. One migration of a database runs at a time, others wait. Everything
 * that can be refused is tried before anything changes; a run that fails later leaves a database on which the version before works.
 */
export async function migrate(target: Target, options: Options = {}): Promise<void> {
  const { report = () => {}, sqlFolder = SQL_FOLDER } = options;
  const connection = await connectTo(target, undefined, { multipleStatements: options.oneAccount === true });
  let owner: Connection | null = null;
  try {
    await requireVersion(connection);
    await openDatabase(connection, target.database, report);
    owner = await ownerFor(connection, target, options);
    if (owner === null) report(`procedures run with the rights of ${target.user}: this account may not create accounts`);
    await applyAll(connection, owner, sqlFolder, report);
    if (owner !== null) await grantUse(owner, sqlFolder);
  } finally {
    await owner?.end();
    await connection.end();
  }
}

/** Unlocks the runtime account with a new password, for servers of our own. Throws when the given account may not do that. */
export async function createAccounts(target: Target): Promise<{ runtime: { user: string; password: string } }> {
  const connection = await connectTo(target);
  try {
    const password = newPassword();
    await connection.query('ALTER USER gd_runtime IDENTIFIED BY ? ACCOUNT UNLOCK', [password]);
    return { runtime: { user: 'gd_runtime', password } };
  } finally {
    await connection.end();
  }
}

const usage = `Brings the database to the newest schema and procedures. Safe to run again.

  npm run db:migrate      the database of a running npm start
  DB_HOST=… DB_USER=… DB_PASSWORD=… DB_NAME=… npm run db:migrate

DB_MIGRATE_USER and DB_MIGRATE_PASSWORD name another account for this alone.`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runCommand({ usage }, async () => {
    await migrate(migrationTargetFrom(databaseEnvironment()), { report: console.log });
    console.log('the database is up to date');
  });
}
