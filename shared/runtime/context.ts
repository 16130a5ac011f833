import type { Account } from '../database/account';
import type { Database } from './mysql';
import type { Cache } from './redis';

/** What goes with everything that is asked of a service outside. */
export interface Errand {
  /** Of the call that it is asked for. */
  requestId: string;
  /** Epoch milliseconds. */
  deadline: number;
}

/** What differs per call; nothing of it outlives the call. */
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
  /** WeChat's word, on the mini-program door only. */
  openid: string | null;
  address: string | null;
}

export interface UserContext extends SystemContext, Account {
  /** WeChat's word, on the mini-program door only. */
  openid: string | null;
  /** The account that calls. Another one than `userId` while a guardian acts for a child from an account of their own. */
  caller: Account;
  /** As the call brought it; requireGuardian verifies it. */
  guardianToken: string | null;
  /** Hash of the openid: tags the user's keys in Redis, stands for them in logs. */
  subject: string;
}

export interface OperatorContext extends SystemContext {
  /** Who is recorded as having done it. */
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
