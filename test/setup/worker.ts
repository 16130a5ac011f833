import { afterAll, afterEach, beforeEach, inject } from 'vitest';
import { holdLogs } from './logs';

const { admin, runtime, databasePrefix, redisUrl, wechatUrl } = inject('services');
const worker = process.env.VITEST_POOL_ID ?? '1';

Object.assign(process.env, {
  APP_ENV: 'test',
  DB_HOST: admin.host,
  DB_PORT: String(admin.port),
  DB_USER: runtime.user,
  DB_PASSWORD: runtime.password,
  DB_NAME: `${databasePrefix}${worker}`,
  DB_POOL: '16',
  // 64 callers share these on whatever machine the tests run.
  DB_ACQUIRE_MS: '8000',
  REDIS_URL: `${redisUrl.replace(/\/\d+$/, '')}/${worker}`,
  REDIS_TIMEOUT_MS: '1000',
  JWT_KEYS: 'k2:a-secret-of-the-tests-that-signs,k1:an-older-secret-that-still-verifies',
  MIGRATION_MODE: 'dual',
  WX_APPID: 'wxtest',
  WX_SECRET: 'wechat-secret',
  WX_API_BASE: wechatUrl,
  OPERATOR_OPENIDS: 'oOperator',
  OPERATOR_TOKENS: 'alice:operator-token-of-the-tests',
});

const logs = holdLogs();
beforeEach(() => logs.drop());
afterEach(({ task }) => {
  if (task.result?.state === 'fail') logs.print();
});

afterAll(async () => {
  const { expectReconciled } = await import('../reconcile');
  await expectReconciled();
});
