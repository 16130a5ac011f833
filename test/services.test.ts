import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Services, startServices } from '../dev/services';
import type { Rung } from '../dev/services/chain';
import { mysqlChain } from '../dev/services/mysql';
import { birthOf } from '../dev/services/process';

// The first start on a machine downloads the servers.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

const opened: Services[] = [];
let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'growth-diary-services-'));
  // Servers named by the environment would be taken instead of started.
  vi.stubEnv('DB_HOST', '');
  vi.stubEnv('REDIS_URL', '');
});

afterEach(async () => {
  for (const services of opened.splice(0)) await services.stop();
  vi.unstubAllEnvs();
  rmSync(dataDir, { recursive: true, force: true });
});

test('data survive a stop and a start, and a second start in between is refused', async () => {
  const first = await start();
  await query(first, 'CREATE DATABASE kept');
  await query(first, 'CREATE TABLE kept.words (word VARCHAR(20))');
  await query(first, "INSERT INTO kept.words VALUES ('猫')");
  await expect(start()).rejects.toThrow(`already runs on ${dataDir} (process ${process.pid})`);
  const servers = serverPids();
  await first.stop();
  expect(servers.filter(isRunning)).toEqual([]);

  const second = await start();
  expect(await query(second, 'SELECT word FROM kept.words')).toEqual([{ word: '猫' }]);
});

test('a killed parent leaves no server behind', async () => {
  const parent = await startInProcess();
  const servers = serverPids();
  expect(servers.filter(isRunning)).toHaveLength(2);
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(servers.filter(isRunning)).toEqual([]), { timeout: 20_000 });
  await vi.waitFor(() => expect(existsSync(join(dataDir, 'run.json'))).toBe(false), { timeout: 5_000 });
});

test('a killed MySQL is started again on the same data', async () => {
  const lines: string[] = [];
  const services = await startServices({ dataDir, profile: 'dev', redis: 'required', report: (line) => lines.push(line) });
  opened.push(services);
  await query(services, 'CREATE DATABASE kept');
  process.kill(Number(readFileSync(join(dataDir, 'mysql.pid'), 'utf8')), 'SIGKILL');
  await vi.waitFor(() => query(services, 'USE kept'), { timeout: 60_000, interval: 200 });
  expect(lines).toEqual([`MySQL ended by itself (SIGKILL): starting it again; its log is in ${dataDir}`]);
});

test('servers that outlived their killed supervisor are ended by the next start', async () => {
  const parent = await startInProcess();
  const servers = serverPids();
  process.kill(readRunFile().supervisor.pid, 'SIGKILL');
  parent.kill('SIGKILL');
  expect(servers.filter(isRunning)).toHaveLength(2);

  await start();
  expect(servers.filter(isRunning)).toEqual([]);
});

test('a run file left by a power cut blocks no start, and no unrelated process is killed', async () => {
  const stranger = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
  const witness = { pid: stranger.pid, mark: `--datadir=${dataDir}/mysql ` };
  const record = { owner: { pid: process.pid, birth: 'another' }, supervisor: witness, servers: [witness] };
  writeFileSync(join(dataDir, 'run.json'), JSON.stringify(record));
  await expect(start({ mysql: [failing('one', 'not here')] })).rejects.toThrow('not here');
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  stranger.kill();
});

test('when nothing can be started the message has every reason and the ways out', async () => {
  const chain = { mysql: [failing('mysqld on PATH', 'there is none'), failing('private box', 'the mirror is away')] };
  const message = await start(chain).then(String, String);
  expect(message).toContain('mysqld on PATH: there is none');
  expect(message).toContain('private box: the mirror is away');
  expect(message).toContain('DB_HOST, DB_PORT, DB_USER and DB_PASSWORD');
  expect(existsSync(join(dataDir, 'run.json'))).toBe(false);
});

test('without Redis the product starts and says so, and the tests do not', async () => {
  const lines: string[] = [];
  const chain = { mysql: [failing('no', 'not asked for')], redis: [failing('redis-server on PATH', 'there is none')] };
  const options = { dataDir, profile: 'dev', report: (line: string) => lines.push(line), chain } as const;
  await startServices({ ...options, redis: 'optional' }).catch(() => {});
  expect(lines.join('\n')).toContain('Continuing without Redis');
  await expect(startServices({ ...options, redis: 'required' })).rejects.toThrow('redis-server on PATH: there is none');
});

test('MariaDB on PATH is not taken for MySQL', async () => {
  const mysqld = join(dataDir, 'mysqld');
  writeFileSync(mysqld, "#!/bin/sh\necho 'mysqld  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)'\n", {
    mode: 0o755,
  });
  vi.stubEnv('PATH', `${dataDir}:${process.env.PATH}`);
  const [onPath] = mysqlChain(() => {});
  expect(onPath?.name).toBe(mysqld);
  await expect(onPath?.find()).rejects.toThrow('it is MariaDB');
});

async function start(chain: { mysql?: Rung[]; redis?: Rung[] } = {}): Promise<Services> {
  const services = await startServices({ dataDir, profile: 'dev', redis: 'required', report: () => {}, chain });
  opened.push(services);
  return services;
}

async function startInProcess() {
  const program = `import { startServices } from ${JSON.stringify(resolve('dev/services/index.ts'))};
    startServices({ dataDir: ${JSON.stringify(dataDir)}, profile: 'dev', redis: 'required', report: () => {} }).then(() => console.log('ready'));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((done) => child.stdout.once('data', done));
  return child;
}

function failing(name: string, reason: string): Rung {
  return { name, find: () => Promise.reject(new Error(reason)) };
}

async function query({ mysql }: Services, sql: string) {
  const { host, port, user, password } = mysql;
  const connection = await createConnection({ host, port, user, password });
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  await connection.end();
  return rows;
}

function readRunFile(): { supervisor: { pid: number }; servers: { pid: number }[] } {
  return JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8'));
}

function serverPids(): number[] {
  return readRunFile().servers.map(({ pid }) => pid);
}

function isRunning(pid: number): boolean {
  return birthOf(pid) !== null;
}
