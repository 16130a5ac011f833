import { keepForFormerVersion } from '../legacy/former-version';
import { invalid } from '../platform/error';
import { type Bag, byteLength, sendable, toInstant } from '../platform/text';
import { copyKey } from '../sync/conflict-copies';
import { type Entry, type Intent, MAX_CALL_BYTES, type Outbox } from '../sync/outbox';
import type { Outcome } from '../sync/waiters';
import type { Draft, Here } from './here';
import type { Session } from './session';

/** How long a write waits for the server's result before it resolves as pending. */
const WRITE_PATIENCE_MS = 8_000;

/** Overwrites the last queued change where its author goes on from it and it was never sent: typing on is one mutation. */
function enqueue(outbox: Outbox, intent: Intent): Entry {
  const last = outbox.last();
  const goesOn =
    last !== null &&
    intent.type === 'diary.put' &&
    last.type === 'diary.put' &&
    last.args.date === intent.args.date &&
    intent.prev === last.mid &&
    intent.from === undefined &&
    !outbox.isSent(last);
  if (!goesOn) return outbox.add(intent);
  const { baseRev = 0, prev = 0 } = last;
  return outbox.replaceLast({ ...intent, baseRev, prev });
}

type Parts = Pick<Here, 'phone' | 'storage' | 'outbox' | 'copies' | 'sync'> & { session: Session; own(): void };

/** Saves a change on the phone, then waits a moment for the server's result. Null: saved, not sent yet. */
export async function submit(parts: Parts, { replaces, ...draft }: Draft): Promise<Outcome | null> {
  const { phone, storage, outbox, copies, sync, session, own } = parts;
  const args: Bag = sendable(draft.args);
  if (byteLength(JSON.stringify(args)) > MAX_CALL_BYTES) throw invalid('content', '内容过长');
  own();
  const intent: Intent = { policy: phone.conflictPolicy, modifiedAt: toInstant(phone.now()), ...draft, args };
  const entry = enqueue(outbox, replaces ? { ...intent, from: copyKey(...replaces) } : intent);
  try {
    if (replaces) copies.drop(...replaces);
  } catch {
    // The queued change names the copy in `from`: the next start drops it.
  }
  if (entry.type === 'diary.put') keepForFormerVersion({ phone, storage }, session, args);
  phone.changed();
  return sync.wake() ? sync.outcomeOf(entry, WRITE_PATIENCE_MS) : null;
}
