import { createHmac, randomInt } from 'node:crypto';
import type * as z from 'zod';
import { addDays } from '../clock';
import { AppError, instead } from '../errors';
import { config } from '../runtime/config';
import type { UserContext } from '../runtime/context';
import type { invite, join, LogEntry, leave, log, members, remove } from './contract';
import { postGuardian, postGuardianEnd, postInvitation, selectLog, selectMembers } from './queries';

/** Without letters and digits that look like each other. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const CODE_LENGTH = 8;
const CODE_MS = 900_000;
const MOST_GUARDIANS = 6;
const LOG_DAYS = 30;
const LOG_ENTRIES = 500;

/** Codes are short: the hash is keyed, so that a stolen table does not give them away. */
const hashCode = (code: string): Buffer => createHmac('sha256', config().personPepper).update(`invitation:${code}`).digest();

const newCode = (): string => Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

export async function inviteGuardian(ctx: UserContext, _: z.output<typeof invite.input>): Promise<z.input<typeof invite.output>> {
  const code = newCode();
  const expiresAt = new Date(ctx.now.getTime() + CODE_MS);
  await postInvitation(ctx.db, ctx, { codeHash: hashCode(code), expiresAt, now: ctx.now });
  return { code, expiresAt: expiresAt.toISOString() };
}

const unknownCode = () => new AppError('NOT_FOUND', { message: '邀请码不存在或已过期' });
const tooMany = () => new AppError('QUOTA_EXCEEDED', { message: `最多 ${MOST_GUARDIANS} 位家长` });

/** Makes the caller a guardian of the child that the code is of. */
export function joinChild(ctx: UserContext, { code }: z.output<typeof join.input>): Promise<z.input<typeof join.output>> {
  const codeHash = hashCode(code.toUpperCase().replaceAll(/[^0-9A-Z]/g, ''));
  return postGuardian(ctx.db, ctx, { codeHash, most: MOST_GUARDIANS, today: ctx.today, now: ctx.now })
    .catch(instead('NOT_FOUND', unknownCode))
    .catch(instead('QUOTA_EXCEEDED', tooMany));
}

export async function listMembers(ctx: UserContext): Promise<z.input<typeof members.output>> {
  const { guardians, children } = await selectMembers(ctx.db, ctx);
  const isOwn = ctx.caller.userId === ctx.userId;
  return {
    guardians: guardians.map(({ sharesDiary, joinedAt, ...one }) => ({
      id: one.id,
      nickname: one.nickname,
      joinedAt: joinedAt.toISOString(),
      canReadDiary: sharesDiary === 1,
    })),
    // Which other children a child of mine is a guardian of is not a guardian's business.
    children: (isOwn ? children : []).map(({ id, nickname, joinedAt, sharesDiary }) => ({
      id,
      nickname,
      joinedAt: joinedAt.toISOString(),
      sharesDiary: sharesDiary === 1,
    })),
  };
}

async function end(ctx: UserContext, pair: { userId: number; guardianId: number }, action: string): Promise<void> {
  const { ended } = await postGuardianEnd(ctx.db, { ...pair, action, today: ctx.today, now: ctx.now });
  if (ended === 0) throw new AppError('NOT_FOUND', { message: '没有这位家长' });
}

export async function leaveChild(ctx: UserContext, { childId }: z.output<typeof leave.input>): Promise<{ left: true }> {
  await end(ctx, { userId: childId, guardianId: ctx.caller.userId }, 'family.leave');
  return { left: true };
}

export async function removeGuardian(ctx: UserContext, { guardianId }: z.output<typeof remove.input>): Promise<{ removed: true }> {
  await end(ctx, { userId: ctx.userId, guardianId }, 'family.remove');
  return { removed: true };
}

async function entriesFrom(ctx: UserContext, from: string, limit: number): Promise<LogEntry[]> {
  const rows = await selectLog(ctx.db, ctx, from, limit);
  return rows.map(({ lastAt, nickname, ...row }) => ({ ...row, nickname: nickname ?? '', lastAt: lastAt.toISOString() }));
}

export async function readLog(ctx: UserContext, { from }: z.output<typeof log.input>): Promise<z.input<typeof log.output>> {
  return { entries: await entriesFrom(ctx, from ?? addDays(ctx.today, -LOG_DAYS), LOG_ENTRIES) };
}

/** The log from its first day on, newest first. */
export const wholeLog = (ctx: UserContext): Promise<LogEntry[]> => entriesFrom(ctx, '2000-01-01', Number.MAX_SAFE_INTEGER);
