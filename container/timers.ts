import { randomUUID } from 'node:crypto';
import type { ServedFunction } from './server';

interface Timer {
  served: ServedFunction;
  action: string;
  isDue(minuteOfDay: number): boolean;
}

const MINUTE_MS = 60_000;
const SHANGHAI_MINUTES = 8 * 60;

const minuteOfDay = (now: number): number => (Math.floor(now / MINUTE_MS) + SHANGHAI_MINUTES) % 1_440;

/**
 * In a container nothing fires the timers: each process does, once a minute. That several processes do is no harm, because what a timer starts is
 * done once per time slot, or taken by one worker.
 */
export function startTimers(timers: readonly Timer[]): { stop(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  const fire = ({ served, action }: Timer): Promise<unknown> =>
    served(
      { Type: 'Timer', TriggerName: action, Time: new Date().toISOString(), Message: '' },
      { request_id: randomUUID(), time_limit_in_ms: 20_000, environment: '{"TRIGGER_SRC":"timer"}' },
    );
  const interval = setInterval(() => {
    const minute = minuteOfDay(Date.now());
    running = Promise.all(timers.filter(({ isDue }) => isDue(minute)).map(fire));
  }, MINUTE_MS);
  return {
    async stop() {
      clearInterval(interval);
      await running;
    },
  };
}
