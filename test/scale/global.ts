import type { TestProject } from 'vitest/node';
import { startFakeWechat } from '../../dev/fakes/wechat';
import { startCluster } from '../../dev/services/cluster';
import { createAccounts, migrate } from '../../scripts/migrate';
import '../setup/global';

declare module 'vitest' {
  interface ProvidedContext {
    scale: { databaseHosts: string; redisUrl: string };
  }
}

/** As for the other tests, only that the database is a group of three and Redis a cluster of three. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startCluster({ mysqls: 3, redises: 3, report: (line) => console.log(line) });
  const wechat = await startFakeWechat();
  const [{ host, port, user, password }] = cluster.members;
  const databasePrefix = 'gd_scale_';
  await migrate({ host, port, user, password, database: `${databasePrefix}1` });
  const { runtime } = await createAccounts({ host, port, user, password, database: '' });
  const admin = { host, port, user, password };
  project.provide('services', { admin, runtime, databasePrefix, redisUrl: cluster.redisUrl, wechatUrl: wechat.url });
  project.provide('scale', {
    databaseHosts: cluster.members.map((member) => `${member.host}:${member.port}`).join(),
    redisUrl: cluster.redisUrl,
  });
  return async () => {
    await wechat.stop();
    await cluster.stop();
  };
}
