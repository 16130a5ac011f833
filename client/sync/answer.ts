import type { SyncOutput } from '../../shared/sync/contract';
import { GrowthDiaryError } from '../platform/error';
import { isBag, isInteger, isText } from '../platform/text';

const STATUS = /^(applied|conflict|rejected|retry|stale|gap)$/;

const isResult = (value: unknown): boolean => isBag(value) && isInteger(value.mid) && STATUS.test(String(value.status));

const isChange = (value: unknown): boolean =>
  isBag(value) && isText(value.key) && isInteger(value.rev) && (isBag(value.row) || value.deleted === true);

/**
 * Whether a value is an answer of `sync.sync`. A value with an unknown status is refused: otherwise a text could be dropped that the server may
 * not have stored.
 */
export const isAnswer = (value: unknown): value is SyncOutput =>
  isBag(value) &&
  Array.isArray(value.results) &&
  value.results.every(isResult) &&
  Array.isArray(value.changes) &&
  value.changes.every(isChange) &&
  isText(value.cursor) &&
  typeof value.hasMore === 'boolean' &&
  isBag(value.user);

export const isRefused = (error: unknown, code: string): error is GrowthDiaryError =>
  error instanceof GrowthDiaryError && error.code === code;

/** Whether an INVALID_INPUT names `field` of the call. */
export const isAboutField = ({ details }: GrowthDiaryError, field: string): boolean =>
  Array.isArray(details) && details.some((each) => isBag(each) && String(each.path).split('.')[0] === field);
