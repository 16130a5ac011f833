import { isOlder, OLDEST_MYSQL } from '../../scripts/migrate/version';
import { debianFamily } from './apt-sources';
import { explain, firstThatStarts, type Program, type Rung } from './chain';
import { debianBox } from './debian-box';
import type { Home } from './home';
import { runMysql } from './mysql-server';
import { findExecutables, reasonOf, run } from './process';
import type { Supervisor } from './supervise';

export interface MysqlAddress {
  host: string;
  port: number;
  user: string;
  password: string;
  source: string;
  ours: boolean;
}

/** Folders that often contain a server and are not on PATH. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/mysql/bin'].concat(
  ['/opt/homebrew', '/usr/local', '/home/linuxbrew/.linuxbrew'].flatMap((prefix) =>
    ['mysql', 'mysql@9.7', 'mysql@8.4', 'mysql@8.0'].map((keg) => `${prefix}/opt/${keg}/bin`),
  ),
);

const WAYS_OUT = [
  'give a server: DB_HOST, DB_PORT, DB_USER and DB_PASSWORD of an account that may create databases and accounts',
  'install MySQL 8.0.21 or later so that mysqld is on PATH (macOS: brew install mysql); MariaDB does not serve',
  'run it in a container: docker run -e MYSQL_ROOT_PASSWORD=secret -p 127.0.0.1:3306:3306 mysql:8.4, then DB_HOST=127.0.0.1 DB_USER=root DB_PASSWORD=secret',
  'on Windows, use WSL2',
];

/** A server named by the environment. When it does not answer, the start fails: another server must not silently replace it. */
export async function givenMysql(): Promise<MysqlAddress | null> {
  const { DB_HOST: host, DB_PORT, DB_USER, DB_PASSWORD } = process.env;
  if (!host) return null;
  const address = { host, port: Number(DB_PORT || 3306), user: DB_USER || 'root', password: DB_PASSWORD ?? '' };
  const { createConnection } = await import('mysql2/promise');
  try {
    const connection = await createConnection({ ...address, connectTimeout: 10_000 });
    const [rows] = await connection.query({ sql: "SELECT CONCAT('Ver ', VERSION(), ' ', @@version_comment)", rowsAsArray: true });
    await connection.end();
    return { ...address, source: `MySQL ${acceptedVersion(String(rows))} at ${host}:${address.port} (DB_HOST)`, ours: false };
  } catch (error) {
    throw new Error(`DB_HOST names ${host}:${address.port}, which cannot be used: ${reasonOf(error)}`);
  }
}

export function mysqlChain(report: (line: string) => void): Rung[] {
  // No build of mysql.com is fetched: its archives come without a signature that could be verified here.
  return [...installedRungs(), ...(debianFamily() ? [debianRung(report)] : [])];
}

export async function startMysql(rungs: Rung[], home: Home, supervisor: Supervisor): Promise<MysqlAddress> {
  const reasons: string[] = [];
  const address = await firstThatStarts(rungs, reasons, async (program) => {
    const port = await runMysql(program, home, supervisor);
    return { host: '127.0.0.1', port, user: 'root', password: '', source: program.source, ours: true };
  });
  if (!address) throw new Error(explain('MySQL', reasons, WAYS_OUT));
  return address;
}

function installedRungs(): Rung[] {
  const paths = findExecutables(['mysqld'], MORE_FOLDERS);
  if (paths.length === 0)
    return [{ name: 'installed MySQL', find: () => Promise.reject(new Error('there is no mysqld on PATH or in the usual folders')) }];
  return paths.map((path) => ({ name: path, find: () => describe({ command: path, arguments: [] }, path) }));
}

function debianRung(report: (line: string) => void): Rung {
  return {
    name: 'Debian or Ubuntu package in a private box',
    find: async () => {
      const packages = ['mysql-server-core', 'mysql-server-core-8.4', 'mysql-server-core-8.0'];
      const box = await debianBox({ title: 'MySQL', packages, binaries: ['usr/sbin/mysqld'], suite: 'own-or-sid' }, report);
      const program = await describe(box, `the private box ${box.root}`);
      // The built-in paths are those of an installed package: messages and character sets lie in the box.
      return { ...program, arguments: [...program.arguments, '--no-defaults', `--basedir=${box.root}/usr`] };
    },
  };
}

async function describe(server: { command: string; arguments: string[] }, place: string): Promise<Program> {
  const version = acceptedVersion(await run(server.command, [...server.arguments, '--version']));
  return { command: server.command, arguments: server.arguments, version, source: `MySQL ${version} from ${place}` };
}

function acceptedVersion(text: string): string {
  if (/mariadb/i.test(text)) throw new Error('it is MariaDB, which differs from MySQL where this product needs MySQL');
  const version = /Ver (\d+\.\d+\.\d+)/.exec(text)?.[1];
  if (!version) throw new Error(`its version cannot be read from '${text.trim()}'`);
  if (isOlder(version, OLDEST_MYSQL)) throw new Error(`it is MySQL ${version}; ${OLDEST_MYSQL} or later is needed`);
  return version;
}
