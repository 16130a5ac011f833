import { isNoAnswer, refusal } from '../platform/error';
import { openStorage, type Storage } from '../platform/storage';
import type { Copies } from '../sync/conflict-copies';
import type { Here, Phone } from './here';
import { leaveBehind } from './left-behind';
import { openAccount } from './open-account';
import { type Account, openSession, type Session } from './session';
import { NOBODY, openUnclaimed, type Unclaimed } from './unclaimed';

/** The account whose data this phone shows. */
export interface Accounts {
  session: Session;
  /** Shared by all accounts of the phone. */
  root: Storage;
  unclaimed: Unclaimed;
  /** The signed-in account; null for none. */
  here(): Here | null;
  /** The account for an API call; signs in if needed. Before the first sign-in and offline, the account of unclaimed texts. */
  enter(): Promise<Here>;
  /** Texts of an account that was erased on another phone; null when there are none, or another account has signed in. */
  leftBehind(): Copies | null;
  /** Removes everything of an account that its user has erased on this phone. */
  erase(here: Here): void;
}

export function openAccounts(phone: Phone, ask: Parameters<typeof openSession>[0]['ask']): Accounts {
  const root = openStorage(phone.wx, 'gd:');
  const session = openSession({ storage: root, ask, changed: phone.changed, lost: (account) => leaveBehind(opened(account)) });
  let current: Here | null = null;
  let nobody: Here | null = null;

  const opened = (account: Account): Here => (current?.account.key === account.key ? current : openAccount(phone, session, account));

  /** Stops the previous account. */
  const here = (): Here | null => {
    const account = session.account();
    if (current && current.account.key !== account?.key) {
      current.sync.stop();
      current = null;
    }
    current = account && opened(account);
    return current;
  };

  const unclaimed = openUnclaimed(root, () => {
    nobody ??= openAccount(phone, session, NOBODY);
    return nobody;
  });

  return {
    session,
    root,
    unclaimed,
    here,
    enter: async () => {
      try {
        if (!session.account()) await session.ensure();
      } catch (error) {
        if (session.isUntouched() && isNoAnswer(error)) return unclaimed.begin();
        throw error;
      }
      const entered = here();
      if (!entered) throw refusal('UNAUTHENTICATED');
      return entered;
    },
    leftBehind: () => {
      const account = session.erased();
      return account && opened(account).copies;
    },
    erase: ({ storage }) => {
      for (const name of storage.names('')) storage.remove(name);
      session.forget();
      here();
    },
  };
}
