import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { type MinuteRow, minuteOf } from '../../shared/runtime/metrics';
import type { Incident } from './vitals';

export interface Account {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

type MinuteRecord = RowDataPacket & MinuteRow;
type IncidentRecord = RowDataPacket & { rule: string; opened_at: Date; closed_at: Date | null; detail: string };

const hour = 3_600_000;

/** What the monitor has stored: the minutes of the last hour before `until`, from before this run, and the latest incidents. */
export async function readStoredVitals(account: Account, until: Date): Promise<{ minutes: MinuteRow[]; incidents: Incident[] }> {
  const connection = await createConnection({ ...account, connectTimeout: 2_000, timezone: 'Z', supportBigNumbers: true });
  try {
    const [minutes] = await connection.execute<MinuteRecord[]>(
      `SELECT DATE_FORMAT(minute, '%Y-%m-%d %H:%i:00') AS minute, action, counts
         FROM call_minutes
        WHERE minute > ? AND minute < ?`,
      [minuteOf(new Date(Date.now() - hour)), minuteOf(until)],
    );
    const [incidents] = await connection.execute<IncidentRecord[]>(
      'SELECT rule, opened_at, closed_at, detail FROM incidents ORDER BY closed_at IS NULL DESC, opened_at DESC LIMIT 10',
    );
    return {
      minutes: minutes.map(({ minute, action, counts }) => ({ minute, action, counts })),
      incidents: incidents.map(({ rule, opened_at, closed_at, detail }) => ({
        rule,
        openedAt: opened_at.toISOString(),
        closedAt: closed_at?.toISOString() ?? null,
        detail,
      })),
    };
  } finally {
    await connection.end();
  }
}
