/** Lets a service that keeps failing be for a while, in this instance alone: three failures in a row, then nobody waits for it. */
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
