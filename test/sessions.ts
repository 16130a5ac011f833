import { setTimeout as sleep } from 'node:timers/promises';

interface Session {
  id: number;
  user: string;
  database: string | null;
  /** A statement is running. */
  isBusy: boolean;
}

interface ProcessRow {
  Id: number;
  User: string;
  db: string | null;
  Command: string;
}

/**
 * The sessions of a server. MySQL fails to list them while one of them runs a statement with bytes that are no text (a hash, for example): the
 * list is read again.
 */
export async function readSessions(select: (sql: string) => Promise<ProcessRow[]>): Promise<Session[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const rows = await select('SHOW PROCESSLIST');
      return rows.map(({ Id, User, db, Command }) => ({ id: Id, user: User, database: db, isBusy: Command !== 'Sleep' }));
    } catch (error) {
      if (attempt === 50) throw error;
      await sleep(2);
    }
  }
}
