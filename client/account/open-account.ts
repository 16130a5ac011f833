import { keepForFormerVersion } from '../legacy/former-version';
import { invalid } from '../platform/error';
import { openStorage, type Storage } from '../platform/storage';
import { type Bag, byteLength, dayOf, isText, randomName, sendable, toInstant } from '../platform/text';
import { type Cache, openCache } from '../sync/cache';
import { type Copies, copyKey, type Kind, openCopies } from '../sync/conflict-copies';
import { type DiaryView, openDiaryView } from '../sync/diary-view';
import { type Outcome, openSync, type Sync } from '../sync/engine';
import { type MetaStore, openMeta } from '../sync/meta';
import { type Entry, type Intent, identityIn, MAX_CALL_BYTES, type Outbox, openOutbox } from '../sync/outbox';
import { openTaskView, type TaskView } from '../sync/task-view';
import type { ConflictPolicy, ReadOptions, Seen, Wx } from '../types';
import type { Account, Session } from './session';

/** What differs between a phone and a test. */
export interface Phone {
  wx: Wx;
  now(): number;
  random(): number;
  schedule(run: () => void, ms: number): () => void;
  isOnline(): boolean;
  changed(): void;
  conflictPolicy: ConflictPolicy;
}

/** A change as the API makes it; `replaces` is the copy it is made of. */
type Draft = Omit<Intent, 'modifiedAt' | 'policy' | 'from'> & { modifiedAt?: string; replaces?: [kind: Kind, id: string] };

/** Everything this phone has of one account. */
export interface Here {
  account: Account;
  phone: Phone;
  storage: Storage;
  meta: MetaStore;
  cache: Cache;
  outbox: Outbox;
  copies: Copies;
  sync: Sync;
  diaries: DiaryView;
  tasks: TaskView;
  call<Answer>(name: string, action: string, data: object, requestId?: string): Promise<Answer>;
  /** The Beijing day by the server's clock, as far as it is known. */
  today(): string;
  /** Saves a change and waits a moment for the server's word on it; null: saved, on its way. */
  submit(intent: Draft): Promise<Outcome | null>;
  /** Fetches what is new, if that is worth while; answers where what is shown now comes from. */
  refresh(options?: ReadOptions): Promise<Seen>;
}

/** How long a page waits for the network before it shows what there is. */
const READ_PATIENCE_MS = 3_000;
const WRITE_PATIENCE_MS = 8_000;
const FRESH_MS = 5_000;

const UNLIMITED = { currentSize: 0, limitSize: Number.POSITIVE_INFINITY };

/** All of another account's rows on this phone, never its queue: it reads them again when it comes back. */
function dropRowsOfOthers(wx: Wx, { key }: Account, random: () => number): boolean {
  try {
    const row = openStorage(wx, 'gd:')
      .names('')
      .find((name) => /^[^:]+:row:/.test(name) && !name.startsWith(`${key}:`));
    if (row === undefined) return false;
    const theirs = openStorage(wx, `gd:${row.split(':')[0]}:`);
    openMeta(theirs, random, () => identityIn(theirs)).set({ cursor: null, sweeping: false, complete: false });
    for (const name of theirs.names('row:')) theirs.remove(`row:${name}`);
    return true;
  } catch {
    return false;
  }
}

export function openAccount(phone: Phone, session: Session, account: Account): Here {
  const { wx, now, random, schedule, isOnline, changed, conflictPolicy } = phone;
  const storage = openStorage(wx, `gd:${account.key}:`, () => cache.makeRoom());
  const meta = openMeta(storage, random, () => identityIn(storage));
  const cache = openCache(storage, meta, () => dropRowsOfOthers(wx, account, random));
  const outbox = openOutbox(storage, meta);
  const copies = openCopies(storage, meta);

  const writer = randomName(6, random);
  /** Before each step that ends without a pause: had another instance the last word, what this one remembers is no longer what is stored. */
  const own = (): void => {
    if (storage.read('writer', isText) === writer) return;
    try {
      storage.write('writer', writer);
    } catch {
      // Then it is asked again next time.
    }
    for (const store of [meta, cache, outbox, copies]) store.forget();
  };

  const call = <Answer>(name: string, action: string, data: object, requestId?: string): Promise<Answer> =>
    session.call(account, name, action, sendable(data), requestId) as Promise<Answer>;

  let clockOffsetMs = 0;
  let askedAt = Number.NEGATIVE_INFINITY;
  let refreshedAt = askedAt;
  /** A clock that was set back makes everything old. */
  const isOld = (at: number): boolean => now() < at || now() - at >= FRESH_MS;
  const sync = openSync({
    meta,
    cache,
    outbox,
    copies,
    own,
    usage: () => {
      try {
        return wx.getStorageInfoSync();
      } catch {
        return UNLIMITED;
      }
    },
    call: async (input) => {
      askedAt = now();
      const answer = await call<{ serverTime?: string }>('sync', 'sync', input);
      const serverTime = Date.parse(answer?.serverTime ?? '');
      if (!Number.isNaN(serverTime)) clockOffsetMs = serverTime - now();
      refreshedAt = now();
      return answer;
    },
    isOnline,
    changed,
    now,
    random,
    schedule,
  });

  const views = {
    cache,
    meta: meta.get,
    changes: (): Entry[] => [...sync.echo(), ...outbox.all()],
    isPending: (entry: Entry): boolean => outbox.all().includes(entry),
    dayOf: (instant: string): string => dayOf(Date.parse(instant) + clockOffsetMs),
  };

  /** The last change is written over only where nobody can have seen it, and where its author goes on from it. */
  function enqueue(intent: Intent): Entry {
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

  return {
    account,
    phone,
    storage,
    meta,
    cache,
    outbox,
    copies,
    sync,
    diaries: openDiaryView(views),
    tasks: openTaskView(views),
    call,
    today: () => dayOf(now() + clockOffsetMs),
    submit: async ({ replaces, ...draft }) => {
      const args: Bag = sendable(draft.args);
      if (byteLength(JSON.stringify(args)) > MAX_CALL_BYTES) throw invalid('content', '内容过长');
      own();
      const intent: Intent = { policy: conflictPolicy, modifiedAt: toInstant(now()), ...draft, args };
      const entry = enqueue(replaces ? { ...intent, from: copyKey(...replaces) } : intent);
      try {
        if (replaces) copies.drop(...replaces);
      } catch {
        // The next start finds both, and drops it.
      }
      if (entry.type === 'diary.put') keepForFormerVersion({ phone, storage }, session, args);
      changed();
      return sync.wake() ? sync.outcomeOf(entry, WRITE_PATIENCE_MS) : null;
    },
    refresh: async ({ prefer } = {}) => {
      own();
      const from = (source: Seen['source']): Seen => ({ source, at: meta.get().syncedAt });
      if (prefer === 'cache') {
        // A page that reads again after each run must not start the next one.
        if (isOld(askedAt)) sync.wake();
        return from('cache');
      }
      if (!isOld(refreshedAt) && meta.get().complete) return from('cache');
      // One that has just failed is tried again by its timer; whoever reads at each change would else try without end.
      const isVain = !sync.isRunning() && (!isOld(askedAt) || sync.isResting());
      if (isVain || !isOnline()) return from('cache');
      return from((await soon(schedule, sync.now(), READ_PATIENCE_MS)) ? 'network' : 'cache');
    },
  };
}

/** True when `work` ends well in time. */
const soon = (schedule: Phone['schedule'], work: Promise<unknown>, ms: number): Promise<boolean> =>
  new Promise((resolve) => {
    const giveUp = schedule(() => resolve(false), ms);
    work.then(
      () => resolve(true),
      () => resolve(false),
    );
    work.then(giveUp, giveUp);
  });
