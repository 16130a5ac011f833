import { hashText } from '../../shared/sync/content-hash';
import { GrowthDiaryError, noAnswer, refusal } from '../platform/error';
import type { Storage } from '../platform/storage';
import { isBag, isInteger, isText } from '../platform/text';
import type { CallRequest, LoginAnswer, MigrationMode, UserInfo } from '../types';

export interface Account {
  /** Hash of the openid; part of storage keys in place of it. */
  key: string;
  userId: number;
  /** The server's answer at the last sign-in. */
  mode?: MigrationMode;
}

/** No account is signed in; `erased` is the former account, when it was erased on another phone. */
interface SignedOut {
  signedOut: true;
  erased?: Account;
}

export interface Session {
  /** The account whose data this phone shows; null: never signed in, signed out, or another person turned out to use the phone. */
  account(): Account | null;
  isForeign(): boolean;
  /** No account has ever signed in on this phone. */
  isUntouched(): boolean;
  /** The account that was found erased, until an account signs in. */
  erased(): Account | null;
  /** The account; signs in if needed, unless that was refused. */
  ensure(): Promise<Account>;
  login(input: { code?: string | undefined }): Promise<LoginAnswer>;
  logout(): Promise<void>;
  /** Signs out on this phone without calling the server. */
  forget(): void;
  /** Calls as this account only; an expired session is renewed once. */
  call(account: Account, name: string, action: string, data: object, requestId?: string): Promise<unknown>;
  migrationMode(): MigrationMode;
  /** Guardian token, sent with every call from now on; not stored. */
  keepGuardianToken(token: string | undefined): void;
}

const KEY = 'current';

const isRemembered = (value: unknown): value is Account | SignedOut =>
  isBag(value) && (value.signedOut === true || (isText(value.key) && isInteger(value.userId)));

const isAnswer = (value: unknown): value is LoginAnswer & { migration?: { mode?: MigrationMode } } =>
  isBag(value) && isBag(value.userInfo) && isInteger(value.userInfo.id);

// The user id is part of the key: after an erasure the same child has a new account, which must not get the old one's queue.
const keyOf = (userId: number, openid: string): string => hashText(`${userId}:${openid}`);
const accountOf = ({ id, openid }: UserInfo, mode: MigrationMode): Account => ({ key: keyOf(id, openid), userId: id, mode });

const isCode = (error: unknown, code: string): boolean => error instanceof GrowthDiaryError && error.code === code;

interface Parts {
  /** Shared by all accounts of the phone. */
  storage: Storage;
  ask(request: CallRequest): Promise<unknown>;
  changed(): void;
  /** Called once when the account was erased, before the phone removes its data. */
  lost(account: Account): void;
}

/** State of the session. Only `remembered` is stored. */
interface SessionState {
  /** undefined: not read yet. */
  remembered: Account | SignedOut | null | undefined;
  token: string | undefined;
  guardianToken: string | undefined;
  /** The server has confirmed the identity in this process. Before that, another person may use the phone. */
  isProved: boolean;
  isForeign: boolean;
  entering: Promise<LoginAnswer> | null;
}

interface Desk extends Parts {
  state: SessionState;
}

function read({ storage, state }: Desk): Account | SignedOut | null {
  if (state.remembered === undefined) state.remembered = storage.read(KEY, isRemembered);
  return state.remembered;
}

function accountIn(desk: Desk): Account | null {
  const known = desk.state.isForeign ? null : read(desk);
  return known && 'key' in known ? known : null;
}

function remember({ storage, state, changed }: Desk, next: Account | SignedOut): void {
  state.remembered = next;
  storage.write(KEY, next);
  changed();
}

function signOut(desk: Desk, erased?: Account): void {
  Object.assign(desk.state, { isProved: false, isForeign: false, token: undefined, guardianToken: undefined });
  remember(desk, { signedOut: true, ...(erased && { erased }) });
}

/** Another phone has erased the account: reports it once, and does not sign in by itself. */
function loseAccount(desk: Desk, account: Account): GrowthDiaryError {
  desk.lost(account);
  signOut(desk, account);
  return refusal('ACCOUNT_ERASED');
}

async function askToEnter(desk: Desk, input: { code?: string | undefined }, known: Account | null, isSilent: boolean): Promise<unknown> {
  try {
    const data = { ...input, ...(known && { expect: known.userId }) };
    return await desk.ask({ name: 'login', action: 'login', data });
  } catch (error) {
    if (known && isCode(error, 'ACCOUNT_ERASED')) throw loseAccount(desk, known);
    // Outside WeChat a sign-in needs a code, which only the app can get.
    throw isSilent && isCode(error, 'INVALID_INPUT') ? refusal('UNAUTHENTICATED') : error;
  }
}

/** Signs in without the app's call only into the same account or the first one; another account needs a call of `login` by the app. */
async function enter(desk: Desk, input: { code?: string | undefined }, isSilent: boolean): Promise<LoginAnswer> {
  const { state } = desk;
  const before = read(desk);
  const expected = accountIn(desk);
  const answer = await askToEnter(desk, input, expected, isSilent);
  if (!isAnswer(answer)) throw noAnswer();
  const { userInfo, migration } = answer;
  const next = accountOf(userInfo, migration?.mode ?? 'off');
  const known = accountIn(desk);
  // The same person with another id: the account was erased and created anew on another phone.
  if (known && expected?.key === known.key && known.key !== next.key && known.key === keyOf(known.userId, userInfo.openid))
    throw loseAccount(desk, known);
  if (isSilent && known?.key !== next.key && read(desk) !== null) {
    // Another person uses the phone, unless the app itself has signed in as another account meanwhile.
    state.isForeign = read(desk) === before;
    desk.changed();
    throw refusal('ACCOUNT_CHANGED');
  }
  Object.assign(state, { isForeign: false, token: answer.token, isProved: true });
  if (known?.key !== next.key) state.guardianToken = undefined;
  if (known?.key !== next.key || known.mode !== next.mode) remember(desk, next);
  return answer;
}

/** Concurrent calls share one sign-in. */
function renew(desk: Desk): Promise<LoginAnswer> {
  const { state } = desk;
  const left = (): void => {
    state.entering = null;
  };
  if (!state.entering) {
    state.entering = enter(desk, {}, true);
    state.entering.then(left, left);
  }
  return state.entering;
}

function requireSame(desk: Desk, expected: Account): void {
  if (accountIn(desk)?.key !== expected.key) throw refusal('ACCOUNT_CHANGED');
}

async function ensure(desk: Desk): Promise<Account> {
  if (desk.state.isForeign) throw refusal('ACCOUNT_CHANGED');
  const known = read(desk);
  if (known && 'signedOut' in known) throw refusal('UNAUTHENTICATED');
  if (!desk.state.isProved) await renew(desk);
  const proved = accountIn(desk);
  if (!proved) throw refusal('UNAUTHENTICATED');
  return proved;
}

async function call(desk: Desk, expected: Account, given: CallRequest): Promise<unknown> {
  const { state, ask } = desk;
  await ensure(desk);
  requireSame(desk, expected);
  const request = { ...given, guardianToken: state.guardianToken };
  try {
    return await ask({ ...request, token: state.token });
  } catch (error) {
    if (!isCode(error, 'UNAUTHENTICATED')) throw error;
    requireSame(desk, expected);
    state.isProved = false;
    await renew(desk);
    requireSame(desk, expected);
    return ask({ ...request, token: state.token });
  }
}

/** The phone signs out even when offline. UNAUTHENTICATED answers the replay of a logout that was done. */
async function logout(desk: Desk): Promise<void> {
  if (desk.state.isProved) {
    await desk.ask({ name: 'login', action: 'logout', data: {}, token: desk.state.token }).catch((error) => {
      if (!(error instanceof GrowthDiaryError)) throw error;
    });
  }
  signOut(desk);
}

export function openSession(parts: Parts): Session {
  const state: SessionState = {
    remembered: undefined,
    token: undefined,
    guardianToken: undefined,
    isProved: false,
    isForeign: false,
    entering: null,
  };
  const desk: Desk = { ...parts, state };
  return {
    account: () => accountIn(desk),
    isForeign: () => state.isForeign,
    isUntouched: () => read(desk) === null,
    erased: () => {
      const known = read(desk);
      return known && 'signedOut' in known ? (known.erased ?? null) : null;
    },
    ensure: () => ensure(desk),
    login: (input) => enter(desk, input, false),
    logout: () => logout(desk),
    forget: () => signOut(desk),
    call: (account, name, action, data, requestId) => call(desk, account, { name, action, data, requestId }),
    keepGuardianToken: (given) => {
      state.guardianToken = given;
    },
    migrationMode: () => accountIn(desk)?.mode ?? 'off',
  };
}
