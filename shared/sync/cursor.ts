import type { Head } from './queries';

/** How far a client has read. */
export interface Cursor {
  epoch: number;
  rev: number;
  /** The user's rev when this client began to read everything: tombstones from before then do not concern it, even when they are gone. */
  since: number;
}

export const formatCursor = ({ epoch, rev, since }: Cursor): string => `${epoch}.${rev}.${since}`;

export function parseCursor(text: string): Cursor | null {
  const [, epoch, rev, since] = /^(\d{1,10})\.(\d{1,16})\.(\d{1,16})$/.exec(text) ?? [];
  return epoch === undefined ? null : { epoch: Number(epoch), rev: Number(rev), since: Number(since) };
}

export const isAhead = (cursor: Cursor, head: Head): boolean => cursor.epoch === head.epoch && cursor.rev > head.rev;

/** Whether the changes after the cursor, as they can be read now, bring its client up to date. */
export const isValid = (cursor: Cursor, head: Head): boolean =>
  cursor.epoch === head.epoch && cursor.rev <= head.rev && Math.max(cursor.rev, cursor.since) >= head.gcRev;
