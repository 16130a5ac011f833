import type { SyncOutput } from '../../shared/sync/contract';
import type { Storage } from '../platform/storage';
import { isBag, isInteger, isText, randomName } from '../platform/text';

/** The one small key beside rows and queue. When it is lost, everything is read again; no change is lost. */
export interface Meta {
  clientId: string;
  /** Results up to this mutation are stored on this phone. */
  ack: number;
  /** Mutations up to this one may have reached the server. */
  sent: number;
  /** Cursor up to which all changes are cached; null: read everything. */
  cursor: string | null;
  /** Rows of another generation have not arrived again since the last reset. */
  generation: string;
  /** A read from the beginning is in progress. */
  sweeping: boolean;
  /** Everything has been read once: a row that is not cached does not exist. */
  complete: boolean;
  user: SyncOutput['user'] | null;
  serverRev: number;
  /** The server's clock at the last answer. */
  syncedAt: string | null;
}

const isMeta = (value: unknown): value is Meta =>
  isBag(value) &&
  isText(value.clientId) &&
  isInteger(value.ack) &&
  isInteger(value.sent) &&
  (value.cursor === null || isText(value.cursor)) &&
  isText(value.generation);

const KEY = 'meta';

export interface MetaStore {
  get(): Meta;
  set(changes: Partial<Meta>): void;
  /** Reads storage again, because another instance has written. */
  forget(): void;
  /** Starts a new numbering: a restored or copied phone must not continue the former one. */
  becomeNewClient(): void;
}

/** `known` is what the queue shows of this installation, in case the key itself is lost. */
export function openMeta(storage: Storage, random: () => number, known: () => { clientId: string; mid: number } | null): MetaStore {
  const freshId = (): string => randomName(16, random);
  const fresh = (): Meta => {
    const queued = known();
    return {
      clientId: queued?.clientId ?? freshId(),
      ack: 0,
      sent: queued?.mid ?? 0,
      cursor: null,
      generation: randomName(6, random),
      sweeping: false,
      complete: false,
      user: null,
      serverRev: 0,
      syncedAt: null,
    };
  };
  let meta: Meta | null = null;
  const get = (): Meta => {
    meta ??= storage.read(KEY, isMeta) ?? fresh();
    return meta;
  };
  const set = (changes: Partial<Meta>): void => {
    const next = { ...get(), ...changes };
    storage.write(KEY, next);
    meta = next;
  };
  return {
    get,
    set,
    forget: () => {
      meta = null;
    },
    becomeNewClient: () => set({ clientId: freshId(), ack: 0, sent: 0 }),
  };
}
