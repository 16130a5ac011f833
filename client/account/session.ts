import { hashText } from '../../shared/sync/content-hash';
import { GrowthDiaryError, noAnswer, refusal } from '../platform/error';
import type { Storage } from '../platform/storage';
import { isBag, isInteger, isText } from '../platform/text';
import type { CallRequest, LoginAnswer, MigrationMode, UserInfo } from '../types';

export interface Account {
  /** Stands for the openid in the names of keys. */
  key: string;
  userId: number;
  /** As the server said at the last sign-in. */
  mode?: MigrationMode;
}

interface SignedOut {
  signedOut: true;
}

export interface Session {
  /** Whose data this phone shows; null: nobody has signed in, they signed out, or somebody else turned out to hold the phone. */
  account(): Account | null;
  isForeign(): boolean;
  /** The account, signing in where that is needed and has not been refused. */
  ensure(): Promise<Account>;
  login(input: { code?: string | undefined }): Promise<LoginAnswer>;
  logout(): Promise<void>;
  /** Forgets who it was, without a word to the server. */
  forget(): void;
  /** Calls as this account and no other; a session that has ended is renewed once. */
  call(account: Account, name: string, action: string, data: object, requestId?: string): Promise<unknown>;
  migrationMode(): MigrationMode;
  /** Sent with every call from now on; not stored. */
  keepGuardianToken(token: string | undefined): void;
}

const KEY = 'current';

const isRemembered = (value: unknown): value is Account | SignedOut =>
  isBag(value) && (value.signedOut === true || (isText(value.key) && isInteger(value.userId)));

const isAnswer = (value: unknown): value is LoginAnswer & { migration?: { mode?: MigrationMode } } =>
  isBag(value) && isBag(value.userInfo) && isInteger(value.userInfo.id);

// The number is part of it: after an erasure the same child is a new account, and the old one's queue is not theirs.
const accountOf = ({ id, openid }: UserInfo, mode: MigrationMode): Account => ({ key: hashText(`${id}:${openid}`), userId: id, mode });

export function openSession(storage: Storage, ask: (request: CallRequest) => Promise<unknown>, changed: () => void): Session {
  let remembered: Account | SignedOut | null | undefined;
  let token: string | undefined;
  let guardianToken: string | undefined;
  /** This process has been told who is calling. Before that, somebody else may hold the phone. */
  let isProved = false;
  let isForeign = false;
  let entering: Promise<LoginAnswer> | null = null;

  const read = (): Account | SignedOut | null => {
    if (remembered === undefined) remembered = storage.read(KEY, isRemembered);
    return remembered;
  };
  const account = (): Account | null => {
    const known = isForeign ? null : read();
    return known && 'key' in known ? known : null;
  };
  const remember = (next: Account | SignedOut): void => {
    remembered = next;
    storage.write(KEY, next);
    changed();
  };

  /** Silently only where it stays the same account, or is the first: onto another one takes a call of `login` by the app. */
  async function enter(input: { code?: string | undefined }, isSilent: boolean): Promise<LoginAnswer> {
    const before = read();
    const answer = await ask({ name: 'login', action: 'login', data: input }).catch((error) => {
      // Outside WeChat a sign-in takes a code, which only the app can get.
      throw isSilent && error instanceof GrowthDiaryError && error.code === 'INVALID_INPUT' ? refusal('UNAUTHENTICATED') : error;
    });
    if (!isAnswer(answer)) throw noAnswer();
    const next = accountOf(answer.userInfo, answer.migration?.mode ?? 'off');
    const known = account();
    if (isSilent && known?.key !== next.key && read() !== null) {
      // Somebody else holds the phone; unless the app itself has moved on meanwhile.
      isForeign = read() === before;
      changed();
      throw refusal('ACCOUNT_CHANGED');
    }
    isForeign = false;
    token = answer.token;
    isProved = true;
    if (known?.key !== next.key) guardianToken = undefined;
    if (known?.key !== next.key || known.mode !== next.mode) remember(next);
    return answer;
  }

  const renew = (): Promise<LoginAnswer> => {
    const left = (): void => {
      entering = null;
    };
    if (!entering) {
      entering = enter({}, true);
      entering.then(left, left);
    }
    return entering;
  };

  const requireSame = (expected: Account): void => {
    if (account()?.key !== expected.key) throw refusal('ACCOUNT_CHANGED');
  };

  async function ensure(): Promise<Account> {
    if (isForeign) throw refusal('ACCOUNT_CHANGED');
    const known = read();
    if (known && 'signedOut' in known) throw refusal('UNAUTHENTICATED');
    if (!isProved) await renew();
    const proved = account();
    if (!proved) throw refusal('UNAUTHENTICATED');
    return proved;
  }

  const forget = (): void => {
    isProved = false;
    isForeign = false;
    token = undefined;
    guardianToken = undefined;
    remember({ signedOut: true });
  };

  return {
    account,
    isForeign: () => isForeign,
    ensure,
    login: (input) => enter(input, false),
    logout: async () => {
      if (isProved) {
        // Offline, the phone forgets all the same.
        await ask({ name: 'login', action: 'logout', data: {}, token }).catch((error) => {
          if (!(error instanceof GrowthDiaryError)) throw error;
        });
      }
      forget();
    },
    forget,
    call: async (expected, name, action, data, requestId) => {
      await ensure();
      requireSame(expected);
      const request = { name, action, data, requestId, guardianToken };
      try {
        return await ask({ ...request, token });
      } catch (error) {
        if (!(error instanceof GrowthDiaryError) || error.code !== 'UNAUTHENTICATED') throw error;
        requireSame(expected);
        isProved = false;
        await renew();
        requireSame(expected);
        return ask({ ...request, token });
      }
    },
    keepGuardianToken: (given) => {
      guardianToken = given;
    },
    migrationMode: () => account()?.mode ?? 'off',
  };
}
