import type { FieldError } from '../errors';

/** One item of a chunk cannot be brought over; the message says why, for the report. */
export class Unfit extends Error {
  override readonly name = 'Unfit';
}

export const unfitBy = ([first]: readonly FieldError[]): Unfit => new Unfit(first ? `${first.path}：${first.message}` : '格式不正确');
