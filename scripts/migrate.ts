import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';

export interface Target {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  report?: (line: string) => void;
}

interface SqlFile {
  name: string;
  text: string;
  hash: string;
}

const sqlFolder = fileURLToPath(new URL('../sql/', import.meta.url));
const LOCK = 'growth-diary-migrate';
const NO_SUCH_RIGHT = new Set([1044, 1142, 1227, 1410]);

/** What procedures have in common is put in where they name it: a CALL in its place would cost each posting a tenth of its time. */
const withParts = (text: string): string =>
  text.replace(/^ *-- include (\w+)$/gm, (_, part: string) => withParts(readFileSync(`${sqlFolder}parts/${part}.sql`, 'utf8')).trimEnd());

const readFolder = (folder: string): SqlFile[] =>
  readdirSync(sqlFolder + folder)
    .filter((name) => name.endsWith('.sql') && name !== 'grants.sql')
    .sort()
    .map((name) => {
      const text = withParts(readFileSync(sqlFolder + folder + name, 'utf8'));
      return { name: folder + name, text, hash: createHash('sha256').update(text).digest('hex') };
    });

const statementsOf = (text: string): string[] =>
  text
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement.replace(/^--.*$/gm, '').trim() !== '');

const lacksRight = (error: unknown): boolean => error instanceof Error && 'errno' in error && NO_SUCH_RIGHT.has(Number(error.errno));

async function applyVersions(connection: Connection, applied: Map<string, string>, report: (line: string) => void): Promise<void> {
  for (const { name, text, hash } of readFolder('')) {
    const known = applied.get(name);
    if (known === hash) continue;
    if (known !== undefined) throw new Error(`${name} was edited after it had been applied; write a new file instead`);
    for (const statement of statementsOf(text)) {
      try {
        await connection.query(statement);
      } catch (cause) {
        throw new Error(`${name} failed at: ${statement.slice(0, 120)}`, { cause });
      }
    }
    await connection.execute('INSERT INTO schema_migrations (name, hash) VALUES (?, ?)', [name, hash]);
    report(`applied ${name}`);
  }
}

/** Procedures are replaced whenever their file changes. */
async function applyProcedures(connection: Connection, applied: Map<string, string>, report: (line: string) => void): Promise<void> {
  for (const { name, text, hash } of readFolder('procedures/')) {
    if (applied.get(name) === hash) continue;
    const procedure = name.slice('procedures/'.length, -'.sql'.length);
    await connection.query(`DROP PROCEDURE IF EXISTS ${procedure}`);
    try {
      await connection.query(text);
    } catch (error) {
      if (!lacksRight(error)) throw new Error(`${name} failed`, { cause: error });
      await connection.query(text.replace('DEFINER = gd_owner ', ''));
      report(`${procedure} runs with the migrating account's rights: this account may not name gd_owner as its definer`);
    }
    await connection.execute(
      'INSERT INTO schema_migrations (name, hash) VALUES (?, ?) AS new ON DUPLICATE KEY UPDATE hash = new.hash, applied_at = CURRENT_TIMESTAMP',
      [name, hash],
    );
    report(`applied ${name}`);
  }
}

async function connect({ host, port, user, password }: Target): Promise<Connection> {
  return mysql.createConnection({ host, port, user, password, charset: 'utf8mb4_0900_ai_ci', timezone: 'Z' });
}

/** Runs one statement of grants.sql after another; false when this account may not create accounts. */
async function applyGrants(connection: Connection, when: (statement: string) => boolean): Promise<boolean> {
  try {
    for (const statement of statementsOf(readFileSync(`${sqlFolder}grants.sql`, 'utf8')).filter(when)) await connection.query(statement);
    return true;
  } catch (error) {
    if (!lacksRight(error)) throw error;
    return false;
  }
}

/** Brings the database to the newest schema; creates it when it is not there. One migrator works at a time, others wait. */
export async function migrate(target: Target): Promise<void> {
  const report = target.report ?? (() => {});
  const connection = await connect(target);
  try {
    const [[version]] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
    if (/mariadb/i.test(String(version?.version))) throw new Error(`MySQL 8.0.19 or later is needed, this is ${version?.version}`);
    await connection.query(
      `CREATE DATABASE IF NOT EXISTS ${connection.escapeId(target.database)} CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci`,
    );
    await connection.changeUser({ database: target.database });
    const [[lock]] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, 60) AS got', [`${LOCK}:${target.database}`]);
    if (lock?.got !== 1) throw new Error('another migration has been running for a minute');

    const accounts = await applyGrants(connection, (statement) => statement.includes('CREATE USER'));
    await connection.query(
      'CREATE TABLE IF NOT EXISTS schema_migrations (name VARCHAR(100) PRIMARY KEY, hash CHAR(64) NOT NULL, applied_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci',
    );
    const [rows] = await connection.query<RowDataPacket[]>('SELECT name, hash FROM schema_migrations');
    const applied = new Map(rows.map((row) => [String(row.name), String(row.hash)]));
    await applyVersions(connection, applied, report);
    await applyProcedures(connection, applied, report);
    const granted = accounts && (await applyGrants(connection, (statement) => !statement.includes('CREATE USER')));
    if (!granted) report('grants.sql was not applied: this account may not create accounts');
  } finally {
    await connection.end();
  }
}

/** Unlocks the runtime account with a new password, for servers of our own. Throws when the given account may not do that. */
export async function createAccounts(target: Target): Promise<{ runtime: { user: string; password: string } }> {
  const connection = await connect(target);
  try {
    const password = randomBytes(18).toString('base64url');
    await connection.query('ALTER USER gd_runtime IDENTIFIED BY ? ACCOUNT UNLOCK', [password]);
    return { runtime: { user: 'gd_runtime', password } };
  } finally {
    await connection.end();
  }
}

const isMain = process.argv[1] === fileURLToPath(import.meta.url);
if (isMain) {
  const {
    DB_HOST = '127.0.0.1',
    DB_PORT = '3306',
    DB_MIGRATE_USER,
    DB_MIGRATE_PASSWORD,
    DB_USER = 'root',
    DB_PASSWORD = '',
    DB_NAME = 'growth_diary',
  } = process.env;
  await migrate({
    host: DB_HOST,
    port: Number(DB_PORT),
    user: DB_MIGRATE_USER ?? DB_USER,
    password: DB_MIGRATE_PASSWORD ?? DB_PASSWORD,
    database: DB_NAME,
    report: console.log,
  });
  console.log('the database is up to date');
}
