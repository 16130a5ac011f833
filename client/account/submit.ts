import { keepForFormerVersion } from '../legacy/former-version';
import { invalid, noAnswer } from '../platform/error';
import { type Bag, byteLength, sendable, toInstant } from '../platform/text';
import { copyKey } from '../sync/conflict-copies';
import { type Entry, type Intent, MAX_CALL_BYTES } from '../sync/entry';
import type { Outbox } from '../sync/outbox';
import type { Outcome } from '../sync/waiters';
import type { Draft, Here } from './here';
import type { Session } from './session';
import { canBeUnclaimed, NOBODY } from './unclaimed';

/** How long a write waits for the server's result before it resolves as pending. The phone may be wrong about being offline. */
const PATIENCE_MS = 8_000;
const OFFLINE_PATIENCE_MS = 1_000;

/** Overwrites the last queued change when the new one continues it and it was never sent, so that ongoing typing is one mutation. */
function enqueue(outbox: Outbox, intent: Intent): Entry {
  const last = outbox.last();
  const goesOn =
    last !== null &&
    intent.type === 'diary.put' &&
    last.type === 'diary.put' &&
    last.args.date === intent.args.date &&
    intent.args.movedFrom === undefined &&
    (last.args.movedFrom === undefined || intent.args.deleted !== true) &&
    intent.prev === last.mid &&
    intent.from === undefined &&
    !outbox.isSent(last);
  if (!goesOn) return outbox.add(intent);
  const { baseRev = 0, prev = 0 } = last;
  const { movedFrom } = last.args;
  return outbox.replaceLast({ ...intent, args: { ...intent.args, ...(movedFrom !== undefined && { movedFrom }) }, baseRev, prev });
}

type Parts = Pick<Here, 'account' | 'phone' | 'storage' | 'outbox' | 'copies' | 'sync'> & { session: Session; catchUp(): void };

/** Saves a change on the phone, then waits briefly for the server's result. Null: saved, not sent yet. */
export async function submit(parts: Parts, { replaces, ...draft }: Draft): Promise<Outcome | null> {
  const { account, phone, storage, outbox, copies, sync, session, catchUp } = parts;
  const args: Bag = sendable(draft.args);
  if (byteLength(JSON.stringify(args)) > MAX_CALL_BYTES) throw invalid('content', '内容过长');
  if (account === NOBODY && !canBeUnclaimed(draft.type)) throw noAnswer();
  catchUp();
  const intent: Intent = { policy: phone.conflictPolicy, modifiedAt: toInstant(phone.now()), ...draft, args };
  const entry = enqueue(outbox, replaces ? { ...intent, from: copyKey(...replaces) } : intent);
  try {
    if (replaces) copies.drop(...replaces);
  } catch {
    // The queued change names the copy in `from`: the next start removes the copy.
  }
  if (entry.type === 'diary.put') {
    const { movedFrom, ...day } = args;
    if (movedFrom !== undefined) keepForFormerVersion({ phone, storage }, session, { date: movedFrom, deleted: true });
    keepForFormerVersion({ phone, storage }, session, day);
  }
  phone.changed();
  return sync.wake() ? sync.outcomeOf(entry, phone.isOnline() ? PATIENCE_MS : OFFLINE_PATIENCE_MS) : null;
}
