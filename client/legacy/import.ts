import type { Here } from '../account/here';
import type { Session } from '../account/session';
import type { uploadImage } from '../api/image';
import type { refusal } from '../platform/error';
import type { Storage } from '../platform/storage';
import type { GrowthDiary, MigrationProgress, MigrationReport, MigrationStatus } from '../types';
import { CLAIM, childOf, claimOf } from './claim';
import { moveToCloud } from './move';
import { type Harvest, readLegacy } from './read-old-keys';

export { writeOldKeys } from './write-old-keys';

interface Parts {
  enter(): Promise<Here>;
  session: Session;
  /** Shared by all accounts of the phone. */
  root: Storage;
  /** What is in the other file: an error has to be of its class. */
  core: { refusal: typeof refusal; uploadImage: typeof uploadImage };
}

const isString = (value: unknown): value is string => typeof value === 'string';

const harvestOf = ({ phone: { wx } }: Here): Harvest => readLegacy(wx.getStorageSync, wx.getStorageInfoSync().keys);

const hasData = ({ days, tasks, rules, draws, claimed, undated }: Harvest): boolean =>
  days.length + tasks.length + rules.length + draws.length + claimed + undated > 0;

/** Whether the former version's child belongs to another account: each child has one, even when several sign in on this phone. */
function belongsToOther(root: Storage, here: Here): boolean {
  const child = childOf(here);
  const owner = root.read(`migrated:${child}`, isString);
  const mine = claimOf(here)?.child;
  if (owner === null && mine === undefined) return here.phone.wx.getStorageSync('dataMigrated') === true;
  return (owner !== null && owner !== here.account.key) || (mine !== undefined && mine !== child);
}

async function statusOf({ enter, session, root }: Parts): Promise<MigrationStatus> {
  const here = await enter();
  await session.ensure();
  const mode = session.migrationMode();
  const hasLocalData = !belongsToOther(root, here) && hasData(harvestOf(here));
  const claim = claimOf(here);
  const state = claim?.verified ? 'verified' : mode === 'off' || !hasLocalData ? 'none' : claim ? 'started' : 'waiting';
  return { mode, hasLocalData, state };
}

/** Takes the child for this account, moves everything, and marks the move as finished once it is verified. */
async function run({ enter, session, root, core }: Parts, onProgress: (progress: MigrationProgress) => void): Promise<MigrationReport> {
  const here = await enter();
  await session.ensure();
  if (session.migrationMode() === 'off' || belongsToOther(root, here)) throw core.refusal('FORBIDDEN');
  const child = childOf(here);
  root.write(`migrated:${child}`, here.account.key);
  if (!claimOf(here)) here.storage.write(CLAIM, { child, verified: false });
  const isFinal = session.migrationMode() !== 'shadow';
  const report = await moveToCloud(here, { upload: core.uploadImage, harvest: harvestOf(here), isFinal, onProgress });
  if (report.verified && session.migrationMode() !== 'shadow') {
    here.storage.write(CLAIM, { child, verified: true });
    here.phone.wx.setStorageSync('dataMigrated', true);
  }
  return report;
}

export function migrationApi(parts: Parts): GrowthDiary['migration'] {
  /** Two calls at once are one run. */
  let running: Promise<MigrationReport> | null = null;
  return {
    status: () => statusOf(parts),
    run: ({ onProgress = () => undefined } = {}) => {
      const ended = (): void => {
        running = null;
      };
      if (running) return running;
      running = run(parts, onProgress);
      running.then(ended, ended);
      return running;
    },
  };
}
