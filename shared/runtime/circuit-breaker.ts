interface Settings {
  /** Failures without a success in between, for so long, open the breaker. */
  openAfterMs: number;
  /** While it is open, one caller in this time tries. */
  probeEveryMs: number;
  /** A failure as old as this says nothing about now: the process may have been frozen since. */
  forgetAfterMs: number;
}

export interface CircuitBreaker {
  /** `closed`: ask as usual. `probe`: this caller alone asks, briefly. `open`: fail at once. */
  admit(): 'closed' | 'probe' | 'open';
  succeeded(): void;
  /** @param since epoch milliseconds when the failed attempt began */
  failed(since: number): void;
}

/** Whether a service is down, as the calls of this process found it. Needs no timer: a frozen process has none. */
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
