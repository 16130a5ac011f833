import type { CallRequest } from '../../client/types';
import { type Main, send } from '../harness';
import type { Cloud } from './wx';

const loaders: Record<string, () => Promise<{ main: Main }>> = {
  login: () => import('../../functions/login/index'),
  user: () => import('../../functions/user/index'),
  diary: () => import('../../functions/diary/index'),
  task: () => import('../../functions/task/index'),
  points: () => import('../../functions/points/index'),
  lottery: () => import('../../functions/lottery/index'),
  ai: () => import('../../functions/ai/index'),
  family: () => import('../../functions/family/index'),
  sync: () => import('../../functions/sync/index'),
};

/** The real functions, called as WeChat would for this child. `now` is the server's clock. */
export const realCloud =
  (openid: () => string, now: () => number): Cloud =>
  async ({ name, action, data, requestId, guardianToken, lang }: CallRequest) => {
    const load = loaders[name];
    if (!load) throw new Error(`FunctionName parameter could not be found: ${name}`);
    const { main } = await load();
    return send(main, openid(), action, data, {
      ...(requestId !== undefined && { requestId }),
      ...(guardianToken !== undefined && { guardianToken }),
      ...(lang !== undefined && { lang }),
      now: new Date(now()).toISOString(),
    });
  };
