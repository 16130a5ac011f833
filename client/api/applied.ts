import type { Here } from '../account/here';
import { GrowthDiaryError, refusal } from '../platform/error';
import type { Outcome } from '../sync/waiters';
import type { PointRecord } from '../types';

/** What a change earned (sign 1) or gave back (−1), as the ledger's row says that came with the answer. */
export const amountOf = ({ cache }: Here, sign: 1 | -1, relatedType: string, relatedId: number, balance: number | undefined): number => {
  const record = cache
    .rows<PointRecord>('record')
    .reverse()
    .find(
      (each) => each.relatedType === relatedType && each.relatedId === relatedId && each.balanceAfter === balance && each.amount * sign > 0,
    );
  return record ? record.amount * sign : 0;
};

/** Throws what the server refused with; a conflict is a refusal whose text is kept in `sync.conflicts()`. */
export function requireApplied({ result: { status, code = 'INTERNAL', message, details, row } }: Outcome): void {
  if (status === 'applied') return;
  if (status === 'conflict') throw new GrowthDiaryError('VERSION_CONFLICT', { details: { current: row ?? null } });
  throw new GrowthDiaryError(code, { message, details });
}

/** The row as the server wrote it; a replayed answer may come without, then as it is shown here. */
export function appliedRow<Row>(outcome: Outcome, shown: Row | null): Row {
  requireApplied(outcome);
  // The contract says which kind of row answers which mutation.
  const row = (outcome.result.row ?? shown) as Row | null;
  if (row === null) throw refusal('NOT_FOUND');
  return row;
}
