import * as z from 'zod';
import { fieldError } from './errors';

/** The last id of the page before, for lists whose newest row has the highest id. */
export const cursor = z
  .string()
  .regex(/^\d{1,15}$/, { error: '游标不正确' })
  .optional()
  .describe('nextCursor of the page before');

/** Where a page begins: after so many rows, or below an id. */
export interface Window {
  limit: number;
  offset: number;
  before: number | null;
}

export function windowOf({ page, limit, cursor }: { page?: number | undefined; limit: number; cursor?: string | undefined }): Window {
  if (page !== undefined && cursor !== undefined) throw fieldError('page', 'page 与 cursor 请给出其中一个');
  return { limit, offset: ((page ?? 1) - 1) * limit, before: cursor === undefined ? null : Number(cursor) };
}

interface PageInfo {
  page?: number;
  limit: number;
  total?: number;
  hasMore: boolean;
  nextCursor: string | null;
}

/** Cuts what was read, one row more than the page holds. Only a page that was asked for by number says how many rows there are. */
export function cutPage<Row>(
  read: Row[],
  total: number,
  { limit, offset, before }: Window,
  idOf: (row: Row) => number,
): { rows: Row[]; info: PageInfo } {
  const rows = read.slice(0, limit);
  const last = rows.at(-1);
  const hasMore = read.length > limit;
  const info = { limit, hasMore, nextCursor: hasMore && last !== undefined ? String(idOf(last)) : null };
  return { rows, info: before === null ? { page: offset / limit + 1, total, ...info } : info };
}
