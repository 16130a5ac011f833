import { connect } from 'node:net';
import { eventOf, localAppId, type PlatformContext, platformContext } from '../dev/gateway/context';
import { defaultLimits } from '../dev/gateway/limits';
import type { Bundle } from '../scripts/build/functions';
import { type Program, startProgram } from './program';

/** One invocation as it travels to the host. */
export interface Asked {
  name: string;
  event: unknown;
  caller: string;
  /** Left out when this connection has sent the one of the same caller before. */
  context?: PlatformContext;
}

export interface OurCall {
  /** `function.action`. */
  action: string;
  data?: object;
  /** Through the mini-program's door as this user; else as nobody. */
  openid?: string;
}

export interface OurClient {
  /** The answer as it came; throws what the product refused with. */
  call(call: OurCall): Promise<string>;
  /** Any answer, refusals too. */
  ask(invocation: Asked): Promise<string>;
  close(): void;
}

export interface OurSettings {
  mysql: { host: string; port: number; user: string; password: string; name: string };
  redisUrl: string;
  callers: number;
}

export const startOurs = (
  file: string,
  bundles: Pick<Bundle, 'name' | 'file'>[],
  { mysql, redisUrl, callers }: OurSettings,
  log: string,
): Promise<Program> =>
  startProgram({
    file,
    args: bundles.map((bundle) => `${bundle.name}=${bundle.file}`),
    env: ourEnvironment({ mysql, redisUrl, callers }),
    log,
  });

export const ourEnvironment = ({ mysql, redisUrl, callers }: OurSettings): Record<string, string> => ({
  DB_HOST: mysql.host,
  DB_PORT: String(mysql.port),
  DB_USER: mysql.user,
  DB_PASSWORD: mysql.password,
  DB_NAME: mysql.name,
  DB_TLS: 'off',
  DB_POOL: String(callers),
  REDIS_URL: redisUrl,
  REDIS_TIMEOUT_MS: '2000',
  JWT_KEYS: 'bench:a-secret-that-is-long-enough-for-production-0123456789',
  PERSON_PEPPER: 'a-pepper-that-is-long-enough-for-production-9876543210',
  WX_APPID: localAppId,
  RATE_LIMIT_FACTOR: '1000000',
});

/** The context is the platform's work and not the product's: made and sent once a caller, so that it does not take from what is measured. */
export function asked({ action, data = {}, openid }: OurCall, known?: Set<string>): Asked {
  const [name = '', verb = ''] = action.split('.');
  const door = { door: openid === undefined ? 'console' : 'miniprogram', openid } as const;
  const caller = `${name} ${openid}`;
  const isKnown = known?.has(caller);
  known?.add(caller);
  return {
    name,
    event: eventOf(door, { action: verb, data }, localAppId),
    caller,
    ...(!isKnown && { context: platformContext(name, door, localAppId, defaultLimits) }),
  };
}

export async function connectOurs(port: number): Promise<OurClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let answer: ((text: string) => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk;
    if (!received.endsWith('\n')) return;
    const text = received;
    received = '';
    answer?.(text);
  });
  socket.on('error', (error) => fail?.(error));
  socket.on('close', () => fail?.(new Error('the host has ended')));
  await new Promise((resolve, reject) => {
    fail = reject;
    socket.once('connect', resolve);
  });
  const ask = (invocation: Asked) =>
    new Promise<string>((resolve, reject) => {
      answer = resolve;
      fail = reject;
      socket.write(`${JSON.stringify(invocation)}\n`);
    });
  const known = new Set<string>();
  return {
    ask,
    async call(call) {
      const text = await ask(asked(call, known));
      if (!text.startsWith('{"success":true')) throw new Error(`${call.action}: ${text.trim()}`);
      return text;
    },
    close: () => socket.destroy(),
  };
}
