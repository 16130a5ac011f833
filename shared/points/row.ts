import type { Record } from './contract';

export interface RecordRow {
  seq: number;
  amount: number;
  balance_after: number;
  source: string;
  description: string;
  related_id: number | null;
  related_type: string | null;
  created_at: Date | string;
}

export const toRecord = (row: RecordRow): Record => ({
  id: row.seq,
  amount: row.amount,
  balanceAfter: row.balance_after,
  source: row.source,
  description: row.description,
  relatedId: row.related_id,
  relatedType: row.related_type,
  createdAt: new Date(row.created_at).toISOString(),
});
