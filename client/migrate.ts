import type { Here } from './account';
import type { Session } from './session';
import type { GrowthDiary } from './types';

export function migrationApi(_enter: () => Promise<Here>, _session: Session): GrowthDiary['migration'] {
  return {
    status: async () => {
      throw new Error('todo');
    },
    run: async () => {
      throw new Error('todo');
    },
  };
}
