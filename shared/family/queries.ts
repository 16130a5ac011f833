import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { Database } from '../runtime/mysql';
import type { GuardianNote } from './contract';
import type { PinHash } from './pin';

const TRIES = { mostTries: 5, lockSeconds: 900, mostSeconds: 86_400 };

export interface PinTry {
  /** Absent while the gate is locked. */
  stored: (PinHash & { gateEpoch: number }) | null;
  /** For so long no PIN is compared: the gate is locked, or this try locks it unless the PIN is right. */
  lockedSeconds: number | null;
}

export const postPinTry = async (db: Database, { userId, epoch }: Account, now: Date): Promise<PinTry> => {
  const { pinHash, salt, gateEpoch, lockedSeconds } = await call.postPinTry<
    { lockedSeconds: number | null } & Partial<{ pinHash: string; salt: string; gateEpoch: number }>
  >(db, { userId, epoch, ...TRIES, now });
  const stored =
    pinHash !== undefined && salt !== undefined && gateEpoch !== undefined
      ? { pinHash: Buffer.from(pinHash, 'hex'), salt: Buffer.from(salt, 'hex'), gateEpoch }
      : null;
  return { stored, lockedSeconds };
};

/** Answers the epoch of the account's tokens. */
export const postPinSuccess = (
  db: Database,
  userId: number,
  given: { gateEpoch: number; cancelsReset: boolean },
  now: Date,
): Promise<{ epoch: number }> => call.postPinSuccess(db, { userId, ...given, now });

/** Throws Moved when the gate's epoch is not `gateEpoch` (null: no PIN is set). */
export const postPin = (
  db: Database,
  { userId, epoch }: Account,
  given: PinHash & { gateEpoch: number | null },
  now: Date,
): Promise<unknown> => call.postPin(db, { userId, epoch, ...given, now });

export const postGateClose = (
  db: Database,
  { userId, epoch }: Account,
  resetAt: Date | null,
  now: Date,
): Promise<{ hasPin: 0 | 1; resetAt: string | null }> => call.postGateClose(db, { userId, epoch, resetAt, now });

export const postInvitation = (
  db: Database,
  { userId, epoch }: Account,
  given: { codeHash: Buffer; expiresAt: Date; now: Date },
): Promise<unknown> => call.postInvitation(db, { userId, epoch, ...given });

export const postGuardian = (
  db: Database,
  caller: Account,
  given: { codeHash: Buffer; most: number; today: string; now: Date },
): Promise<{ childId: number; nickname: string }> => call.postGuardian(db, { guardianId: caller.userId, epoch: caller.epoch, ...given });

export const postGuardianEnd = (
  db: Database,
  given: { userId: number; guardianId: number; action: string; today: string; now: Date },
): Promise<{ ended: number }> => call.postGuardianEnd(db, given);

export interface MemberRow {
  id: number;
  nickname: string;
  joinedAt: Date;
  sharesDiary: 0 | 1;
}

const shares = (table: string): string => `COALESCE(JSON_VALUE(${table}.settings, '$.shareDiary') = 'true', 0) AS sharesDiary`;

type Joined = MemberRow & { kind: 'account' | 'guardian' | 'child' };

/** The guardians of the account, and the children that it is a guardian of. */
export const selectMembers = async (db: Database, account: Account): Promise<{ guardians: MemberRow[]; children: MemberRow[] }> => {
  const rows = await db.rows<Joined>(
    'family.members',
    `SELECT 'account' AS kind, id, '' AS nickname, created_at AS joinedAt, 0 AS sharesDiary FROM users WHERE ${guard('users')}
     UNION ALL SELECT 'guardian', a.id, a.nickname, g.joined_at, ${shares('c')}
       FROM guardians g JOIN users a ON a.id = g.guardian_id AND a.status = 1 JOIN users c ON c.id = g.user_id WHERE g.user_id = ?
     UNION ALL SELECT 'child', c.id, c.nickname, g.joined_at, ${shares('c')}
       FROM guardians g JOIN users c ON c.id = g.user_id AND c.status = 1 WHERE g.guardian_id = ?`,
    [...guardValues(account), account.userId, account.userId],
  );
  requireAccount(rows.filter(({ kind }) => kind === 'account'));
  return { guardians: rows.filter(({ kind }) => kind === 'guardian'), children: rows.filter(({ kind }) => kind === 'child') };
};

export interface LogRow {
  date: string | null;
  guardianId: number;
  nickname: string | null;
  action: string;
  times: number;
  lastAt: Date;
}

export const selectLog = async (db: Database, account: Account, from: string, limit: number): Promise<(LogRow & { date: string })[]> => {
  const rows = await db.rows<LogRow>(
    'family.log',
    `SELECT l.log_date AS date, l.guardian_id AS guardianId, a.nickname, l.action, l.times, l.last_at AS lastAt
       FROM users u LEFT JOIN guardian_log l ON l.user_id = u.id AND l.log_date >= ? LEFT JOIN users a ON a.id = l.guardian_id
      WHERE ${guard('u')} ORDER BY l.last_at DESC LIMIT ?`,
    [from, ...guardValues(account), limit],
  );
  requireAccount(rows);
  return rows.filter((row): row is LogRow & { date: string } => row.date !== null);
};

/** From a day on, newest first. */
export const selectNotes = async (db: Database, account: Account, from: string): Promise<GuardianNote[]> => {
  const rows = await db.rows<GuardianNote | { kind: null }>(
    'family.notes',
    `SELECT n.kind, n.note_date AS date FROM users u LEFT JOIN guardian_notes n ON n.user_id = u.id AND n.note_date >= ?
      WHERE ${guard('u')} ORDER BY n.note_date DESC, n.id DESC`,
    [from, ...guardValues(account)],
  );
  requireAccount(rows);
  return rows.filter((row): row is GuardianNote => row.kind !== null);
};
