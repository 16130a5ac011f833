import { createContext } from 'preact';
import { useContext, useEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { GrowthDiary, SyncStatus } from '../../../client/types';
import type { Device } from './device';

interface Held {
  device: Device;
  /** A toast on this phone. */
  say: (message: string) => void;
}

export const Hand = createContext<Held | null>(null);

export function useHeld(): Held {
  const held = useContext(Hand);
  if (!held) throw new Error('this part of the page lies outside of a phone');
  return held;
}

/** Draws again whenever the phone has changed. */
export function useDevice(device: Device): void {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => device.subscribe(() => draw(0)), [device]);
}

export const useStatus = (device: Device): SyncStatus => device.app().sync.status();

/**
 * What the app answers, asked again after each change and each run of the app. What was shown stays until the next answer is there; a failed
 * reading changes nothing.
 */
export function useRead<T>(read: (app: GrowthDiary) => Promise<T>, depends: readonly unknown[] = []): T | null {
  const { device } = useHeld();
  const [answer, setAnswer] = useState<T | null>(null);
  const asked = useRef(0);
  const runs = device.runs();
  const lastRun = useRef(runs);
  if (lastRun.current !== runs) {
    lastRun.current = runs;
    asked.current += 1;
    if (answer !== null) setAnswer(null);
  }
  useEffect(() => {
    asked.current += 1;
    const mine = asked.current;
    read(device.app()).then(
      (value) => mine === asked.current && setAnswer(() => value),
      () => {},
    );
  }, [device, runs, device.changes(), ...depends]);
  return answer;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs what the child asked for, one at a time; a refusal is said in a toast. */
export function useTask(): { busy: boolean; run: (task: () => Promise<unknown>) => void } {
  const { say } = useHeld();
  const [busy, setBusy] = useState(false);
  return {
    busy,
    run(task) {
      if (busy) return;
      setBusy(true);
      task()
        .catch((error: unknown) => say(messageOf(error)))
        .finally(() => setBusy(false));
    },
  };
}
