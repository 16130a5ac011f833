import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { ErrorCode } from '../errors';
import type { Request } from '../request';
import type { Database } from '../runtime/mysql';
import type { HarmSign } from '../safety/harm';
import type { Job } from './contract';
import type { Place } from './provider';
import type { JobRow } from './row';

/** Null when there is no such job. `due_at`: when a worker may claim it; null when it is finished. */
export const selectJob = async (db: Database, account: Account, id: number): Promise<(JobRow & { due_at: Date | null }) | null> => {
  const rows = await db.rows<JobRow & { due_at: Date | null }>(
    'ai.job',
    `SELECT j.id, j.kind, j.diary_id, j.status, j.result, j.error_code, j.due_at, j.created_at, j.finished_at
       FROM users u LEFT JOIN ai_jobs j ON j.user_id = u.id AND j.id = ? WHERE ${guard('u')}`,
    [id, ...guardValues(account)],
  );
  const row = requireAccount(rows);
  return row.id === null ? null : row;
};

export const selectJobByTrace = async (db: Database, traceId: string): Promise<{ userId: number; id: number; fileId: string } | null> => {
  const [row] = await db.rows<{ userId: number; id: number; fileId: string }>(
    'ai.by-trace',
    "SELECT user_id AS userId, id, result ->> '$.fileId' AS fileId FROM ai_jobs WHERE trace_id = ?",
    [traceId],
  );
  return row ?? null;
};

interface Wish {
  kind: Job['kind'];
  diaryId: number | null;
  input: object | null;
  /** A finished job is followed by another for the same version. */
  isAgain: boolean;
  /** The Beijing day whose quota the job counts against. */
  day: string;
  quota: number;
  /** Hash of the person; jobs of the person's erased accounts count too. */
  personHash: Buffer;
}

/** Stores a job or finds the existing one for this version of the diary; answers its id. */
export const postJob = (db: Database, { userId, epoch }: Account, request: Request, wish: Wish, now: Date): Promise<{ id: number }> =>
  call.postJob(db, { userId, epoch, ...request, ...wish, now });

/** Answers the diary's id. NOT_FOUND for a diary without a comment. */
export const postCommentLike = (
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  like: { diaryId: number; isLiked: boolean },
  now: Date,
): Promise<{ id: number }> => call.postCommentLike(db, { userId, epoch, ...request, ...like, now });

/** A job as its worker sees it. */
export interface Lease {
  userId: number;
  id: number;
  worker: string;
  kind: Job['kind'];
  diaryId: number | null;
  /** Calls that may have cost money, including the next one. */
  attempts: number;
  /** Where a comment was begun, or may have been. */
  place: Place | null;
  /** A paid call that cannot be looked up was sent. */
  isSent: boolean;
  /** Trace id of the picture check that the result waits for. */
  traceId: string | null;
  /** File of a picture that waits to be checked. */
  fileId: string | null;
  /** Text of a comment that waits to be checked. */
  text: string | null;
  /** Why the previous attempt failed. */
  errorCode: string | null;
  ageMs: number;
  openid: string | null;
  aiEnabled: 0 | 1;
  /** The guardian's latest consent; null without any. */
  consent: { version: string; ai: 0 | 1 } | null;
  diaryIs: 'same' | 'changed' | 'gone';
  content: string;
  mood: string;
  weather: string;
}

/** The job that has waited longest, or the given one when it is due; null when there is none. */
export const postJobClaim = async (
  db: Database,
  only: { userId: number; id: number } | null,
  worker: string,
  leaseUntil: Date,
  now: Date,
): Promise<Lease | null> => {
  const { job } = await call.postJobClaim<{ job: Omit<Lease, 'worker'> | null }>(db, {
    userId: only?.userId ?? null,
    id: only?.id ?? null,
    worker,
    leaseUntil,
    now,
  });
  return job && { ...job, worker };
};

interface Note {
  /** What was begun at the provider. Absent: unchanged; null: removed. */
  begun?: { place: Place } | 'sent' | { traceId: string } | null;
  fileId?: string;
  text?: string;
  dueAt: Date;
  isReleased: boolean;
  /** This attempt provably cost nothing. */
  isUnpaid?: boolean;
  errorCode?: ErrorCode;
}

/** `worker` null: no lease is required. Answers false when the lease has passed to another worker, who then continues alone. */
export const postJobHold = async (
  db: Database,
  { userId, id, worker }: { userId: number; id: number; worker: string | null },
  note: Note,
): Promise<boolean> => {
  const { begun, fileId, text, dueAt, isReleased, isUnpaid = false, errorCode = null } = note;
  const place = begun && typeof begun === 'object' && 'place' in begun ? begun.place : null;
  const result = fileId === undefined && text === undefined ? null : { fileId, text };
  const { held } = await call.postJobHold<{ held: 0 | 1 | boolean }>(db, {
    userId,
    id,
    worker,
    keepsBegun: begun === undefined,
    conversation: place?.conversation ?? null,
    chat: place?.chat ?? null,
    isSent: begun === 'sent',
    traceId: begun && typeof begun === 'object' && 'traceId' in begun ? begun.traceId : null,
    result,
    dueAt,
    isReleased,
    unpaid: isUnpaid ? 1 : 0,
    errorCode,
  });
  return Boolean(held);
};

export type Outcome = { text: string; noteKind?: HarmSign } | { fileId: string } | { errorCode: ErrorCode; mayRepeat: boolean };

export interface End {
  isMine: 0 | 1 | boolean;
  status: Job['status'] | null;
  errorCode: ErrorCode | null;
  /** The picture that the diary had before. */
  replaced: string | null;
}

export const postJobEnd = (
  db: Database,
  { userId, id, worker }: { userId: number; id: number; worker: string | null },
  outcome: Outcome,
  now: Date,
): Promise<End> =>
  call.postJobEnd(db, {
    userId,
    id,
    worker,
    text: 'text' in outcome ? outcome.text : null,
    fileId: 'fileId' in outcome ? outcome.fileId : null,
    errorCode: 'errorCode' in outcome ? outcome.errorCode : null,
    noteKind: ('noteKind' in outcome && outcome.noteKind) || null,
    mayRepeat: 'errorCode' in outcome && outcome.mayRepeat,
    now,
  });
