import { contentHash } from '../../shared/sync/content-hash';
import type { Here } from '../account/here';
import type { Session } from '../account/session';
import type { uploadImage } from '../api/image';
import type { refusal } from '../platform/error';
import type { Storage } from '../platform/storage';
import { isBag } from '../platform/text';
import type { GrowthDiary, MigrationOptions, MigrationReport, MigrationStatus } from '../types';
import { CLAIM, childOf, claimOf } from './claim';
import type { Harvest } from './harvest';
import { moveToCloud } from './move';
import { type ReadKey, unpacked } from './old-values';
import { type Progress, readProgress } from './progress';
import { fingerprintOf, readLegacy } from './read-old-keys';

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

interface OldStorage {
  read: ReadKey;
  keys: readonly string[];
}

/** The keys of the child that the former version was last used by, or of another child of the phone. */
function oldStorageOf({ phone: { wx } }: Here, child: string | undefined): OldStorage {
  const all = wx.getStorageInfoSync().keys;
  if (child === undefined) return { read: wx.getStorageSync, keys: all };
  const data = unpacked(wx.getStorageSync(`userData_${child}`));
  return isBag(data) ? { read: (key) => data[key] ?? '', keys: Object.keys(data) } : { read: () => '', keys: [] };
}

/** Also notes under which date the texts of the future go. */
function harvestOf(here: Here, { read, keys }: OldStorage, child: string, { future }: Progress): Harvest {
  const today = here.today();
  const dateFor = (text: Parameters<typeof contentHash>[0]): string => {
    const hash = contentHash(text);
    future[hash] ??= today;
    return future[hash];
  };
  return readLegacy(read, keys, { today, child, dateFor });
}

const hasData = ({ days, tasks, rules, draws, moods, claimed, undated }: Harvest): boolean =>
  days.length + tasks.length + rules.length + draws.length + moods.length + claimed + undated > 0;

/** Whether the child belongs to another account: each child has one, even when several sign in on this phone. */
function belongsToOther(root: Storage, here: Here, child: string): boolean {
  const owner = root.read(`migrated:${child}`, isString);
  const mine = claimOf(here)?.child;
  if (owner === null && mine === undefined) return child === childOf(here) && here.phone.wx.getStorageSync('dataMigrated') === true;
  return (owner !== null && owner !== here.account.key) || (mine !== undefined && mine !== child);
}

/** Of the child that this account took over, or would. */
const childFor = (here: Here, child?: string): string => child ?? claimOf(here)?.child ?? childOf(here);

const storageFor = (here: Here, child: string): OldStorage => oldStorageOf(here, child === childOf(here) ? undefined : child);

async function statusOf({ enter, session, root }: Parts): Promise<MigrationStatus> {
  const here = await enter();
  await session.ensure();
  const mode = session.migrationMode();
  const child = childFor(here);
  const old = storageFor(here, child);
  const hasLocalData = !belongsToOther(root, here, child) && hasData(harvestOf(here, old, child, readProgress(here)));
  const claim = claimOf(here);
  const isUnchanged = claim?.verified === true && (claim.print ?? fingerprintOf(old.read, old.keys)) === fingerprintOf(old.read, old.keys);
  if (isUnchanged) return { mode, hasLocalData, state: 'verified' };
  const state = mode === 'off' || !hasLocalData ? 'none' : claim && !claim.verified ? 'started' : 'waiting';
  return { mode, hasLocalData, state };
}

/** Takes the child for this account, moves everything, and marks the move as finished once it is verified. */
async function run(
  { enter, session, root, core }: Parts,
  { child: asked, onProgress = () => undefined }: MigrationOptions,
): Promise<MigrationReport> {
  const here = await enter();
  await session.ensure();
  const child = childFor(here, asked);
  if (session.migrationMode() === 'off' || belongsToOther(root, here, child)) throw core.refusal('FORBIDDEN');
  const old = storageFor(here, child);
  if (asked !== undefined && old.keys.length === 0) throw core.refusal('NOT_FOUND');
  root.write(`migrated:${child}`, here.account.key);
  if (!claimOf(here)) here.storage.write(CLAIM, { child, verified: false });
  const isFinal = session.migrationMode() !== 'shadow';
  const print = fingerprintOf(old.read, old.keys);
  const progress = readProgress(here);
  const harvest = harvestOf(here, old, child, progress);
  const report = await moveToCloud(here, { upload: core.uploadImage, harvest, progress, isFinal, onProgress });
  if (report.verified && session.migrationMode() !== 'shadow') {
    here.storage.write(CLAIM, { child, verified: true, print });
    if (child === childOf(here)) here.phone.wx.setStorageSync('dataMigrated', true);
  }
  return report;
}

/** What the former version keeps of another child, unchanged. */
async function exportChild({ enter, core }: Parts, child: string): Promise<string> {
  const here = await enter();
  const data = unpacked(here.phone.wx.getStorageSync(`userData_${child}`));
  if (!isBag(data)) throw core.refusal('NOT_FOUND');
  return JSON.stringify({ child, exportedAt: new Date(here.phone.now()).toISOString(), data }, null, 2);
}

export function migrationApi(parts: Parts): GrowthDiary['migration'] {
  /** Two calls at once are one run. */
  let running: Promise<MigrationReport> | null = null;
  return {
    status: () => statusOf(parts),
    exportChild: (child) => exportChild(parts, child),
    run: (options = {}) => {
      const ended = (): void => {
        running = null;
      };
      if (running) return running;
      running = run(parts, options);
      running.then(ended, ended);
      return running;
    },
  };
}
