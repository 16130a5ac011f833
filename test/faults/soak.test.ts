import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startCluster } from '../../dev/services/cluster';
import { soak } from './soak';
import { openStage } from './stage';

test('ten seconds of random faults under mixed load lose nothing and do nothing twice', { retry: 0, timeout: 120_000 }, async () => {
  const outDir = await mkdtemp(join(tmpdir(), 'soak-'));
  const cluster = await startCluster({ mysqls: 1, redises: 1, report: console.log });
  const stage = await openStage({ cluster, outDir, settings: { DB_POOL: '8' } });
  try {
    const { lost, mismatches, writesDone, faults } = await soak({ stage, cluster, seconds: 10, users: 8, instances: 2 });
    expect(lost).toEqual([]);
    expect(mismatches).toEqual([]);
    expect(writesDone).toBeGreaterThan(50);
    expect(Object.keys(faults).length).toBeGreaterThan(4);
  } finally {
    await stage.stop();
    await rm(outDir, { recursive: true });
  }
});
