import { type ErrorCode, errorKinds, isErrorCode } from '../errors';
import type { Job } from './contract';

/** A job as a table row or as JSON. */
export interface JobRow {
  id: number;
  kind: Job['kind'];
  diary_id: number | null;
  status: Job['status'];
  result: { text?: string; fileId?: string } | null;
  error_code: string | null;
  created_at: Date | string;
  finished_at: Date | string | null;
}

/** What the user may see: the result of a finished job, or a final error. */
export const toJob = (row: JobRow): Job => {
  const { text, fileId } = row.result ?? {};
  const code: ErrorCode = row.error_code !== null && isErrorCode(row.error_code) ? row.error_code : 'INTERNAL';
  const { message, retryable } = errorKinds[code];
  return {
    id: row.id,
    kind: row.kind,
    diaryId: row.diary_id,
    status: row.status,
    result:
      row.status === 'done'
        ? { ...(text !== undefined && { text }), ...(fileId !== undefined && { imageUrl: fileId }), aiGenerated: true }
        : null,
    error: row.status === 'failed' ? { code, message, retryable } : null,
    createdAt: new Date(row.created_at).toISOString(),
    finishedAt: row.finished_at && new Date(row.finished_at).toISOString(),
  };
};
