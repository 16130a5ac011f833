import { expect } from 'vitest';
import { findMismatches, type Mismatch } from '../shared/upkeep/queries';
import { select } from './harness';

export const mismatches = (): Promise<Mismatch[]> => findMismatches({ rows: (_, sql) => select(sql) });

/** Everything in this worker's database adds up. */
export async function expectReconciled(): Promise<void> {
  expect(await mismatches()).toEqual([]);
}
