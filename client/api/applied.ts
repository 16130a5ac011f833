import type { Here } from '../account/here';
import { GrowthDiaryError, refusal } from '../platform/error';
import type { Outcome } from '../sync/waiters';
import type { PointRecord } from '../types';

/** Points earned by a change (sign 1) or given back (−1), according to the ledger row in the answer. */
export const amountOf = ({ cache }: Here, sign: 1 | -1, relatedType: string, relatedId: number, balance: number | undefined): number => {
  const record = cache
    .rows<PointRecord>('record')
    .reverse()
    .find(
      (each) => each.relatedType === relatedType && each.relatedId === relatedId && each.balanceAfter === balance && each.amount * sign > 0,
    );
  return record ? record.amount * sign : 0;
};

/** Throws the server's refusal; a conflict is a refusal whose text is kept in `sync.conflicts()`. */
export function requireApplied({ result: { status, code = 'INTERNAL', message, details, row } }: Outcome): void {
  if (status === 'applied') return;
  if (status === 'conflict') throw new GrowthDiaryError('VERSION_CONFLICT', { details: { current: row ?? null } });
  throw new GrowthDiaryError(code, { message, details });
}

/** The row as the server wrote it. A replayed answer may have no row; then the row as this phone shows it. */
export function appliedRow<Row>(outcome: Outcome, shown: Row | null): Row {
  requireApplied(outcome);
  // The contract defines which kind of row answers which mutation.
  const row = (outcome.result.row ?? shown) as Row | null;
  if (row === null) throw refusal('NOT_FOUND');
  return row;
}
