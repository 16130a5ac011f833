import type { ApiAction } from './api';

/** The event that the CloudBase console's test panel sends to try an action, one file each. Timers are fired by the platform, not from there. */
export const consoleEvents = (api: readonly ApiAction[]): Record<string, string> =>
  Object.fromEntries(
    api
      .filter(({ contract }) => contract.access !== 'system')
      .map(({ fn, action, contract }) => [
        `docs/console-events/${fn}.${action}.json`,
        `${JSON.stringify({ action, data: contract.example }, null, 2)}\n`,
      ]),
  );
