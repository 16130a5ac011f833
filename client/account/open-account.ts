import { openStorage, type Storage } from '../platform/storage';
import { dayOf, isText, randomName, sendable } from '../platform/text';
import { openCache } from '../sync/cache';
import { openCopies } from '../sync/conflict-copies';
import { openDiaryView } from '../sync/diary-view';
import { openSync } from '../sync/engine';
import type { Entry } from '../sync/entry';
import { identityIn } from '../sync/load-queue';
import { openMadeTasks } from '../sync/made-tasks';
import { openMeta } from '../sync/meta';
import { openOutbox } from '../sync/outbox';
import { openOwnChanges } from '../sync/own-changes';
import type { Stores } from '../sync/settle';
import { openTaskView } from '../sync/task-view';
import type { Wx } from '../types';
import type { Here, Phone } from './here';
import { dropRowsOfOthers } from './other-accounts';
import { type Freshness, refresh } from './refresh';
import type { Account, Session } from './session';
import { submit } from './submit';

/** In-memory state of an open account. Nothing of it has to survive a restart. */
interface AccountState extends Freshness {
  /** Server's clock minus the phone's, in milliseconds; 0 before the first answer. */
  clockOffsetMs: number;
}

function openStores({ wx, random, now }: Phone, account: Account): Stores & { storage: Storage } {
  const storage = openStorage(wx, `gd:${account.key}:`, () => cache.makeRoom());
  const meta = openMeta(storage, random, () => identityIn(storage));
  const dropOthers = (): boolean => dropRowsOfOthers(wx, account, random);
  const cache = openCache({ storage, meta, usage: () => usageOf(wx), dropOthers });
  const outbox = openOutbox(storage, meta, now);
  const copies = openCopies(storage, meta);
  return { storage, meta, cache, outbox, copies, own: openOwnChanges(outbox, meta), madeTasks: openMadeTasks(outbox) };
}

/**
 * Called before each step that runs without a pause. The key `writer` names the instance that wrote last. When it names another instance, the
 * state in memory may be stale and is read again.
 */
function openCatchUp({ storage, meta, cache, outbox, copies }: Stores & { storage: Storage }, random: () => number): () => void {
  const writer = randomName(6, random);
  return () => {
    if (storage.read('writer', isText) === writer) return;
    try {
      storage.write('writer', writer);
    } catch {
      // The write failed: the next step tries again.
    }
    for (const store of [storage, meta, cache, outbox, copies]) store.forget();
  };
}

const UNLIMITED = { currentSize: 0, limitSize: Number.POSITIVE_INFINITY };

const usageOf = (wx: Wx): { currentSize: number; limitSize: number } => {
  try {
    return wx.getStorageInfoSync();
  } catch {
    return UNLIMITED;
  }
};

export function openAccount(phone: Phone, session: Session, account: Account): Here {
  const { now, random, schedule, changed, isOnline } = phone;
  const stores = openStores(phone, account);
  const { meta, cache, outbox, copies, own } = stores;
  const catchUp = openCatchUp(stores, random);
  const state: AccountState = { clockOffsetMs: 0, askedAt: Number.NEGATIVE_INFINITY, refreshedAt: Number.NEGATIVE_INFINITY };

  const call = <Answer>(name: string, action: string, data: object, requestId?: string): Promise<Answer> =>
    session.call(account, name, action, sendable(data), requestId) as Promise<Answer>;

  const askSync = async (input: object): Promise<unknown> => {
    state.askedAt = now();
    const answer = await call<{ serverTime?: string }>('sync', 'sync', input);
    const serverTime = Date.parse(answer?.serverTime ?? '');
    if (!Number.isNaN(serverTime)) state.clockOffsetMs = serverTime - now();
    state.refreshedAt = now();
    return answer;
  };

  const serverNow = (): number => now() + state.clockOffsetMs;
  const sync = openSync({ ...stores, catchUp, call: askSync, changed, isOnline, now, serverNow, random, schedule });
  /** Texts that wait for their day. */
  const later = (): Entry[] => copies.list('later').map(([, { entry }]) => entry);
  const views = {
    cache,
    meta: meta.get,
    own,
    changes: (): Entry[] => [...sync.echo(), ...later(), ...outbox.all()],
    isPending: (entry: Entry): boolean => outbox.all().includes(entry) || later().includes(entry),
    dayOf: (instant: string): string => dayOf(Date.parse(instant) + state.clockOffsetMs),
  };
  const parts = { ...stores, account, phone, sync, session, catchUp, freshness: state };

  return {
    account,
    phone,
    ...stores,
    sync,
    diaries: openDiaryView(views),
    tasks: openTaskView(views),
    call,
    today: () => dayOf(serverNow()),
    submit: (draft) => submit(parts, draft),
    refresh: (options) => refresh(parts, options),
  };
}
