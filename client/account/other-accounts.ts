import { openStorage } from '../platform/storage';
import { identityIn } from '../sync/load-queue';
import { openMeta } from '../sync/meta';
import type { Wx } from '../types';
import type { Account } from './session';

/**
 * Removes all cached rows of one other account on this phone, never its queue: it reads them again when it comes back.
 * Its cursor is reset first, so that a killed app leaves no account that believes its rows are still there. False when there are none.
 */
export function dropRowsOfOthers(wx: Wx, { key }: Account, random: () => number): boolean {
  try {
    const row = openStorage(wx, 'gd:')
      .names('')
      .find((name) => /^[^:]+:row:/.test(name) && !name.startsWith(`${key}:`));
    if (row === undefined) return false;
    const theirs = openStorage(wx, `gd:${row.split(':')[0]}:`);
    openMeta(theirs, random, () => identityIn(theirs)).set({ cursor: null, sweeping: false, complete: false });
    theirs.remove('marks');
    for (const name of theirs.names('row:')) theirs.remove(`row:${name}`);
    return true;
  } catch {
    return false;
  }
}
