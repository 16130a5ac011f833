import type { Storage } from '../platform/storage';
import type { Cache } from '../sync/cache';
import type { Copies, Kind } from '../sync/conflict-copies';
import type { DiaryView } from '../sync/diary-view';
import type { Sync } from '../sync/engine';
import type { Intent } from '../sync/entry';
import type { MadeTasks } from '../sync/made-tasks';
import type { MetaStore } from '../sync/meta';
import type { Outbox } from '../sync/outbox';
import type { OwnChanges } from '../sync/own-changes';
import type { TaskView } from '../sync/task-view';
import type { Outcome } from '../sync/waiters';
import type { ConflictPolicy, ReadOptions, Seen, Wx } from '../types';
import type { Account } from './session';

/** What differs between a phone and a test. */
export interface Phone {
  wx: Wx;
  now(): number;
  random(): number;
  /** Runs `run` after `ms`; returns the function that cancels it. */
  schedule(run: () => void, ms: number): () => void;
  isOnline(): boolean;
  changed(): void;
  conflictPolicy: ConflictPolicy;
}

/** A change made through the API; `replaces` is the conflict copy that it resolves. */
export type Draft = Omit<Intent, 'modifiedAt' | 'policy' | 'from'> & { modifiedAt?: string; replaces?: [kind: Kind, id: string] };

/** All data and state of one account on this phone. */
export interface Here {
  account: Account;
  phone: Phone;
  storage: Storage;
  meta: MetaStore;
  cache: Cache;
  outbox: Outbox;
  copies: Copies;
  own: OwnChanges;
  madeTasks: MadeTasks;
  sync: Sync;
  diaries: DiaryView;
  tasks: TaskView;
  call<Answer>(name: string, action: string, data: object, requestId?: string): Promise<Answer>;
  /** The Beijing day by the server's clock, as far as it is known. */
  today(): string;
  /** Saves a change and waits briefly for the server's result; null: saved, not sent yet. */
  submit(intent: Draft): Promise<Outcome | null>;
  /** Syncs unless the last sync was very recent; answers whether the shown data are fresh or cached. */
  refresh(options?: ReadOptions): Promise<Seen>;
}
