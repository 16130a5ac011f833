import type { Invocation } from './context';
import type { Instance } from './instance';

export interface Pool {
  run(invocation: Invocation): Promise<unknown>;
  readonly size: number;
  /** Calls from now on run in new instances; one that is busy ends after its call. */
  replace(): void;
  stop(): Promise<void>;
}

export interface PoolOptions {
  start: () => Instance;
  max: number;
  idleMs: number;
}

/**
 * The instances of one function. The most recently used one is used next, so that surplus instances become idle; all but one end after `idleMs` of
 * idle time. While `max` of them are busy, calls wait in a queue.
 */
export function createPool({ start, max, idleMs }: PoolOptions): Pool {
  const all = new Set<Instance>();
  const idle: { instance: Instance; timer: NodeJS.Timeout }[] = [];
  const waiting: ((instance: Instance) => void)[] = [];
  const retired = new WeakSet<Instance>();
  let stopped = false;

  function launch(): Instance {
    const instance = start();
    all.add(instance);
    return instance;
  }

  function acquire(): Instance | Promise<Instance> {
    for (let parked = idle.pop(); parked; parked = idle.pop()) {
      clearTimeout(parked.timer);
      if (parked.instance.alive) return parked.instance;
      all.delete(parked.instance);
    }
    return all.size < max ? launch() : new Promise((resolve) => waiting.push(resolve));
  }

  function end(instance: Instance): void {
    all.delete(instance);
    void instance.stop();
  }

  function release(instance: Instance): void {
    if (retired.has(instance)) end(instance);
    if (!instance.alive) all.delete(instance);
    const next = waiting.shift();
    if (next) next(instance.alive || stopped ? instance : launch());
    else if (instance.alive) park(instance);
  }

  function park(instance: Instance): void {
    const timer = setTimeout(() => {
      if (all.size === 1) return;
      const place = idle.findIndex((parked) => parked.instance === instance);
      if (place < 0) return;
      idle.splice(place, 1);
      end(instance);
    }, idleMs);
    timer.unref();
    idle.push({ instance, timer });
  }

  return {
    async run(invocation) {
      const instance = await acquire();
      try {
        return await instance.run(invocation);
      } finally {
        release(instance);
      }
    },
    get size() {
      return all.size;
    },
    replace() {
      for (const { instance, timer } of idle.splice(0)) {
        clearTimeout(timer);
        end(instance);
      }
      for (const instance of all) retired.add(instance);
    },
    async stop() {
      stopped = true;
      for (const { timer } of idle.splice(0)) clearTimeout(timer);
      await Promise.all([...all].map((instance) => instance.stop()));
    },
  };
}
