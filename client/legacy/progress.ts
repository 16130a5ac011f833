import type { Here } from '../account/here';
import type { uploadImage } from '../api/image';
import { isBag } from '../platform/text';
import type { MigrationProgress } from '../types';
import type { Harvest } from './harvest';

/** What became of a day, a task, a template or a draw. */
export interface ItemOutcome {
  status: string;
  reason?: string | undefined;
}

/** What is done so far; stored after every step, so that a killed run goes on from here. */
export interface Progress {
  /** Outcome by fingerprint of a day, or by key of anything else. */
  done: Record<string, ItemOutcome>;
  /** File id by the phone's own name; empty where there is nothing to show. */
  pictures: Record<string, string>;
  /** Uploads that failed and might have gone. */
  failures: number;
  /** Under which date a text of the future was sent, by its fingerprint. */
  future: Record<string, string>;
  /** Days whose other text on the server is among the conflicts, by fingerprint. */
  conflicts: Record<string, true>;
}

/** One run of the migration. */
export interface Move {
  here: Here;
  upload: typeof uploadImage;
  harvest: Harvest;
  progress: Progress;
  tell(phase: MigrationProgress['phase'], done: number, total: number): void;
}

const PROGRESS = 'migrating';

const isProgress = (value: unknown): value is Progress =>
  isBag(value) && isBag(value.done) && isBag(value.pictures) && Number.isSafeInteger(value.failures);

const NONE: Progress = { done: {}, pictures: {}, failures: 0, future: {}, conflicts: {} };

/** Without the refusals of the last run: a day that was in the future then, or unknown to an older server, is tried again. */
export function readProgress({ storage }: Here): Progress {
  const { done, pictures, failures, future = {}, conflicts = {} } = storage.read(PROGRESS, isProgress) ?? NONE;
  for (const key of Object.keys(done)) if (done[key]?.status === 'invalid') delete done[key];
  return { done: { ...done }, pictures: { ...pictures }, failures, future: { ...future }, conflicts: { ...conflicts } };
}

export const saveProgress = ({ here, progress }: Move): void => here.storage.write(PROGRESS, progress);
