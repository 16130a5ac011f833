import type { Here, Phone } from './account/here';
import { openAccount } from './account/open-account';
import { openSession } from './account/session';
import { aiApi } from './api/ai';
import { diaryApi } from './api/diary';
import { familyApi } from './api/family';
import { imageApi } from './api/image';
import { lotteryApi } from './api/lottery';
import { recordMood } from './api/mood';
import { pointsApi } from './api/points';
import { syncApi } from './api/sync';
import { taskApi } from './api/task';
import { userApi } from './api/user';
import { migrationApi } from './legacy/former-version';
import { openCall } from './platform/call';
import { GrowthDiaryError, guarded } from './platform/error';
import { watchNetwork } from './platform/network';
import { openStorage } from './platform/storage';
import type { GrowthDiary, Options, Wx } from './types';

export { GrowthDiaryError } from './platform/error';

declare const wx: Wx | undefined;

const later = (run: () => void, ms: number): (() => void) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

function globalWx(): Wx {
  if (typeof wx === 'undefined') throw new Error('createGrowthDiary: there is no `wx` here; pass one');
  return wx;
}

/** What a page's listener or a failing storage throws has nobody to catch it here. */
function quietly(run: () => unknown): void {
  try {
    run();
  } catch {
    // The next call that has somebody waiting meets it again.
  }
}

/** One per mini-program: make it in app.js and keep it. */
export function createGrowthDiary(options: Options = {}): GrowthDiary {
  const { call, conflictPolicy = 'newest', functionPrefix: prefix = '', now = Date.now, random = Math.random, schedule = later } = options;
  const api = options.wx ?? globalWx();

  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of [...listeners]) quietly(listener);
  };
  const wake = (): void => quietly(() => here()?.sync.wake());
  const isOnline = watchNetwork(api, (isBack) => {
    changed();
    if (isBack) wake();
  });
  const phone: Phone = { wx: api, now, random, schedule, isOnline, changed, conflictPolicy };
  const root = openStorage(api, 'gd:');
  const session = openSession(root, openCall({ wx: api, call, prefix, schedule }), changed);

  let open: Here | null = null;
  /** What this phone has of the account that is signed in. The account before it stops where it is. */
  function here(): Here | null {
    const account = session.account();
    if (open && open.account.key !== account?.key) {
      open.sync.stop();
      open = null;
    }
    if (!open && account) open = openAccount(phone, session, account);
    return open;
  }

  async function enter(): Promise<Here> {
    if (!session.account()) await session.ensure();
    const entered = here();
    if (!entered) throw new GrowthDiaryError('UNAUTHENTICATED');
    return entered;
  }

  api.onAppShow?.(wake);
  schedule(wake, 0);

  return guarded({
    login: async (input = {}) => {
      const answer = await session.login(input);
      wake();
      return answer;
    },
    logout: async () => {
      await session.logout();
      here();
      return { loggedOut: true as const };
    },
    user: userApi(enter, (erased) => {
      for (const name of erased.storage.names('')) erased.storage.remove(name);
      session.forget();
      here();
    }),
    diary: { ...diaryApi(enter), recordMood: recordMood(enter) },
    task: taskApi(enter),
    points: pointsApi(enter),
    lottery: lotteryApi(enter),
    family: familyApi(enter, session),
    ai: aiApi(enter),
    sync: syncApi({ enter, here, isOnline, isForeign: session.isForeign, listeners }),
    migration: migrationApi({ enter, session, root }),
    image: imageApi(enter),
  });
}
