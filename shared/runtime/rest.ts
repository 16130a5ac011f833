/** A circuit breaker of this instance: after three failures in a row the service is not called for a while. */
export function restAfterFailures(restMs: number) {
  let failures = 0;
  let until = 0;
  return {
    isResting: (): boolean => Date.now() < until,
    succeeded(): void {
      failures = 0;
    },
    failed(): void {
      failures += 1;
      if (failures >= 3) until = Date.now() + restMs;
    },
  };
}
