import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from '../../dev/services/cluster';
import { runCommand, wholeNumber } from '../../scripts/command';
import { soak } from './soak';
import { openStage } from './stage';

const usage = `Children write, do tasks and draw while MySQL, Redis and the network fail at random; then everything is counted.

  npm run soak -- --minutes 10 --users 24 --instances 4      these are the defaults

Starts servers of its own. Exits with 1 when anything was lost or done twice.`;

const text = { type: 'string' } as const;

await runCommand({ usage, flags: { minutes: text, users: text, instances: text } }, async (values) => {
  const minutes = wholeNumber('--minutes', values.minutes, { fallback: 10, min: 1, max: 10_000 });
  const users = wholeNumber('--users', values.users, { fallback: 24, min: 1, max: 10_000 });
  const instances = wholeNumber('--instances', values.instances, { fallback: 4, min: 1, max: 64 });
  const seconds = minutes * 60;
  const outDir = await mkdtemp(join(tmpdir(), 'growth-diary-soak-'));
  const cluster = await startCluster({ mysqls: 1, redises: 1, report: console.log });
  const stage = await openStage({ cluster, outDir, settings: { DB_POOL: '8' } });
  try {
    console.log(`${users} children on ${instances} instances for ${minutes} minutes, while services fail at random`);
    const { lost, mismatches, ...figures } = await soak({
      stage,
      cluster,
      seconds,
      users,
      instances,
      report: console.log,
    });
    console.log(JSON.stringify(figures, null, 2));
    for (const line of lost.slice(0, 50)) console.log(`LOST OR WRONG: ${line}`);
    for (const { invariant, subject, detail } of mismatches.slice(0, 50))
      console.log(`DOES NOT ADD UP: ${invariant}, ${subject}: ${detail}`);
    if (lost.length + mismatches.length > 0) process.exitCode = 1;
    else console.log('nothing lost, nothing done twice, the books agree (I1–I6)');
  } finally {
    await stage.stop();
    await rm(outDir, { recursive: true, force: true });
  }
});
