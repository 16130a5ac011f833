import type { Rung } from './chain';
import { type Home, openKeptHome, openTestHome } from './home';
import { givenMysql, type MysqlAddress, mysqlChain, startMysql } from './mysql';
import { givenRedis, type RedisAddress, redisChain, startRedis } from './redis';
import { openSupervisor } from './supervise';

export interface Services {
  /** An account that may create databases and accounts. `ours` when this run has started the server. */
  mysql: MysqlAddress;
  redis: RedisAddress | null;
  /** Ends the servers that this run has started and waits for their exit. May be called twice. */
  stop(): Promise<void>;
}

export interface ServiceOptions {
  /** Where `dev` keeps its data between runs; `test` works in a temporary folder. */
  dataDir: string;
  /** `dev` survives a power cut; `test` is fast and thrown away. */
  profile: 'dev' | 'test';
  redis: 'optional' | 'required';
  report: (line: string) => void;
  /** The ways to find a server, best first. */
  chain?: { mysql?: Rung[]; redis?: Rung[] };
}

/**
 * A MySQL and a Redis to work with: those the environment names, or else servers started here, from what is installed
 * or, failing that, from what can be fetched into the user's cache without touching the system.
 */
export async function startServices(options: ServiceOptions): Promise<Services> {
  const { report } = options;
  const [mysqlGiven, redisGiven] = await Promise.all([givenMysql(), givenRedis()]);
  if (mysqlGiven && redisGiven) return { mysql: mysqlGiven, redis: redisGiven, stop: async () => {} };

  const home: Home = options.profile === 'dev' ? await openKeptHome(options.dataDir, report) : await openTestHome();
  const supervisor = openSupervisor(home, report);
  const [mysql, redis] = await Promise.allSettled([
    mysqlGiven ?? startMysql(options.chain?.mysql ?? mysqlChain(report), home, supervisor),
    redisGiven ?? startRedis(options.chain?.redis ?? redisChain(report), home, supervisor, options.redis, report),
  ]);
  if (mysql.status === 'fulfilled' && redis.status === 'fulfilled') {
    return { mysql: mysql.value, redis: redis.value, stop: supervisor.stop };
  }
  await supervisor.stop();
  const failures = [mysql, redis].flatMap((result) => (result.status === 'rejected' ? [String(result.reason.message)] : []));
  throw new Error(failures.join('\n\n'));
}
