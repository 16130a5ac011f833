import type { Account } from '../database/account';
import type { Database } from './mysql';
import type { Cache } from './redis';

/** What accompanies every request to an outside service. */
export interface Errand {
  /** Request id of the call that causes it. */
  requestId: string;
  /** Epoch milliseconds. */
  deadline: number;
}

/** The state of one call; discarded when the call ends. */
export interface SystemContext extends Errand {
  /** `function.action`. */
  action: string;
  now: Date;
  /** The Beijing day of `now`. */
  today: string;
  db: Database;
  cache: Cache;
}

export interface PublicContext extends SystemContext {
  /** Provided by WeChat, on the mini-program door only. */
  openid: string | null;
  address: string | null;
}

export interface UserContext extends SystemContext, Account {
  /** Provided by WeChat, on the mini-program door only. */
  openid: string | null;
  /** The calling account. Differs from `userId` when a guardian acts for a child from the guardian's own account. */
  caller: Account;
  /** Unverified, as the call carried it; requireGuardian verifies it. */
  guardianToken: string | null;
  /** Hash of the openid; used in place of it in Redis keys and logs. */
  subject: string;
}

export interface OperatorContext extends SystemContext {
  /** Who is recorded as the author of a change. */
  actor: string;
}

export interface Contexts {
  public: PublicContext;
  user: UserContext;
  gated: UserContext;
  guardian: UserContext;
  operator: OperatorContext;
  system: SystemContext;
}
