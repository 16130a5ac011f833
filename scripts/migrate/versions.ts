import type { Connection } from 'mysql2/promise';
import { hashOf, type SqlFile, statementsOf } from './files';
import { untilUnlocked } from './retry';

/** By name, the hash of what was applied: files, procedures, and `<file>#<n>` for the statements of a file that failed half-way. */
export type Applied = Map<string, string>;

const note = (connection: Connection, name: string, hash: string) =>
  connection.execute(
    'INSERT INTO schema_migrations (name, hash) VALUES (?, ?) AS new ON DUPLICATE KEY UPDATE hash = new.hash, applied_at = CURRENT_TIMESTAMP',
    [name, hash],
  );

export async function noteApplied(connection: Connection, { name, hash }: SqlFile): Promise<void> {
  await note(connection, name, hash);
}

/** Fails when an applied file, or an applied statement of a file, was edited. */
export function requireUnedited(files: readonly SqlFile[], applied: Applied): void {
  for (const { name, text, hash } of files) {
    const known = applied.get(name);
    const isEdited = statementsOf(text).some(
      (statement, index) => (applied.get(`${name}#${index}`) ?? hashOf(statement)) !== hashOf(statement),
    );
    if ((known !== undefined && known !== hash) || isEdited) {
      throw new Error(`${name} was edited after it had been applied; write a new file instead`);
    }
  }
}

/** DDL cannot be rolled back: each statement is noted, so that the run after a failure goes on with the one that failed. */
export async function applyVersion(connection: Connection, file: SqlFile, applied: Applied): Promise<void> {
  const { name, text } = file;
  for (const [index, statement] of statementsOf(text).entries()) {
    const step = `${name}#${index}`;
    if (applied.has(step)) continue;
    try {
      await untilUnlocked(() => connection.query(statement));
    } catch (cause) {
      throw new Error(`${name} failed at: ${statement.slice(0, 120)}`, { cause });
    }
    await note(connection, step, hashOf(statement));
  }
  await noteApplied(connection, file);
  await connection.execute('DELETE FROM schema_migrations WHERE name LIKE ?', [`${name}#%`]);
}
