import { refusal } from '../platform/error';
import { toInstant } from '../platform/text';
import { type Copy, copyKey } from '../sync/conflict-copies';
import type { Entry } from '../sync/entry';
import type { Here } from './here';

const isText = ({ type, args }: Entry): boolean => args.deleted !== true && /^(diary\.put|task\.create|task\.update)$/.test(type);

/** Texts of the account that exist on this phone only: queued, waiting for their day, or in an open conflict. */
function unsentTexts({ outbox, copies }: Here): Entry[] {
  const kept = [...copies.list('later'), ...copies.list('conflict')].map(([, { entry }]) => entry);
  return [...outbox.all(), ...kept].filter(isText);
}

function copyOf(entry: Entry, at: string): Copy {
  const { code, message } = refusal('ACCOUNT_ERASED');
  return { entry, result: { mid: entry.mid, status: 'rejected', code, message }, at, attended: false };
}

/**
 * The account was erased on another phone. Texts that exist on this phone only are kept in `sync.setAside()` for export; everything else of the
 * account is removed. The copies are written first, so that the next start can repeat the steps after a kill.
 */
export function leaveBehind(here: Here): void {
  const at = toInstant(here.phone.now());
  here.sync.stop();
  for (const entry of unsentTexts(here)) here.copies.keep('aside', copyOf(entry, at));
  const asides = copyKey('aside', '');
  for (const name of here.storage.names('')) if (!name.startsWith(asides)) here.storage.remove(name);
}
