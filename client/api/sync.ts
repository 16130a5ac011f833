import type { Accounts } from '../account/accounts';
import type { Here } from '../account/here';
import { invalid, isNoAnswer, refusal } from '../platform/error';
import { copyKey, toConflict, toSetAside } from '../sync/conflict-copies';
import type { DiaryText, GrowthDiary, SyncStatus, WrittenDiary } from '../types';
import { requireApplied } from './applied';
import { writeResolved } from './diary-write';

type Api = GrowthDiary['sync'];

interface Parts {
  accounts: Accounts;
  isOnline(): boolean;
  listeners: Set<() => void>;
}

const NOTHING = { setAside: 0, conflicts: 0, lastSyncedAt: null, running: false };

function statusOf({ accounts, isOnline }: Parts): SyncStatus {
  const { here, session, unclaimed, leftBehind } = accounts;
  const now = here();
  const waiting = { online: isOnline(), unclaimed: unclaimed.count() };
  if (!now) {
    const setAside = leftBehind()?.list('aside').length ?? 0;
    const error = session.isForeign() ? 'ACCOUNT_CHANGED' : session.erased() ? 'ACCOUNT_ERASED' : null;
    return { ...waiting, ...NOTHING, setAside, pending: session.isUntouched() ? waiting.unclaimed : 0, error };
  }
  const { outbox, copies, meta, sync } = now;
  return {
    ...waiting,
    pending: outbox.all().length + copies.list('later').length,
    setAside: copies.list('aside').length + unclaimed.list(now.account).length,
    conflicts: copies.list('conflict').length,
    lastSyncedAt: meta.get().syncedAt,
    running: sync.isRunning(),
    error: sync.lastError(),
  };
}

/** Writes one text of a conflict over the other; null when the server's text stays or both are deleted. */
async function resolve(now: Here, id: string, choice: Parameters<Api['resolve']>[1]): Promise<WrittenDiary | null> {
  const copy = now.copies.get('conflict', id);
  if (!copy) throw refusal('NOT_FOUND');
  const { mine, theirs, date } = toConflict([id, copy]);
  if (choice === 'theirs' || now.outbox.replaces(copyKey('conflict', id))) {
    now.copies.drop('conflict', id);
    now.phone.changed();
    return null;
  }
  if (choice === 'mine' && !mine) {
    const baseRev = theirs && theirs.version > 0 ? theirs.version : now.diaries.baseOf(date);
    const outcome = await now.submit({ type: 'diary.put', args: { date, deleted: true }, baseRev, replaces: ['conflict', id] });
    if (outcome) requireApplied(outcome);
    return null;
  }
  const base: DiaryText | null = mine ?? theirs;
  if (!base) throw invalid('choice', '没有可以保留的内容');
  const { content, mood, weather, images, tags, isDraft } = base;
  const text = { date, content, mood, weather, images, tags, isDraft, ...(choice !== 'mine' && { content: choice.content }) };
  return writeResolved(now, text, theirs, id);
}

async function retry(now: Here, id: string): Promise<void> {
  const copy = now.copies.get('aside', id);
  if (!copy) throw refusal('NOT_FOUND');
  const { type, task, local, modifiedAt, baseRev = 0 } = copy.entry;
  const { ref, ...args } = copy.entry.args;
  if (ref !== undefined && task === undefined) throw refusal('NOT_FOUND');
  if (now.outbox.replaces(copyKey('aside', id))) return now.copies.drop('aside', id);
  const outcome = await now.submit({
    type,
    args: task === undefined ? args : { ...args, id: task },
    baseRev,
    // The time of writing, not of sending: later texts are newer.
    modifiedAt,
    replaces: ['aside', id],
    ...(local !== undefined && { local }),
  });
  if (outcome) requireApplied(outcome);
}

export function syncApi(parts: Parts): Api {
  const { enter, here, unclaimed, leftBehind } = parts.accounts;
  const status = (): SyncStatus => statusOf(parts);
  return {
    now: async () => {
      const { sync } = await enter();
      if (!sync.isRunning()) return sync.now();
      return sync.now().catch((error) => {
        // The run in flight began before the network came back.
        if (!isNoAnswer(error)) throw error;
        return sync.now();
      });
    },
    status,
    on: (_event, listener) => {
      const tell = (): void => listener(status());
      parts.listeners.add(tell);
      return () => {
        parts.listeners.delete(tell);
      };
    },
    conflicts: () => {
      const now = here();
      const conflicts = now ? now.copies.list('conflict').map(toConflict) : [];
      // This phone has not shown the conflicts of other phones.
      if (conflicts.length > 0) now?.sync.sawConflicts();
      return conflicts;
    },
    resolve: async (id, choice) => resolve(await enter(), id, choice),
    setAside: () => {
      const now = here();
      const copies = now ? now.copies : leftBehind();
      return [...(copies?.list('aside').map(toSetAside) ?? []), ...(now ? unclaimed.list(now.account) : [])];
    },
    retry: async (id) => {
      const now = await enter();
      if (!unclaimed.isId(id)) return retry(now, id);
      unclaimed.adopt(now, id);
      now.sync.wake();
    },
    discard: (id) => {
      const now = here();
      if (unclaimed.isId(id)) unclaimed.discard(id);
      else (now ? now.copies : leftBehind())?.drop('aside', id);
      now?.phone.changed();
    },
  };
}
