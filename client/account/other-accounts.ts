import { openStorage } from '../platform/storage';
import { identityIn } from '../sync/load-queue';
import { openMeta } from '../sync/meta';
import type { Wx } from '../types';
import type { Account } from './session';

/**
 * Removes all cached rows of one other account on this phone, never its queue; the account reads the rows again when it signs in again.
 * Its cursor is reset first: otherwise an app killed in between would leave a cursor that skips the removed rows. False when there are none.
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
