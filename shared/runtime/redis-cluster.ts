import { Cluster, type ClusterOptions, type RedisOptions } from 'ioredis';

/** A bundle of its own, loaded only where REDIS_URL names several nodes. */
export function newCluster(
  urls: readonly [string, ...string[]],
  options: ClusterOptions,
  perNode: Pick<RedisOptions, 'connectTimeout' | 'commandTimeout' | 'maxRetriesPerRequest'>,
): Cluster {
  const { protocol, username, password } = new URL(urls[0]);
  return new Cluster([...urls], {
    ...options,
    slotsRefreshTimeout: perNode.connectTimeout ?? 1_000,
    clusterRetryStrategy: () => null,
    // Follows a slot that has moved; does not wait for a node that is down.
    maxRedirections: 2,
    retryDelayOnFailover: 0,
    redisOptions: {
      ...perNode,
      ...(username !== '' && { username: decodeURIComponent(username) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' && { tls: {} }),
    },
  });
}
