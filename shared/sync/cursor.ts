import type { Head } from './queries';

/** The position up to which a client has read the feed. */
export interface Cursor {
  epoch: number;
  rev: number;
  /** The user's rev when this client began to read everything. Older tombstones do not concern it, even after they are removed. */
  since: number;
}

export const formatCursor = ({ epoch, rev, since }: Cursor): string => `${epoch}.${rev}.${since}`;

export function parseCursor(text: string): Cursor | null {
  const [, epoch, rev, since] = /^(\d{1,10})\.(\d{1,16})\.(\d{1,16})$/.exec(text) ?? [];
  return epoch === undefined ? null : { epoch: Number(epoch), rev: Number(rev), since: Number(since) };
}

export const isAhead = (cursor: Cursor, head: Head): boolean => cursor.epoch === head.epoch && cursor.rev > head.rev;

/** Whether reading the changes after the cursor is enough to bring its client up to date. */
export const isValid = (cursor: Cursor, head: Head): boolean =>
  cursor.epoch === head.epoch && cursor.rev <= head.rev && Math.max(cursor.rev, cursor.since) >= head.gcRev;
