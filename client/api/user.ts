import type { Here } from '../account/here';
import { GrowthDiaryError } from '../platform/error';
import { type Bag, isBag } from '../platform/text';
import type { ConsentInput, GrowthDiary, Pending, Profile, Stats } from '../types';
import { appliedRow } from './applied';
import { quietly } from './read';

/** The profile with queued changes applied. */
function drawn({ outbox }: Here, profile: Profile): Profile & Pending {
  let shown: Profile & Pending = profile;
  for (const { type, args } of outbox.all()) {
    if (type !== 'user.update') continue;
    const { settings, ...fields } = args;
    shown = { ...shown, ...fields, settings: { ...shown.settings, ...(isBag(settings) && settings) }, pending: true };
  }
  return shown;
}

const NO_STATS: Stats = { totalDiaries: 0, continuousDays: 0, longestStreak: 0, lastDiaryDate: null };

export function userApi(enter: () => Promise<Here>, erased: (here: Here) => void): GrowthDiary['user'] {
  /** A child that never changed anything has no row yet. */
  const cached = ({ cache, account, meta }: Here): Profile => {
    const blank = {
      openid: '',
      nickname: '',
      avatar: '',
      points: 0,
      settings: { aiEnabled: true, taskApproval: 'none' as const, shareDiary: false },
      createdAt: '',
    };
    return cache.rows<Profile>('profile')[0] ?? { ...blank, ...NO_STATS, id: account.userId, ...meta.get().user };
  };
  return {
    profile: async () => {
      const here = await enter();
      const seen = await quietly(
        here,
        () => here.call<Profile>('user', 'profile', {}),
        () => (here.meta.get().complete ? cached(here) : null),
      );
      return { ...seen, ...drawn(here, seen) };
    },

    update: async (changes) => {
      const here = await enter();
      const outcome = await here.submit({ type: 'user.update', args: { ...changes } });
      if (outcome === null) return { ...drawn(here, cached(here)), pending: true };
      return appliedRow<Profile>(outcome, cached(here));
    },

    consent: async (input) => {
      const here = await enter();
      const answer = await here.call<Omit<ConsentInput, 'pin'>>('user', 'consent', input);
      here.sync.wake();
      return answer;
    },

    consents: async () => (await enter()).call('user', 'consents', {}),

    export: async () => (await enter()).call<Bag>('user', 'export', {}),

    erase: async (input) => {
      const here = await enter();
      const wasTried = here.storage.read(ERASING, isMark) !== null;
      here.storage.write(ERASING, true);
      try {
        await here.call('user', 'erase', input);
      } catch (error) {
        if (!isDone(error, wasTried)) throw error;
      }
      erased(here);
      return { erased: true };
    },
  };
}

const ERASING = 'erasing';
const isMark = (value: unknown): value is true => value === true;

/** The account is erased already: by an attempt whose answer was lost, or on another phone. */
const isDone = (error: unknown, wasTried: boolean): boolean =>
  error instanceof GrowthDiaryError && (error.code === 'ACCOUNT_ERASED' || (wasTried && error.code === 'UNAUTHENTICATED'));
