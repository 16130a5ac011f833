import type { Here } from '../account/here';
import { isBag } from '../platform/text';
import type { Draw, GrowthDiary, Page, Prize, Wheel } from '../types';
import { once } from './once';
import { newest } from './points';
import { partOf, quietly } from './read';

interface Prizes {
  isFamily: boolean;
  cost: number;
  prizes: Prize[];
  noPrizeProbability: number;
}

const PRIZES = 'prizes';
const arePrizes = (value: unknown): value is Prizes => isBag(value) && Array.isArray(value.prizes);

export function lotteryApi(enter: () => Promise<Here>): GrowthDiary['lottery'] {
  /** An action of a guardian; its changes arrive with the next sync. */
  const decide = async <Answer>(action: string, input: object): Promise<Answer> => {
    const here = await enter();
    const answer = await here.call<Answer>('lottery', action, input);
    here.sync.wake();
    return answer;
  };

  return {
    prizes: async () => {
      const here = await enter();
      return quietly(
        here,
        async () => {
          const prizes = await here.call<Prizes>('lottery', 'prizes', {});
          try {
            here.storage.write(PRIZES, prizes);
          } catch {
            // Shown nevertheless; only not while offline.
          }
          return prizes;
        },
        () => here.storage.read(PRIZES, arePrizes),
      );
    },

    config: async (input = {}) => (await enter()).call<Wheel>('lottery', 'config', input),
    setConfig: (input) => decide('setConfig', input),
    savePrizes: (input) => decide('savePrizes', input),
    resetPrizes: (input = {}) => decide('resetPrizes', input),
    redeem: (input) => decide('redeem', input),

    draw: async () => {
      const here = await enter();
      const answer = await once<{ draw: Draw; points: number }>(here, 'lottery', 'draw', {});
      here.sync.wake();
      return answer;
    },

    records: async (filter = {}) => {
      const here = await enter();
      return quietly(
        here,
        () => here.call<{ records: Draw[] } & Page>('lottery', 'records', filter),
        () => {
          if (!here.meta.get().complete) return null;
          const { rows, ...page } = newest(here.cache.rows<Draw>('draw'), filter);
          return { records: rows, ...page, ...partOf(here, 'draw') };
        },
      );
    },
  };
}
