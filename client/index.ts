import { openAccounts } from './account/accounts';
import type { Phone } from './account/here';
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
import { guarded } from './platform/error';
import { watchNetwork } from './platform/network';
import { dayOf } from './platform/text';
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
  const {
    call,
    conflictPolicy = 'newest',
    functionPrefix: prefix = '',
    lang,
    now = Date.now,
    random = Math.random,
    schedule = later,
  } = options;
  const api = options.wx ?? globalWx();

  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of [...listeners]) quietly(listener);
  };
  const network = watchNetwork(api, (isBack) => {
    changed();
    if (isBack) wake();
  });
  const { isOnline, answered } = network;
  const phone: Phone = { wx: api, now, random, schedule, isOnline, changed, conflictPolicy };
  const accounts = openAccounts(phone, openCall({ wx: api, call, prefix, lang, schedule, answered }));
  const { session, root, unclaimed, here, enter } = accounts;
  const wake = (): void => quietly(() => here()?.sync.wake());

  api.onAppShow?.(wake);
  schedule(wake, 0);

  return guarded({
    login: async ({ adopt = false, ...input } = {}) => {
      const answer = await session.login(input);
      const entered = here();
      if (entered) unclaimed.noteSignIn(entered.account);
      if (entered && adopt) unclaimed.adopt(entered);
      wake();
      return answer;
    },
    logout: async () => {
      await session.logout();
      here();
      return { loggedOut: true as const };
    },
    user: userApi(enter, accounts.erase),
    diary: { ...diaryApi(enter), recordMood: recordMood(enter) },
    task: taskApi(enter),
    points: pointsApi(enter),
    lottery: lotteryApi(enter),
    family: familyApi(enter, session),
    ai: aiApi(enter),
    sync: syncApi({ accounts, isOnline, listeners }),
    today: () => here()?.today() ?? dayOf(now()),
    migration: migrationApi({ enter, session, root }),
    image: imageApi(enter),
  });
}
