import type { RevisionReason } from '../diary/revision-reasons';
import type { Written } from './content-hash';

export interface Revision extends Written {
  reason: RevisionReason;
  hash: string;
  isUnread: boolean;
  modifiedAt: Date;
}

/** An instant in the form in which MySQL reads a DATETIME from JSON. */
export const sqlInstant = (instant: Date): string => instant.toISOString().slice(0, -1).replace('T', ' ');

/** Revisions in the form that keep_revisions reads. */
export const revisionsJson = (revisions: readonly Revision[]): object[] =>
  revisions.map((revision) => ({ ...revision, modifiedAt: sqlInstant(revision.modifiedAt) }));
