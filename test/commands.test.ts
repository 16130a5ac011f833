import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Every command of package.json that is a program of this repository, with its words behind `node`. */
const commands = Object.entries(scripts).flatMap(([name, line]) =>
  /^node --import tsx \S+( --watch)?$/.test(line) ? [[name, line.split(' ').slice(1)] as const] : [],
);

interface Ended {
  code: number;
  out: string;
  err: string;
}

function run(name: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const words = new Map(commands).get(name) ?? [];
  const clean = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(DB_|REDIS_|PORT$|DATA_DIR$|VITEST|NODE_)/.test(key)));
  return new Promise((resolve) => {
    execFile(process.execPath, [...words, ...args], { env: { ...clean, ...env }, timeout: 50_000 }, (error, out, err) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err: err.trim() });
    });
  });
}

const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'growth-diary-commands-'));
const nobodyListens = { PORT: '1', DATA_DIR: emptyFolder() };

test('every command of package.json is covered here', () => {
  const named = ['start', 'dev', 'seed', 'test', 'test:sim', 'soak', 'queries', 'build', 'bench', 'invoke', 'build:container'];
  const more = ['check:deploy', 'deploy', 'release', 'after-restore', 'db:migrate', 'reconcile', 'docs', 'screenshots'];
  expect(commands.map(([name]) => name)).toEqual(expect.arrayContaining([...named, ...more]));
});

test.each(commands.map(([name]) => name))('%s: --help explains it, a wrong flag is refused, and neither runs it', async (name) => {
  const [help, refused] = await Promise.all([run(name, ['--help'], nobodyListens), run(name, ['--wrong-flag'], nobodyListens)]);
  expect(help).toEqual({ code: 0, out: expect.stringContaining('\n'), err: '' });
  expect(help.out.split('\n')[0]).toMatch(/\.$/);
  expect(help.out).toContain(name === 'build:container' ? 'docker build' : `npm ${/^(start|test)$/.test(name) ? '' : 'run '}${name}`);
  expect(refused).toEqual({ code: 2, out: '', err: "Unknown option '--wrong-flag'.\nSee what it takes with --help." });
});

test.each(['invoke', 'seed', 'screenshots'])('%s without a running npm start says how to start it', async (name) => {
  const { code, err } = await run(name, name === 'invoke' ? ['diary', 'list'] : [], nobodyListens);
  expect(code).toBe(1);
  // Where there is no browser, that is the first thing that is missing.
  expect(err).toMatch(/^Nothing answers at \S+\. Start it with: npm start$|^No Chromium was found/);
});

test.each(['reconcile', 'db:migrate', 'after-restore'])('%s without a database says that there is none', async (name) => {
  const { code, err } = await run(name, [], nobodyListens);
  expect(code).toBe(1);
  expect(err).toMatch(/^No database: DB_HOST is not set and nothing runs on \S+\. Run npm start, or set DB_HOST, DB_USER, DB_PASSWORD\.$/);
});

test.each(['reconcile', 'db:migrate', 'after-restore', 'start'])('%s with a wrong password says so in a sentence', async (name) => {
  const { DB_HOST = '', DB_PORT = '' } = process.env;
  const given = { DB_HOST, DB_PORT, DB_USER: 'gd_runtime', DB_PASSWORD: 'wrong', DATA_DIR: emptyFolder() };
  const { code, err } = await run(name, [], given);
  expect(code).toBe(1);
  expect(err).toContain('Access denied');
  expect(err.split('\n').length).toBe(1);
});

test.each([
  ['PORT', 'abc', "PORT must be a whole number from 0 to 65535, not 'abc'."],
  ['INSTANCES', '0', "INSTANCES must be a whole number from 1 to 64, not '0'."],
])('start with %s=%s says what it takes', async (name, value, sentence) => {
  expect(await run('start', [], { [name]: value, DATA_DIR: emptyFolder() })).toEqual({ code: 1, out: '', err: sentence });
});

test('start with a data folder that cannot be written names another way', async () => {
  const file = join(emptyFolder(), 'a-file');
  writeFileSync(file, '');
  const { code, err } = await run('start', [], { DATA_DIR: join(file, 'data') });
  expect(code).toBe(1);
  expect(err).toBe(`The data folder ${join(file, 'data')} cannot be written (ENOTDIR). Name another: DATA_DIR=/path npm start`);
});

test('invoke with data that are no JSON says what it takes', async () => {
  const { code, err } = await run('invoke', ['diary', 'list', '{month:1}'], nobodyListens);
  expect({ code, err }).toEqual({ code: 1, err: `The data must be JSON, such as '{"date":"2025-01-01"}', not: {month:1}` });
});
