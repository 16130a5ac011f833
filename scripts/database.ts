import mysql, { type Connection } from 'mysql2/promise';
import { parseDatabaseTls } from '../shared/runtime/config';
import { type DatabaseTls, sslOptions } from '../shared/runtime/tls';

/** A database and the account that a command uses there. */
export interface Target {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** Default: no encryption, for servers on this machine. */
  tls?: DatabaseTls;
}

type Environment = Record<string, string | undefined>;

/** The first host of DB_HOST: a command works on one server. */
const firstHost = (hosts: string, defaultPort: string): { host: string; port: number } => {
  const [, host = hosts, port = defaultPort] = /^([^,:]+)(?::(\d+))?/.exec(hosts.trim()) ?? [];
  return { host, port: Number(port) };
};

/** The database that DB_* names, with the TLS settings of the functions. */
export function targetFrom(env: Environment): Target {
  return {
    ...firstHost(env.DB_HOST || '127.0.0.1', env.DB_PORT || '3306'),
    user: env.DB_USER || 'root',
    password: env.DB_PASSWORD ?? '',
    database: env.DB_NAME || 'growth_diary',
    tls: parseDatabaseTls(env, false),
  };
}

/** As `targetFrom`, with the account that changes the schema: DB_MIGRATE_* where given, else DB_*. */
export function migrationTargetFrom(env: Environment): Target {
  return targetFrom({
    ...env,
    DB_HOST: env.DB_MIGRATE_HOST || env.DB_HOST,
    DB_PORT: env.DB_MIGRATE_PORT || env.DB_PORT,
    DB_USER: env.DB_MIGRATE_USER || env.DB_USER,
    DB_PASSWORD: env.DB_MIGRATE_PASSWORD ?? env.DB_PASSWORD,
  });
}

/**
 * The session of a command: nothing of the server's own settings changes what a statement means or how a procedure is compiled. A statement that
 * changes the schema and waits for a running call holds up all calls after it, so that it gives up soon.
 */
const SESSION = `SET SESSION time_zone = '+00:00', lock_wait_timeout = 3, character_set_client = utf8mb4, character_set_results = utf8mb4,
  collation_connection = utf8mb4_0900_ai_ci,
  sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'`;

/** Opens a connection to the server, with `database` as its default where one is named. */
export async function connectTo(
  { host, port, user, password, tls }: Target,
  database?: string,
  { multipleStatements = false }: { multipleStatements?: boolean } = {},
): Promise<Connection> {
  const connection = await mysql.createConnection({
    host,
    port,
    user,
    password,
    ...(database !== undefined && { database }),
    ...sslOptions(tls ?? { mode: 'off' }),
    connectTimeout: 10_000,
    multipleStatements,
    charset: 'utf8mb4_0900_ai_ci',
    timezone: 'Z',
  });
  try {
    await connection.query(SESSION);
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}
