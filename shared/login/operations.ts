import type * as z from 'zod';
import { AppError, fieldError } from '../errors';
import { admit } from '../runtime/admission';
import { config } from '../runtime/config';
import type { PublicContext, UserContext } from '../runtime/context';
import { subjectOf } from '../runtime/identity';
import { signToken } from '../runtime/tokens';
import type { login as contract, MigrationMode, UserInfo } from './contract';
import { migrationModeOf } from './migration-mode';
import { postLogin, postLogout, selectAccount, selectEpoch, selectIsActive } from './queries';
import { code2session } from './wechat';

interface LoginAnswer {
  token: string;
  expiresAt: string;
  userInfo: UserInfo;
  isNewUser: boolean;
  migration: { mode: MigrationMode };
}

/** On a developer's machine all users share one address. */
const isOwnMachine = (address: string | null): boolean =>
  config().environment !== 'production' && (address === null ? config().environment === 'local' : /^(127\.|::1$)/.test(address));

async function openidByCode(ctx: PublicContext, code: string | undefined): Promise<string> {
  if (code === undefined) throw fieldError('code', '必填');
  if (!isOwnMachine(ctx.address)) await admit(ctx.cache, subjectOf(`address:${ctx.address ?? 'unknown'}`), 'loginByAddress');
  const openid = await code2session(code, ctx);
  await admit(ctx.cache, subjectOf(openid), 'loginByOpenid');
  return openid;
}

/**
 * Signs in or up: by the identity that WeChat provides inside the mini-program, by a `wx.login` code elsewhere. A phone that reports an erased
 * account gets ACCOUNT_ERASED, so that it does not create a new account by itself.
 */
export async function login(ctx: PublicContext, { code, expect }: z.output<typeof contract.input>): Promise<LoginAnswer> {
  const openid = ctx.openid ?? (await openidByCode(ctx, code));
  const known = await selectAccount(ctx.db, openid);
  if (!known && expect !== undefined && !(await selectIsActive(ctx.db, expect))) throw new AppError('ACCOUNT_ERASED');
  const { epoch, isNewUser, ...userInfo } = known ? { ...known, isNewUser: false } : await postLogin(ctx.db, openid, ctx.now);
  return {
    ...(await signToken({ userId: userInfo.id, subject: subjectOf(openid), epoch }, ctx.now)),
    userInfo,
    isNewUser,
    migration: { mode: migrationModeOf(openid) },
  };
}

/** A new token of the same epoch: `selectEpoch` refuses a token that a logout has revoked. */
export async function refresh(ctx: UserContext): Promise<{ token: string; expiresAt: string }> {
  const { userId, subject, now } = ctx;
  return signToken({ userId, subject, epoch: await selectEpoch(ctx.db, ctx) }, now);
}

/** Revokes every token of this user on all devices at once. A replay with a revoked token answers UNAUTHENTICATED. */
export const logout = (ctx: UserContext): Promise<{ loggedOut: true }> => postLogout(ctx.db, ctx, ctx.now);
