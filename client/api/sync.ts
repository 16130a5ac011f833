import type { Here } from '../account/here';
import { invalid, refusal } from '../platform/error';
import { copyKey, toConflict, toSetAside } from '../sync/conflict-copies';
import type { DiaryText, GrowthDiary, SyncStatus } from '../types';
import { requireApplied, writeDay } from './diary';

interface Parts {
  enter(): Promise<Here>;
  here(): Here | null;
  isOnline(): boolean;
  isForeign(): boolean;
  listeners: Set<() => void>;
}

const NOBODY = { pending: 0, setAside: 0, conflicts: 0, lastSyncedAt: null, running: false };

export function syncApi({ enter, here, isOnline, isForeign, listeners }: Parts): GrowthDiary['sync'] {
  const status = (): SyncStatus => {
    const now = here();
    if (!now) return { online: isOnline(), ...NOBODY, error: isForeign() ? 'ACCOUNT_CHANGED' : null };
    const { outbox, copies, meta, sync } = now;
    return {
      online: isOnline(),
      pending: outbox.all().length,
      setAside: copies.list('aside').length,
      conflicts: copies.list('conflict').length,
      lastSyncedAt: meta.get().syncedAt,
      running: sync.isRunning(),
      error: sync.lastError(),
    };
  };

  return {
    now: async () => (await enter()).sync.now(),
    status,
    on: (_event, listener) => {
      const tell = (): void => listener(status());
      listeners.add(tell);
      return () => {
        listeners.delete(tell);
      };
    },

    conflicts: () => {
      const now = here();
      const conflicts = now ? now.copies.list('conflict').map(toConflict) : [];
      // Of another phone's conflicts this one has seen nothing.
      if (conflicts.length > 0) now?.sync.sawConflicts();
      return conflicts;
    },

    resolve: async (id, choice) => {
      const now = await enter();
      const copy = now.copies.get('conflict', id);
      if (!copy) throw refusal('NOT_FOUND');
      const { mine, theirs, date } = toConflict([id, copy]);
      if (choice === 'theirs' || now.outbox.replaces(copyKey('conflict', id))) {
        now.copies.drop('conflict', id);
        now.phone.changed();
        return null;
      }
      const version = theirs?.version ?? now.diaries.baseOf(date);
      if (choice === 'mine' && !mine) {
        const args = { date, deleted: true };
        const outcome = await now.submit({ type: 'diary.put', args, baseRev: version, replaces: ['conflict', id] });
        if (outcome) requireApplied(outcome);
        return null;
      }
      const base: DiaryText | null = mine ?? theirs;
      if (!base) throw invalid('choice', '没有可以保留的内容');
      const { content, mood, weather, images, tags, isDraft } = base;
      const text = { date, content, mood, weather, images, tags, isDraft, ...(choice !== 'mine' && { content: choice.content }) };
      return writeDay(now, text, version, id);
    },

    setAside: () => here()?.copies.list('aside').map(toSetAside) ?? [],

    retry: async (id) => {
      const now = await enter();
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
        // When it was written, not when it is sent: what was written since is newer.
        modifiedAt,
        replaces: ['aside', id],
        ...(local !== undefined && { local }),
      });
      if (outcome) requireApplied(outcome);
    },

    discard: (id) => {
      const now = here();
      now?.copies.drop('aside', id);
      now?.phone.changed();
    },
  };
}
