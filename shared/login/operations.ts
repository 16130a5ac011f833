import { AppError, fieldError } from '../errors';
import { config } from '../runtime/config';
import type { PublicContext, UserContext } from '../runtime/context';
import { rememberSession, replaceSession, subjectOf } from '../runtime/identity';
import { admit } from '../runtime/rate-limit';
import type { MigrationMode, UserInfo } from './contract';
import { migrationModeOf } from './migration-mode';
import { postLogin, postLogout, selectAccount, selectEpoch } from './queries';
import { signToken } from './token';
import { code2session } from './wechat';

interface LoginAnswer {
  token: string;
  expiresAt: string;
  userInfo: UserInfo;
  isNewUser: boolean;
  migration: { mode: MigrationMode };
}

/** A developer's own machine, where one address is everybody. */
const isOwnMachine = (address: string | null): boolean =>
  config().environment !== 'production' && (address === null ? config().environment === 'local' : /^(127\.|::1$)/.test(address));

async function requireRoom(ctx: PublicContext, subject: string, limit: 'loginByAddress' | 'loginByOpenid'): Promise<void> {
  const { retryAfter } = await admit(ctx.cache, subject, limit);
  if (retryAfter !== null) throw new AppError('RATE_LIMITED', { retryAfter });
}

async function openidByCode(ctx: PublicContext, code: string | undefined): Promise<string> {
  if (code === undefined) throw fieldError('code', '必填');
  if (!isOwnMachine(ctx.address)) await requireRoom(ctx, subjectOf(`address:${ctx.address ?? 'unknown'}`), 'loginByAddress');
  const openid = await code2session(code, ctx);
  await requireRoom(ctx, subjectOf(openid), 'loginByOpenid');
  return openid;
}

/** Signs in, or up: by WeChat's own word inside the mini-program, by a `wx.login` code elsewhere. */
export async function login(ctx: PublicContext, { code }: { code?: string | undefined }): Promise<LoginAnswer> {
  const openid = ctx.openid ?? (await openidByCode(ctx, code));
  const known = await selectAccount(ctx.db, openid);
  const { epoch, isNewUser, ...userInfo } = known ? { ...known, isNewUser: false } : await postLogin(ctx.db, openid, ctx.now);
  const subject = subjectOf(openid);
  if (isNewUser) await rememberSession(ctx.cache, subject, { userId: userInfo.id, epoch, alive: true });
  return {
    ...(await signToken({ userId: userInfo.id, subject, epoch }, ctx.now)),
    userInfo,
    isNewUser,
    migration: { mode: migrationModeOf(openid) },
  };
}

/** A new token for the same epoch: `selectEpoch` refuses a token that a logout has revoked. */
export async function refresh(ctx: UserContext): Promise<{ token: string; expiresAt: string }> {
  const { userId, subject, now } = ctx;
  return signToken({ userId, subject, epoch: await selectEpoch(ctx.db, ctx) }, now);
}

/** Voids every token of this user, on all devices and at once. */
export async function logout(ctx: UserContext): Promise<{ loggedOut: true }> {
  const { epoch } = await postLogout(ctx.db, ctx, ctx.now);
  await replaceSession(ctx.cache, ctx.subject, { userId: ctx.userId, epoch, alive: true });
  return { loggedOut: true };
}
