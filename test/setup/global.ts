import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import type { TestProject } from 'vitest/node';
import { startFakeWechat } from '../../dev/fakes/wechat';
import { startServices } from '../../dev/services';
import { createAccounts, migrate } from '../../scripts/migrate';

/** Where a worker finds its own database, its own Redis index, and the fakes. */
export interface Provided {
  admin: { host: string; port: number; user: string; password: string };
  runtime: { user: string; password: string };
  databasePrefix: string;
  redisUrl: string;
  wechatUrl: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    services: Provided;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services = await startServices({ dataDir: tmpdir(), profile: 'test', redis: 'required', report: (line) => console.log(line) });
  const wechat = await startFakeWechat();
  const { mysql, redis } = services;
  if (redis === null) throw new Error('the tests need Redis');

  const databasePrefix = `gd_test_${mysql.ours ? '' : `${randomBytes(4).toString('hex')}_`}`;
  const workers = Array.from({ length: project.config.maxWorkers }, (_, index) => `${databasePrefix}${index + 1}`);
  for (const database of workers) await migrate({ ...mysql, database }, { oneAccount: !mysql.ours });
  const { runtime } = mysql.ours ? await createAccounts({ ...mysql, database: '' }) : { runtime: mysql };
  project.provide('services', { admin: mysql, runtime, databasePrefix, redisUrl: redis.url, wechatUrl: wechat.url });

  return async () => {
    if (!mysql.ours) await dropDatabases(mysql, workers);
    await wechat.stop();
    await services.stop();
  };
}

async function dropDatabases(admin: Provided['admin'], databases: string[]): Promise<void> {
  const { createConnection } = await import('mysql2/promise');
  const { host, port, user, password } = admin;
  const connection = await createConnection({ host, port, user, password });
  for (const database of databases) await connection.query(`DROP DATABASE IF EXISTS ${connection.escapeId(database)}`);
  await connection.end();
}
