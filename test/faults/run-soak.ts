import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startCluster } from '../../dev/services/cluster';
import { soak } from './soak';
import { openStage } from './stage';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    users: { type: 'string', default: '24' },
    instances: { type: 'string', default: '4' },
  },
});
const seconds = Number(values.minutes) * 60;
if (!(seconds > 0)) throw new Error('--minutes must be a number above zero');

const outDir = await mkdtemp(join(tmpdir(), 'growth-diary-soak-'));
const cluster = await startCluster({ mysqls: 1, redises: 1, report: console.log });
const stage = await openStage({ cluster, outDir, settings: { DB_POOL: '8' } });
try {
  console.log(`${values.users} children on ${values.instances} instances for ${values.minutes} minutes, while services fail at random`);
  const users = Number(values.users);
  const { lost, mismatches, ...figures } = await soak({
    stage,
    cluster,
    seconds,
    users,
    instances: Number(values.instances),
    report: console.log,
  });
  console.log(JSON.stringify(figures, null, 2));
  for (const line of lost.slice(0, 50)) console.log(`LOST OR WRONG: ${line}`);
  for (const { invariant, subject, detail } of mismatches.slice(0, 50)) console.log(`DOES NOT ADD UP: ${invariant}, ${subject}: ${detail}`);
  if (lost.length + mismatches.length > 0) process.exitCode = 1;
  else console.log('nothing lost, nothing done twice, the books agree (I1–I6)');
} finally {
  await stage.stop();
  await rm(outDir, { recursive: true, force: true });
}
