import { createHash, createHmac } from 'node:crypto';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildOnce } from '../dev/services/cache';
import { freePort, run } from '../dev/services/process';
import { type Program, startProcess, stopProcess } from './program';

export interface PeerCall {
  method: 'GET' | 'POST';
  path: string;
  userId?: number;
  body?: object;
}

export interface PeerClient {
  /** The answer as it came; throws when its status is not the expected one. */
  call(call: PeerCall, expected?: number): Promise<string>;
  close(): void;
}

export interface PeerSettings {
  mysql: { host: string; port: number; user: string; password: string; name: string };
  redis: { host: string; port: number };
  callers: number;
}

const SECRET = 'bench-secret';
const PEER_DATABASE = 'gd_bench_peer';

/** Another server of the same design that is measured in the same run. */
export interface Peer {
  /** Of its folder, without `peer-`. */
  name: string;
  folder: string;
  database: string;
}

/** The servers whose folders PEERS names, separated by commas. The first is the one that pictures compare with. */
export async function findPeers(report: (line: string) => void): Promise<Peer[]> {
  const sources = (process.env.PEERS ?? '').split(',').filter(Boolean);
  const peers: Peer[] = [];
  for (const [index, source] of sources.entries()) {
    const name = basename(source).replace(/^peer-/, '');
    peers.push({ name, folder: await install(source, report), database: `${PEER_DATABASE}_${index + 1}` });
  }
  return peers;
}

/** Copies a peer into the user's cache and installs it there once. */
async function install(source: string, report: (line: string) => void): Promise<string> {
  if (!existsSync(join(source, 'package-lock.json'))) throw new Error(`PEERS names ${source}, which has no package-lock.json`);
  const version = createHash('sha256')
    .update(readFileSync(join(source, 'package-lock.json')))
    .digest('hex')
    .slice(0, 12);
  return buildOnce(`bench-peer-${version}`, async (draft) => {
    report(`installing ${basename(source)}`);
    for (const part of ['package.json', 'package-lock.json', 'schema.sql', 'src'])
      cpSync(join(source, part), join(draft, part), { recursive: true });
    await run('chmod', ['-R', 'u+w', draft]);
    await run('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund'], { cwd: draft });
  });
}

export const peerEnvironment = ({ mysql, redis, callers }: PeerSettings): Record<string, string> => ({
  DB_HOST: mysql.host,
  DB_PORT: String(mysql.port),
  DB_USER: mysql.user,
  DB_PASSWORD: mysql.password,
  DB_NAME: mysql.name,
  DB_POOL: String(callers),
  REDIS_HOST: redis.host,
  REDIS_PORT: String(redis.port),
  JWT_SECRET: SECRET,
  RATE_LIMIT_PER_MIN: '1000000000',
  LOGIN_LIMIT_PER_MIN: '1000000000',
});

export async function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}

export async function startPeer(folder: string, settings: PeerSettings, log: string): Promise<Program> {
  const port = await freePort();
  const child = startProcess({ file: 'src/server.js', cwd: folder, env: { ...peerEnvironment(settings), PORT: String(port) }, log });
  while (!(await isOpen(port))) {
    if (child.exitCode !== null) throw new Error(`the peer ended: ${readFileSync(log, 'utf8').slice(-600)}`);
    await sleep(20);
  }
  return { pid: child.pid ?? 0, ports: [port], stop: () => stopProcess(child) };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokens = new Map<number, string>();

/** The peer's own login gives the same. */
function tokenOf(userId: number): string {
  const known = tokens.get(userId);
  if (known) return known;
  const now = Math.floor(Date.now() / 1_000);
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ uid: userId, iat: now, exp: now + 7 * 86_400 })}`;
  const token = `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
  tokens.set(userId, token);
  return token;
}

/** One kept-alive connection and as little HTTP as will do: the measuring side must not be what is measured. */
export async function connectPeer(port: number): Promise<PeerClient> {
  let answer: ((text: string) => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  let received: Buffer = Buffer.alloc(0);

  function take(chunk: Buffer): void {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const head = received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(received.toString('latin1', 0, head))?.[1]);
    if (received.length < head + 4 + length) return;
    const text = received.toString('utf8', 9, head + 4 + length);
    received = Buffer.alloc(0);
    answer?.(text);
  }

  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('data', take);
  socket.on('error', (error) => fail?.(error));
  socket.on('close', () => fail?.(new Error('the peer has hung up')));
  await new Promise((resolve, reject) => {
    fail = reject;
    socket.once('connect', resolve);
  });

  return {
    async call({ method, path, userId, body }, expected) {
      const payload = body === undefined ? '' : JSON.stringify(body);
      const authorization = userId === undefined ? '' : `authorization: Bearer ${tokenOf(userId)}\r\n`;
      const entity = payload && `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(payload)}\r\n`;
      const text = await new Promise<string>((resolve, reject) => {
        answer = resolve;
        fail = reject;
        socket.write(`${method} ${path} HTTP/1.1\r\nhost: peer\r\n${authorization}${entity}\r\n${payload}`);
      });
      if (!text.startsWith(String(expected ?? '20'))) {
        throw new Error(`${method} ${path}: ${text.slice(0, 3)} ${text.slice(text.indexOf('\r\n\r\n') + 4)}`);
      }
      return text;
    },
    close: () => socket.destroy(),
  };
}
