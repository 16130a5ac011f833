import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { debianFamily } from './apt-sources';
import { explain, firstThatStarts, type Program, type Rung } from './chain';
import { debianBox } from './debian-box';
import type { Home } from './home';
import type { ServerRole } from './mysql-server';
import { findExecutables, freePort, reasonOf, run } from './process';
import type { Supervisor } from './supervise';

export interface RedisAddress {
  url: string;
  source: string;
  ours: boolean;
}

const NAMES = ['redis-server', 'valkey-server'];
const MORE_FOLDERS = [
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/opt/homebrew/opt/redis/bin',
  '/opt/homebrew/opt/valkey/bin',
  '/home/linuxbrew/.linuxbrew/bin',
];
const WAYS_OUT = [
  'give a server: REDIS_URL=redis://127.0.0.1:6379/15 (an empty database)',
  'install redis-server or valkey-server so that it is on PATH (macOS: brew install redis)',
];

/** A server named by the environment. When it does not answer, the start fails: another server must not silently replace it. */
export async function givenRedis(): Promise<RedisAddress | null> {
  const url = process.env.REDIS_URL;
  if (!url) return null;
  const { Redis } = await import('ioredis');
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 10_000, maxRetriesPerRequest: 0, retryStrategy: () => null });
  let cause: unknown;
  client.on('error', (error) => {
    cause = error;
  });
  try {
    await client.connect();
    await client.ping();
    return { url, source: `Redis of REDIS_URL (${new URL(url).host})`, ours: false };
  } catch (error) {
    throw new Error(`REDIS_URL names a server that cannot be used: ${reasonOf(cause ?? error)}`);
  } finally {
    client.disconnect();
  }
}

export function redisChain(report: (line: string) => void): Rung[] {
  const paths = findExecutables(NAMES, MORE_FOLDERS);
  const installed = paths.map((path) => ({ name: path, find: () => describe({ command: path, arguments: [] }, path) }));
  const none = { name: 'installed Redis', find: () => Promise.reject(new Error(`there is no ${NAMES.join(' or ')} on PATH`)) };
  return [...(installed.length > 0 ? installed : [none]), ...(debianFamily() ? [debianRung(report)] : [])];
}

/** Null when none starts; the product works without Redis. */
export async function startRedis(
  rungs: Rung[],
  home: Home,
  supervisor: Supervisor,
  need: 'optional' | 'required',
  report: (line: string) => void,
): Promise<RedisAddress | null> {
  const reasons: string[] = [];
  const address = await firstThatStarts(rungs, reasons, async (program) => {
    const port = await runRedis(program, home, supervisor);
    return { url: `redis://127.0.0.1:${port}`, source: program.source, ours: true };
  });
  if (address) return address;
  const explanation = explain('Redis', reasons, WAYS_OUT);
  if (need === 'required') throw new Error(explanation);
  report(`${explanation}\nContinuing without Redis: everything works, only slower.`);
  return null;
}

function debianRung(report: (line: string) => void): Rung {
  return {
    name: 'Debian or Ubuntu package in a private box',
    find: async () => {
      const binaries = ['usr/bin/redis-server', 'usr/bin/redis-check-rdb', 'usr/bin/valkey-server'];
      const box = await debianBox({ title: 'Redis', packages: NAMES, binaries, suite: 'own' }, report);
      return describe(box, `the private box ${box.root}`);
    },
  };
}

async function describe(server: { command: string; arguments: string[] }, place: string): Promise<Program> {
  const text = await run(server.command, [...server.arguments, '--version']);
  const [, engine, version] = /(Redis|Valkey).* v=(\S+)/.exec(text) ?? [];
  if (!engine || !version) throw new Error(`its version cannot be read from '${text.trim()}'`);
  return { command: server.command, arguments: server.arguments, version, source: `${engine} ${version} from ${place}` };
}

export async function runRedis(
  program: Program,
  home: Home,
  supervisor: Supervisor,
  { title, flags: more }: ServerRole = { title: 'Redis', flags: [] },
): Promise<number> {
  const folder = join(home.folder, title.toLowerCase());
  mkdirSync(folder, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    // A cache: persistence is off, so that no stale data return after a restart.
    const flags = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder, ...more];
    try {
      await supervisor.start({
        title,
        command: program.command,
        arguments: [...program.arguments, ...flags],
        mark: `127.0.0.1:${port}`,
        ready: /ready to accept connections/i,
        restart: !home.removedAtEnd,
        endWith: home.removedAtEnd ? 'SIGKILL' : 'SIGTERM',
      });
      return port;
    } catch (error) {
      if (attempt === 3 || !/address already in use/i.test(reasonOf(error))) throw error;
    }
  }
}
