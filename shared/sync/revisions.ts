import type { RevisionReason } from '../diary/revision-reasons';
import type { Written } from './content-hash';

export interface Revision extends Written {
  reason: RevisionReason;
  hash: string;
  isUnread: boolean;
  modifiedAt: Date;
}

/** As the database reads a DATETIME out of JSON. */
export const sqlInstant = (instant: Date): string => instant.toISOString().slice(0, -1).replace('T', ' ');

/** As keep_revisions reads them. */
export const revisionsJson = (revisions: readonly Revision[]): object[] =>
  revisions.map((revision) => ({ ...revision, modifiedAt: sqlInstant(revision.modifiedAt) }));
