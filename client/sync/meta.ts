import type { SyncOutput } from '../../shared/sync/contract';
import type { Storage } from '../platform/storage';
import { isBag, isInteger, isText, randomName } from '../platform/text';

/** The one small key beside rows and queue. Losing it costs a full read, never a change. */
export interface Meta {
  clientId: string;
  /** Results up to this mutation are stored here. */
  ack: number;
  /** Mutations up to this one may have reached the server. */
  sent: number;
  /** Everything up to here is in the cache; null: read all. */
  cursor: string | null;
  /** Rows of another generation have not come again since the last reset. */
  generation: string;
  /** A read from the beginning is under way. */
  sweeping: boolean;
  /** Everything has been read once: what is not here does not exist. */
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
  /** Reads again what is stored: another instance has written. */
  forget(): void;
  /** Numbers used so far mean nothing any more: a restored or copied phone must not count on from them. */
  becomeNewClient(): void;
}

/** `known` is what the queue remembers of this installation, should the key itself be lost. */
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
