import type { UserContext } from '../runtime/context';
import { toProfile } from '../user/operations';
import type { Change } from './contract';
import { type Cursor, formatCursor, isAhead, isValid, parseCursor } from './cursor';
import { type FeedRow, type Head, selectFeed } from './queries';

export interface Pulled {
  head: Head;
  changes: Change[];
  cursor: string;
  hasMore: boolean;
  isReset: boolean;
}

interface Reading {
  limit: number;
  clientId: string;
  ack: number;
}

/** The changes after a cursor. For a cursor that cannot be continued, the changes from the beginning. */
export async function pull(ctx: UserContext, cursorText: string | null, reading: Reading): Promise<Pulled> {
  const cursor = cursorText === null ? null : parseCursor(cursorText);
  let page = await readPage(ctx, cursor?.rev ?? 0, reading);
  // A lagging replica may be behind the client's cursor. The cursor is reset only when a second read confirms that the server is behind it.
  if (cursor !== null && isAhead(cursor, page.head)) page = await readPage(ctx, cursor.rev, reading);
  const isReset = cursorText !== null && (cursor === null || !isValid(cursor, page.head));
  if (isReset && cursor !== null && cursor.rev > 0) page = await readPage(ctx, 0, reading);

  const { head, rows, hasMore } = page;
  const after = isReset || cursor === null ? { rev: 0, since: head.rev } : cursor;
  const next: Cursor = { epoch: head.epoch, rev: hasMore ? (rows.at(-1)?.rev ?? after.rev) : head.rev, since: after.since };
  return { head, changes: rows.map((row) => toChange(row, ctx.today)), cursor: formatCursor(next), hasMore, isReset };
}

/** Bytes of one page: the platform carries 6 MB, but a phone on a slow network much less. */
const PAGE_BYTES = 256 * 1_024;

interface Page {
  head: Head;
  rows: FeedRow[];
  hasMore: boolean;
}

/** Reads one row more than fits and cuts between two revs, so that the rows of one posting arrive together. */
async function readPage(ctx: UserContext, after: number, { limit, clientId, ack }: Reading): Promise<Page> {
  for (let size = limit; ; size *= 4) {
    const { head, rows } = await selectFeed(ctx.db, ctx, { after, limit: size + 1, clientId, ack });
    const cut = rows[fitting(rows, limit)]?.rev;
    if (cut === undefined) return { head, rows, hasMore: false };
    const whole = rows.filter(({ rev }) => rev < cut);
    if (whole.length > 0) return { head, rows: whole, hasMore: true };
    // One posting wrote more than a page: its rows form a page of their own.
    const first = rows.filter(({ rev }) => rev === cut);
    if (first.length < rows.length || rows.length <= size) return { head, rows: first, hasMore: first.length < rows.length };
  }
}

function fitting(rows: readonly FeedRow[], limit: number): number {
  let bytes = 0;
  const tooMuch = rows.findIndex((row) => {
    bytes += Buffer.byteLength(JSON.stringify(row));
    return bytes > PAGE_BYTES;
  });
  return tooMuch > 0 ? Math.min(tooMuch, limit) : limit;
}

const toChange = (change: FeedRow, today: string): Change =>
  change.kind === 'profile' ? { ...change, key: 'me', row: toProfile(change.row, today) } : change;
