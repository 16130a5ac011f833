interface Settings {
  /** The breaker opens after failures without a success for this long. */
  openAfterMs: number;
  /** While it is open, one caller per this interval probes the service. */
  probeEveryMs: number;
  /** Older failures are ignored: the process may have been frozen since. */
  forgetAfterMs: number;
}

export interface CircuitBreaker {
  /** `closed`: call as usual. `probe`: only this caller calls, with a short time-out. `open`: fail at once. */
  admit(): 'closed' | 'probe' | 'open';
  succeeded(): void;
  /** @param since epoch milliseconds when the failed attempt began */
  failed(since: number): void;
}

/** Circuit breaker: whether a service is down, judged by the calls of this process. Uses no timer, because a frozen process runs none. */
export function circuitBreaker({ openAfterMs, probeEveryMs, forgetAfterMs }: Settings): CircuitBreaker {
  let downSince: number | null = null;
  let lastFailureAt = 0;
  let lastProbeAt = 0;
  return {
    admit() {
      const now = Date.now();
      if (now - lastFailureAt > forgetAfterMs) downSince = null;
      if (downSince === null || now - downSince < openAfterMs) return 'closed';
      if (now - lastProbeAt < probeEveryMs) return 'open';
      lastProbeAt = now;
      return 'probe';
    },
    succeeded() {
      downSince = null;
    },
    failed(since) {
      downSince ??= since;
      lastFailureAt = Date.now();
    },
  };
}
