import { createHash } from 'node:crypto';
import { constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOlder } from '../../scripts/migrate/version';
import { buildOnce } from './cache';
import type { Program } from './chain';
import type { Home } from './home';
import { freePort, reasonOf, run } from './process';
import type { Supervisor } from './supervise';

const IS_WINDOWS = process.platform === 'win32';

export interface ServerRole {
  title: string;
  /** Stand behind all others, and so overrule them. */
  flags: string[];
}

/** Starts a server on the home's data folder, which is made when it is not there, and returns its port. */
export async function runMysql(
  program: Program,
  home: Home,
  supervisor: Supervisor,
  role: ServerRole = { title: 'MySQL', flags: [] },
): Promise<number> {
  await prepareData(program, home);
  const port = await startOnFreePort(program, home, supervisor, role);
  if (!home.removedAtEnd) writeFileSync(versionFile(home), program.version);
  return port;
}

/** A fresh data folder is a copy of a template of this version, which takes 0.1 s instead of 2.5. */
async function prepareData(program: Program, home: Home): Promise<void> {
  const data = dataFolder(home);
  if (existsSync(data)) {
    const written = existsSync(versionFile(home)) ? readFileSync(versionFile(home), 'utf8') : program.version;
    if (isOlder(program.version, written)) throw new Error(`it is MySQL ${program.version}, and ${data} was written by ${written}`);
    return;
  }
  const flags = [...commonFlags(program), ...FAST_FLAGS];
  const recipe = createHash('sha256')
    .update(JSON.stringify([program, flags]))
    .digest('hex')
    .slice(0, 12);
  const template = await buildOnce(`mysql-data-${program.version}-${recipe}`, async (draft) => {
    await run(program.command, [...flags, `--datadir=${draft}/data`, '--initialize-insecure']);
    // Two servers must not share a server UUID; each writes its own at its first start.
    await rm(join(draft, 'data/auto.cnf'), { force: true });
  });
  const draft = `${data}.draft`;
  await rm(draft, { recursive: true, force: true });
  await cp(join(template, 'data'), draft, { recursive: true, mode: constants.COPYFILE_FICLONE });
  await rename(draft, data);
}

async function startOnFreePort(program: Program, home: Home, supervisor: Supervisor, { title, flags }: ServerRole): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      await supervisor.start({
        title,
        command: program.command,
        arguments: [...commonFlags(program), ...serverFlags(home, port), ...flags],
        mark: `--datadir=${dataFolder(home)} `,
        ready: /ready for connections\. Version/,
        restart: !home.removedAtEnd,
        endWith: home.removedAtEnd ? 'SIGKILL' : 'SIGTERM',
        shutdownPort: port,
      });
      return port;
    } catch (error) {
      if (attempt === 3 || !/address already in use|bind on TCP/i.test(reasonOf(error))) throw error;
    }
  }
}

const FAST_FLAGS = [
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=OFF',
  ...(IS_WINDOWS ? [] : ['--innodb-flush-method=nosync']),
  '--innodb-buffer-pool-dump-at-shutdown=OFF',
];

/** --no-defaults must be the first option. 8.0 before .30 has no redo capacity, builds without the X plug-in no mysqlx: hence loose. */
function commonFlags(program: Program): string[] {
  return [
    ...program.arguments,
    ...(program.arguments.includes('--no-defaults') ? [] : ['--no-defaults']),
    '--loose-mysqlx=OFF',
    '--secure-file-priv=NULL',
    '--skip-log-bin',
    ...(IS_WINDOWS ? [] : ['--innodb-use-native-aio=OFF']),
    '--loose-innodb-redo-log-capacity=8M',
    '--innodb-buffer-pool-size=128M',
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
  ];
}

function serverFlags(home: Home, port: number): string[] {
  return [
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    ...(IS_WINDOWS ? ['--console'] : [`--socket=${socketPath(home)}`]),
    `--pid-file=${join(home.folder, 'mysql.pid')}`,
    `--datadir=${dataFolder(home)}`,
    // As in production, while the pool asks for UTC: a forgotten setting then fails a test.
    '--default-time-zone=+08:00',
    '--performance-schema=OFF',
    ...(home.removedAtEnd ? [...FAST_FLAGS, '--max-connections=300'] : []),
  ];
}

/** A socket's path has at most 107 characters, 103 on macOS; nobody but mysqld uses it. */
function socketPath(home: Home): string {
  const path = join(home.folder, 'mysql.sock');
  if (path.length < 100) return path;
  const name = createHash('sha256').update(home.folder).digest('hex').slice(0, 16);
  return join(tmpdir().length < 60 ? tmpdir() : '/tmp', `growth-diary-${name}.sock`);
}

function dataFolder(home: Home): string {
  return join(home.folder, 'mysql');
}

function versionFile(home: Home): string {
  return join(home.folder, 'mysql-version');
}
