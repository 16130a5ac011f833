import { inject } from 'vitest';

const { databaseHosts, redisUrl } = inject('scale');

/** The functions are told of all members, and find out which takes writes. */
Object.assign(process.env, { DB_HOST: databaseHosts, REDIS_URL: redisUrl, REDIS_TIMEOUT_MS: '1000' });
