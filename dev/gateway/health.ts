export interface Addresses {
  mysql: { host: string; port: number; user: string; password: string };
  redis: { url: string } | null;
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function pingMysql(address: Addresses['mysql']): Promise<string> {
  const { createConnection } = await import('mysql2/promise');
  const connection = await createConnection({ ...address, connectTimeout: 2000 });
  await connection.ping();
  await connection.end();
  return 'ok';
}

async function pingRedis(url: string): Promise<string> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: 2000, retryStrategy: () => null });
  redis.on('error', () => {});
  try {
    await redis.connect();
    await redis.ping();
    return 'ok';
  } finally {
    redis.disconnect();
  }
}

/** Checks each server over a connection of its own. Redis is optional: a missing Redis counts only when one is configured. */
export async function checkHealth({ mysql, redis }: Addresses): Promise<{ status: string; mysql: string; redis: string }> {
  const [mysqlState, redisState] = await Promise.all([pingMysql(mysql).catch(reason), redis ? pingRedis(redis.url).catch(reason) : 'none']);
  const well = mysqlState === 'ok' && (redisState === 'ok' || redisState === 'none');
  return { status: well ? 'ok' : 'down', mysql: mysqlState, redis: redisState };
}
