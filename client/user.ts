import type { Here } from './account';
import { requireApplied } from './diary';
import { quietly } from './read';
import { type Bag, isBag } from './text';
import type { GrowthDiary, Pending, Profile } from './types';

/** What waits to be sent, drawn over the profile. */
function drawn({ outbox }: Here, profile: Profile): Profile & Pending {
  let shown: Profile & Pending = profile;
  for (const { type, args } of outbox.all()) {
    if (type !== 'user.update') continue;
    const { settings, ...fields } = args;
    shown = { ...shown, ...fields, settings: { ...shown.settings, ...(isBag(settings) && settings) }, pending: true };
  }
  return shown;
}

const BLANK: Profile = {
  id: 0,
  openid: '',
  nickname: '',
  avatar: '',
  points: 0,
  totalDiaries: 0,
  continuousDays: 0,
  longestStreak: 0,
  lastDiaryDate: null,
  settings: { aiEnabled: true },
  createdAt: '',
};

export function userApi(enter: () => Promise<Here>, erased: (here: Here) => void): GrowthDiary['user'] {
  const cached = ({ cache }: Here): Profile | null => cache.rows<Profile>('profile')[0] ?? null;
  return {
    profile: async () => {
      const here = await enter();
      const seen = await quietly(
        here,
        () => here.call<Profile>('user', 'profile', {}),
        () => cached(here),
      );
      return { ...seen, ...drawn(here, seen) };
    },

    update: async (changes) => {
      const here = await enter();
      const outcome = await here.submit({ type: 'user.update', args: { ...changes } });
      if (outcome === null) return { ...drawn(here, cached(here) ?? { ...BLANK, id: here.account.userId }), pending: true };
      requireApplied(outcome);
      return outcome.result.row as Profile;
    },

    export: async () => (await enter()).call<Bag>('user', 'export', {}),

    erase: async (input) => {
      const here = await enter();
      const answer = await here.call<{ erased: true }>('user', 'erase', input);
      erased(here);
      return answer;
    },
  };
}
