import * as call from '../database/procedures';
import type { Database } from '../runtime/mysql';

export interface MinuteRow {
  minute: string;
  action: string;
  counts: Record<string, number>;
}

export const postMinutes = (db: Database, source: string, rows: readonly MinuteRow[]): Promise<unknown> =>
  call.postMinutes(db, { source, rows });

export const postMinutesSweep = (db: Database, before: Date, limit: number): Promise<unknown> =>
  call.postMinutesSweep(db, { before, limit });

export const selectCounts = (db: Database, since: Date, until: Date): Promise<Pick<MinuteRow, 'action' | 'counts'>[]> =>
  db.rows('monitor.counts', 'SELECT action, counts FROM call_minutes WHERE minute >= ? AND minute <= ?', [since, until]);

export const selectLastMinute = async (db: Database, until: Date): Promise<Date | null> => {
  const [row] = await db.rows<{ last: Date | null }>(
    'monitor.last-minute',
    'SELECT MAX(minute) AS last FROM call_minutes WHERE minute <= ?',
    [until],
  );
  return row?.last ?? null;
};

export const selectConnections = async (db: Database): Promise<{ used: number; max: number }> => {
  const [row] = await db.rows<{ Value: string; max: number }>(
    'monitor.connections',
    `SELECT variable_value AS Value, @@max_connections AS max
       FROM performance_schema.global_status WHERE variable_name = 'Threads_connected'`,
    [],
  );
  return { used: Number(row?.Value ?? 0), max: row?.max ?? 1 };
};

export const selectCipher = async (db: Database): Promise<string> => {
  const [row] = await db.rows<{ Value: string }>('monitor.cipher', "SHOW SESSION STATUS LIKE 'Ssl_cipher'", []);
  return row?.Value ?? '';
};

export const selectDatabaseMb = async (db: Database): Promise<number> => {
  const [row] = await db.rows<{ mb: string | number }>(
    'monitor.database-size',
    'SELECT SUM(data_length + index_length) / 1048576 AS mb FROM information_schema.tables WHERE table_schema = DATABASE()',
    [],
  );
  return Number(row?.mb ?? 0);
};

export interface BusyUser {
  userId: number;
  earned: number;
  draws: number;
}

/**
 * The thousand users with the most ledger rows since an instant, with the points earned by rules and the number of draws. Operators' gifts and the
 * migration's grant do not count as earned.
 */
export const selectBusyUsers = async (db: Database, since: Date, until: Date): Promise<BusyUser[]> => {
  const rows = await db.rows<{ user_id: number; earned: string; draws: string }>(
    'monitor.busy-users',
    `SELECT busy.user_id,
            SUM(IF(r.amount > 0 AND r.actor IS NULL AND r.source_key <> 'migration', r.amount, 0)) AS earned,
            SUM(r.amount < 0 AND r.source_key LIKE 'draw:%') AS draws
       FROM (SELECT user_id, COUNT(*) AS writes FROM point_records WHERE created_at BETWEEN ? AND ? GROUP BY user_id ORDER BY writes DESC LIMIT 1000) AS busy
       JOIN users u ON u.id = busy.user_id
       JOIN point_records r ON r.user_id = u.id AND r.seq > CAST(u.points_seq AS SIGNED) - 1000
      WHERE r.created_at BETWEEN ? AND ?
      GROUP BY busy.user_id`,
    [since, until, since, until],
  );
  return rows.map(({ user_id, earned, draws }) => ({ userId: user_id, earned: Number(earned), draws: Number(draws) }));
};

export const selectEndedJobs = async (db: Database, since: Date, until: Date): Promise<{ ended: number; failed: number }> => {
  const [row] = await db.rows<{ ended: number; failed: string | null }>(
    'monitor.ended-jobs',
    "SELECT COUNT(*) AS ended, SUM(status = 'failed') AS failed FROM ai_jobs WHERE finished_at BETWEEN ? AND ?",
    [since, until],
  );
  return { ended: row?.ended ?? 0, failed: Number(row?.failed ?? 0) };
};

/** Of the users whose balance changed since an instant: those whose balance differs from the one after their last ledger row. */
export const selectLedgerMismatches = async (db: Database, since: Date): Promise<number> => {
  const [row] = await db.rows<{ n: number }>(
    'monitor.ledger',
    `SELECT COUNT(*) AS n
       FROM (SELECT DISTINCT user_id FROM point_records WHERE created_at >= ? LIMIT 5000) AS recent
       JOIN users u ON u.id = recent.user_id
       LEFT JOIN point_records r ON r.user_id = u.id AND r.seq = u.points_seq
      WHERE u.points <> COALESCE(r.balance_after, 0)`,
    [since],
  );
  return row?.n ?? 0;
};

export const selectPendingChecks = async (db: Database): Promise<number> => {
  const [row] = await db.rows<{ n: number }>('monitor.pending-checks', 'SELECT COUNT(*) AS n FROM content_checks', []);
  return row?.n ?? 0;
};

/** Delay of the re-check queue of texts that children wrote; 0 when nothing is due. Imported texts may wait. */
export const selectChecksLateMinutes = async (db: Database, now: Date): Promise<number> => {
  const [row] = await db.rows<{ due: Date | null }>(
    'monitor.late-checks',
    'SELECT MIN(due_at) AS due FROM content_checks WHERE priority = 0',
    [],
  );
  return row?.due ? Math.max(0, (now.getTime() - row.due.getTime()) / 60_000) : 0;
};

export const selectOverdueErasures = async (db: Database, before: Date): Promise<number> => {
  const [row] = await db.rows<{ n: number }>(
    'monitor.erasures',
    'SELECT COUNT(*) AS n FROM erasures WHERE finished_at IS NULL AND asked_at < ?',
    [before],
  );
  return row?.n ?? 0;
};

export const selectOpenRules = async (db: Database): Promise<Set<string>> => {
  const rows = await db.rows<{ rule: string }>('monitor.open', 'SELECT rule FROM incidents WHERE open_rule IS NOT NULL', []);
  return new Set(rows.map(({ rule }) => rule));
};

export interface Incident {
  rule: string;
  opened_at: Date;
  closed_at: Date | null;
  detail: string;
  notified_opened_at: Date | null;
  notified_closed_at: Date | null;
}

/** Incidents with an unsent message, oldest first. */
export const selectUntold = (db: Database): Promise<Incident[]> =>
  db.rows(
    'monitor.untold',
    `SELECT rule, opened_at, closed_at, detail, notified_opened_at, notified_closed_at FROM incidents
      WHERE notified_opened_at IS NULL OR (closed_at IS NOT NULL AND notified_closed_at IS NULL)
      ORDER BY opened_at LIMIT 20`,
    [],
  );

/** False when another run claimed it first. */
export const postIncident = async (db: Database, rule: string, isOpen: boolean, detail: string, slot: Date): Promise<boolean> => {
  const { changed } = await call.postIncident<{ changed: number }>(db, { rule, isOpen, detail: detail.slice(0, 500), slot });
  return changed > 0;
};

export const postIncidentClaim = async (
  db: Database,
  { rule, opened_at }: Incident,
  isOpen: boolean,
  now: Date,
  until: Date,
): Promise<boolean> => {
  const { claimed } = await call.postIncidentClaim<{ claimed: number }>(db, { rule, openedAt: opened_at, isOpen, now, until });
  return claimed > 0;
};

export const postIncidentTold = (
  db: Database,
  { rule, opened_at }: Incident,
  isOpen: boolean,
  isTold: boolean,
  now: Date,
): Promise<unknown> => call.postIncidentTold(db, { rule, openedAt: opened_at, isOpen, isTold, now });
