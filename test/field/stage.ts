import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { type Cluster, startCluster } from '../../dev/services/cluster';
import { connectTo, type Target } from '../../scripts/database';
import { migrate } from '../../scripts/migrate';
import type { DatabaseTls } from '../../shared/runtime/tls';

const tlsPath = (name: string): string => fileURLToPath(new URL(`../trust/tls/${name}`, import.meta.url));

/** What a functions' connection by IP can check: the certificate names another host. */
const fieldTls: DatabaseTls = { mode: 'verify-ca', ca: readFileSync(tlsPath('ca.pem'), 'utf8') };

/** A managed MySQL as its vendor sets it up: nothing of it was chosen for this product. */
const FLAGS = [
  '--log-bin=binlog',
  '--server-id=7',
  '--sync-binlog=0',
  // What was committed survives a kill of the process.
  '--innodb-flush-log-at-trx-commit=1',
  '--log-bin-trust-function-creators=OFF',
  '--character-set-server=utf8mb3',
  '--collation-server=utf8mb3_general_ci',
  '--sql-mode=ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES',
  '--sql-require-primary-key=ON',
  '--performance-schema=OFF',
  '--require-secure-transport=ON',
  `--ssl-ca=${tlsPath('ca.pem')}`,
  `--ssl-cert=${tlsPath('elsewhere.pem')}`,
  `--ssl-key=${tlsPath('elsewhere-key.pem')}`,
];

const PASSWORD_POLICY = [
  "INSTALL COMPONENT 'file://component_validate_password'",
  "SET GLOBAL validate_password.policy = 'MEDIUM'",
  'SET GLOBAL validate_password.length = 14',
];

/** Rights that vendors keep for themselves; which of them exist depends on the version. */
const KEPT_BY_THE_VENDOR = [
  'SUPER',
  'SET_ANY_DEFINER',
  'SET_USER_ID',
  'ALLOW_NONEXISTENT_DEFINER',
  'SYSTEM_USER',
  'SYSTEM_VARIABLES_ADMIN',
  'FILE',
];

export const DATABASE = 'field';
const PASSWORD = 'Field-Test-Passw0rd';

export interface Field {
  cluster: Cluster;
  root: Connection;
  /** The target of a command that signs in as this account. */
  as(user: string): Target;
  /** Empties the server: no database and no account of the product, an administrator of the given kind, a database in the given character set. */
  reset(administrator: 'stripped' | 'full', charset: string): Promise<void>;
  ask<Row>(sql: string, values?: (string | number)[]): Promise<Row[]>;
  stop(): Promise<void>;
}

export async function openField(): Promise<Field> {
  const cluster = await startCluster({ mysqls: 1, redises: 1, mysqlFlags: FLAGS, report: console.log });
  const [{ host, port }] = cluster.members;
  const root = await connectTo({ host, port, user: 'root', password: '', database: '', tls: fieldTls });
  for (const statement of PASSWORD_POLICY) await root.query(statement);
  const ask = async <Row>(sql: string, values: (string | number)[] = []) => (await root.query<RowDataPacket[]>(sql, values))[0] as Row[];

  async function reset(administrator: 'stripped' | 'full', charset: string): Promise<void> {
    await root.query(`DROP DATABASE IF EXISTS ${DATABASE}`);
    await root.query('DROP USER IF EXISTS field_admin, gd_owner, gd_migrator, gd_runtime, gd_operator');
    await root.query('CREATE USER field_admin IDENTIFIED BY ? REQUIRE SSL', [PASSWORD]);
    await root.query('GRANT ALL ON *.* TO field_admin WITH GRANT OPTION');
    const known = await ask<{ Privilege: string }>('SHOW PRIVILEGES');
    const names = new Set(known.map(({ Privilege }) => Privilege.toUpperCase()));
    const taken = KEPT_BY_THE_VENDOR.filter((name) => names.has(name));
    if (administrator === 'stripped') await root.query(`REVOKE ${taken.join(', ')} ON *.* FROM field_admin`);
    await root.query(`CREATE DATABASE ${DATABASE} CHARACTER SET ${charset}`);
  }

  return {
    cluster,
    root,
    as: (user) => ({ host, port, user, password: PASSWORD, database: DATABASE, tls: fieldTls }),
    reset,
    ask,
    async stop() {
      root.destroy();
      await cluster.stop();
    },
  };
}

/** Step 3 of the guide: the administrator migrates and opens the two accounts that sign in. */
export async function deployFirst(field: Field): Promise<void> {
  await migrate(field.as('field_admin'));
  const administrator = await connectTo(field.as('field_admin'));
  for (const account of ['gd_runtime', 'gd_migrator']) {
    await administrator.query(`ALTER USER ${account} IDENTIFIED BY ? REQUIRE SSL ACCOUNT UNLOCK`, [PASSWORD]);
  }
  await administrator.end();
}

/** The settings of functions on this server. */
export const settingsFor = ({ cluster, as }: Field): Record<string, string> => {
  const { host, port, user, password, database } = as('gd_runtime');
  return {
    DB_HOST: host,
    DB_PORT: String(port),
    DB_USER: user,
    DB_PASSWORD: password,
    DB_NAME: database,
    DB_POOL: '2',
    DB_ACQUIRE_MS: '',
    DB_TLS: fieldTls.mode,
    DB_CA: readFileSync(tlsPath('ca.pem'), 'utf8'),
    REDIS_URL: cluster.redisUrl,
    RATE_LIMIT_FACTOR: '1000000',
  };
};

const sqlFolder = fileURLToPath(new URL('../../sql', import.meta.url));

/** The migrations of a later version: every procedure has changed, and there is a new table. */
export async function nextVersion(number: number, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'growth-diary-sql-'));
  try {
    cpSync(sqlFolder, folder, { recursive: true });
    for (const name of readdirSync(join(folder, 'procedures'))) {
      const file = join(folder, 'procedures', name);
      writeFileSync(file, readFileSync(file, 'utf8').replace(/^BEGIN$/m, `BEGIN\n  DECLARE v_of_release INT DEFAULT ${number};`));
    }
    for (let each = 1; each <= number; each += 1) {
      writeFileSync(join(folder, `99${String(each).padStart(2, '0')}_version.sql`), `CREATE TABLE version_${each} (id INT PRIMARY KEY);\n`);
    }
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
