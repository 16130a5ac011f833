import { config } from '../runtime/config';

/** One place where files lie. A file id names the place, the bucket and the path in it. */
export interface Provider {
  /** The id that a file at this path has, or will have. */
  fileIdOf(path: string): Promise<string>;
  /** Stores a file and answers its id. The same path again replaces it. */
  upload(path: string, bytes: Buffer, timeoutMs: number): Promise<string>;
  /** Removes at most 50 files; one that is not there counts as removed. */
  remove(fileIds: readonly string[]): Promise<void>;
  /** Links of at most 50 files for `seconds`, by file id; one that the provider knows to be absent has none. */
  links(fileIds: readonly string[], seconds: number): Promise<[fileId: string, url: string][]>;
  /** Rejects when files can neither be read nor written now. */
  probe(): Promise<void>;
}

const schemes = { 'cloud://': 'cloudbase', 'cos://': 'cos' } as const;

type ProviderName = (typeof schemes)[keyof typeof schemes];

/** Where a file lies; null for a link or anything else that is no file of ours. */
export const providerOf = (fileId: string): ProviderName | null =>
  Object.entries(schemes).find(([scheme]) => fileId.startsWith(scheme))?.[1] ?? null;

/** Loaded at the first use: each brings an SDK along. */
export const openProvider = async (name: ProviderName): Promise<Provider> =>
  name === 'cos' ? (await import('./cos')).cosProvider : (await import('./cloudbase')).cloudbaseProvider;

/** Where new files go. Files of the other provider stay readable and removable as long as it is configured. */
export const openOwnProvider = (): Promise<Provider> => openProvider(config().storage.kind);
