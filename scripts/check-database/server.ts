import { TLSSocket } from 'node:tls';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { DatabaseTls } from '../../shared/runtime/tls';
import { versionProblem } from '../migrate/version';
import { type Finding, missing, note, ok } from './finding';

/** Global variables and status values whose name begins so; names that this version does not have are absent. */
async function show(connection: Connection, what: 'VARIABLES' | 'SESSION STATUS', pattern: string): Promise<Map<string, string>> {
  const [rows] = await connection.query<RowDataPacket[]>(`SHOW ${what === 'VARIABLES' ? 'GLOBAL VARIABLES' : what} LIKE ?`, [pattern]);
  return new Map(rows.map(({ Variable_name, Value }) => [String(Variable_name), String(Value)]));
}

const variable = async (connection: Connection, name: string): Promise<string> =>
  (await show(connection, 'VARIABLES', name)).get(name) ?? 'not offered';

export async function checkVersion(connection: Connection): Promise<Finding> {
  const [[row]] = await connection.query<RowDataPacket[]>("SELECT CONCAT(VERSION(), ' ', @@version_comment) AS version");
  const version = String(row?.version);
  const needed = 'MySQL 8.0.21 or later';
  return versionProblem(version)
    ? missing(needed, version, 'choose MySQL 8.0 in the console, or upgrade the instance')
    : ok(needed, version);
}

export async function checkCharset(connection: Connection, database: string): Promise<Finding> {
  const needed = 'character set utf8mb4 (emoji, rare characters)';
  const [[row]] = await connection.query<RowDataPacket[]>(
    'SELECT default_collation_name AS collation FROM information_schema.schemata WHERE schema_name = ?',
    [database],
  );
  const server = await variable(connection, 'collation_server');
  if (!row) return ok(needed, `server ${server}; the database is created in utf8mb4`);
  const found = `database ${row.collation}, server ${server}`;
  return row.collation === 'utf8mb4_0900_ai_ci' ? ok(needed, found) : note(needed, found, 'npm run db:migrate converts the default');
}

export async function checkModes(connection: Connection): Promise<Finding[]> {
  const binlog = `log_bin ${await variable(connection, 'log_bin')}, trust_function_creators ${await variable(connection, 'log_bin_trust_function_creators')}`;
  return [
    ok('any sql_mode (sessions set their own)', (await variable(connection, 'sql_mode')) || 'empty'),
    ok('any binlog setting (no functions, no triggers)', binlog),
  ];
}

/** As long as the passwords that migrate generates. */
const PASSWORD_LENGTH = 37;

export async function checkPasswordPolicy(connection: Connection): Promise<Finding> {
  const needed = 'a password policy that generated passwords satisfy';
  const policy = await show(connection, 'VARIABLES', 'validate\\_password%');
  if (policy.size === 0) return ok(needed, 'none');
  const settingOf = (name: string) => policy.get(`validate_password.${name}`) ?? policy.get(`validate_password_${name}`) ?? '0';
  const found = `${settingOf('policy')}, ${settingOf('length')} characters`;
  const isStrict =
    Number(settingOf('length')) > PASSWORD_LENGTH ||
    ['mixed_case_count', 'number_count', 'special_char_count'].some((name) => Number(settingOf(name)) > 1);
  return isStrict ? missing(needed, found, `allow passwords of ${PASSWORD_LENGTH} characters with one of each kind`) : ok(needed, found);
}

function certificateNames(connection: Connection): string {
  // The driver keeps the socket one level below its promises, and does not declare it.
  const { stream } = (connection as unknown as { connection: { stream: unknown } }).connection;
  if (!(stream instanceof TLSSocket)) return '';
  const { subject, subjectaltname } = stream.getPeerCertificate();
  return subjectaltname ?? subject?.CN?.toString() ?? '';
}

export async function checkTls(connection: Connection, { mode }: DatabaseTls): Promise<Finding> {
  const needed = `an encrypted connection (DB_TLS=${mode})`;
  const cipher = (await show(connection, 'SESSION STATUS', 'Ssl_cipher')).get('Ssl_cipher') ?? '';
  if (cipher === '') return note(needed, 'not encrypted', 'switch SSL on in the console, then set DB_TLS=verify-ca and DB_CA');
  const names = certificateNames(connection);
  return ok(needed, names === '' ? cipher : `${cipher}; the certificate names ${names}`);
}

/** Room besides the functions: administrators, migrations, the vendor's own sessions. */
const OTHERS = 10;
const STATEMENTS_PER_CONNECTION = 60;

export async function checkRoom(connection: Connection, instances: number, pool: number): Promise<Finding[]> {
  const connections = instances * pool + OTHERS;
  const statements = instances * pool * STATEMENTS_PER_CONNECTION;
  const most = await variable(connection, 'max_connections');
  const prepared = await variable(connection, 'max_prepared_stmt_count');
  const room = `max_connections ≥ ${connections} (${instances} instances × ${pool} + ${OTHERS})`;
  const more = `max_prepared_stmt_count ≥ ${statements}`;
  return [
    Number(most) >= connections
      ? ok(room, most)
      : missing(room, most, 'raise it, or say --instances and limit the concurrency of the functions to it'),
    Number(prepared) >= statements
      ? ok(more, prepared)
      : note(more, prepared, 'raise it: statements beyond it are not prepared, and slower'),
  ];
}
