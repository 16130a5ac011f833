import { join } from 'node:path';
import { seedDemo } from '../dev/demo';
import { createGateway, type Gateway } from '../dev/gateway/gateway';
import { startOutside } from '../dev/gateway/outside';
import { openPage } from '../dev/gateway/page';

const own = (name: string): [string, string] => [name, process.env[name] ?? ''];

/** What npm start runs, on the servers of the tests. `folder` holds the built functions; `stops` gets what has to be ended. */
export async function startLocalCloud(folder: string, stops: (() => Promise<void>)[]): Promise<Gateway> {
  const outside = await startOutside({}, (name, data) => gateway.invoke(name, { data }));
  stops.push(outside.stop);
  const page = await openPage({
    database: {
      host: process.env.DB_HOST ?? '',
      port: Number(process.env.DB_PORT),
      user: process.env.DB_USER ?? '',
      password: process.env.DB_PASSWORD ?? '',
      database: process.env.DB_NAME ?? '',
    },
    filesDir: join(folder, 'files'),
    stored: outside.file,
    operator: { openid: 'oOperator', token: 'operator-token-of-the-tests' },
    logs: () => gateway.logs(),
    demo: () => seedDemo(gateway.invoke),
    outDir: folder,
  });
  const kept = ['DB_HOST', 'DB_PORT', 'DB_USER', 'DB_PASSWORD', 'DB_NAME', 'REDIS_URL', 'REDIS_TIMEOUT_MS', 'JWT_KEYS'];
  const gateway = await createGateway({
    functionsDir: join(folder, 'functions'),
    env: {
      ...outside.env,
      ...Object.fromEntries([...kept, 'WX_APPID', 'WX_SECRET', 'WX_API_BASE', 'OPERATOR_OPENIDS', 'OPERATOR_TOKENS'].map(own)),
      APP_ENV: 'test',
      TZ: 'UTC',
      RATE_LIMIT_FACTOR: '1000',
      MIGRATION_MODE: 'dual',
    },
    onLog: page.hear,
    local: page.routes,
  });
  stops.push(gateway.stop);
  return gateway;
}
