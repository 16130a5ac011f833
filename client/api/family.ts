import type { Here } from '../account/here';
import type { Session } from '../account/session';
import type { GrowthDiary } from '../types';

interface Unlocked {
  token: string;
  expiresAt: string;
}

/** Network only. The guardian token stays in memory: after a restart the app asks for the PIN again. */
export function familyApi(enter: () => Promise<Here>, session: Session): GrowthDiary['family'] {
  const ask = async <Answer>(action: string, input: object = {}): Promise<Answer> => (await enter()).call<Answer>('family', action, input);
  return {
    setPin: (input) => ask('setPin', input),
    unlock: async (input) => {
      const { token, expiresAt } = await ask<Unlocked>('unlock', input);
      session.keepGuardianToken(token);
      return { expiresAt };
    },
    lock: async () => {
      session.keepGuardianToken(undefined);
      return ask('lock');
    },
    resetPin: () => ask('resetPin'),
    cancelReset: (input) => ask('cancelReset', input),
    invite: (input = {}) => ask('invite', input),
    join: (input) => ask('join', input),
    members: (input = {}) => ask('members', input),
    leave: (input) => ask('leave', input),
    remove: (input) => ask('remove', input),
    inbox: (input = {}) => ask('inbox', input),
    log: (input = {}) => ask('log', input),
  };
}
