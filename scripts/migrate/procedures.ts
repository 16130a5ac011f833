import type { Connection, RowDataPacket } from 'mysql2/promise';
import { procedureName, type SqlFile } from './files';
import { untilUnlocked } from './retry';

interface Stored {
  definer: string;
  isUtf8mb4: boolean;
}

/** The procedures of the database; text in one that was compiled under another character set loses emoji. */
async function storedProcedures(connection: Connection): Promise<Map<string, Stored>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT r.routine_name AS name, r.definer AS definer,
            r.database_collation LIKE 'utf8mb4%' AND NOT EXISTS (
              SELECT 1 FROM information_schema.parameters p
               WHERE p.specific_schema = r.routine_schema AND p.specific_name = r.specific_name
                 AND p.character_set_name NOT IN ('utf8mb4', 'ascii', 'binary')) AS isUtf8mb4
       FROM information_schema.routines r WHERE r.routine_schema = DATABASE() AND r.routine_type = 'PROCEDURE'`,
  );
  return new Map(rows.map(({ name, definer, isUtf8mb4 }) => [String(name), { definer: String(definer), isUtf8mb4: isUtf8mb4 === 1 }]));
}

const OWNER = 'gd_owner@%';

/** Those whose file changed, and those that are missing, belong to another account or were compiled under another character set. */
export async function staleProcedures(
  connection: Connection,
  files: readonly SqlFile[],
  applied: ReadonlyMap<string, string>,
  hasOwner: boolean,
): Promise<SqlFile[]> {
  const stored = await storedProcedures(connection);
  return files.filter((file) => {
    const found = stored.get(procedureName(file));
    return !found?.isUtf8mb4 || (hasOwner && found.definer !== OWNER) || applied.get(file.name) !== file.hash;
  });
}

const TRIAL = 'trial_';

const create = async (connection: Connection, file: SqlFile, before = '', prefix = ''): Promise<void> => {
  const name = procedureName(file);
  try {
    const text = before + file.text.replace(`PROCEDURE ${name}(`, `PROCEDURE ${prefix}${name}(`);
    await untilUnlocked(() => connection.query(text));
  } catch (cause) {
    throw new Error(`${file.name} failed`, { cause });
  }
};

/** Creates each under another name and drops it: a text that the server refuses is found while all old procedures are in place. */
export async function tryProcedures(connection: Connection, files: readonly SqlFile[]): Promise<void> {
  for (const file of files) {
    const drop = `DROP PROCEDURE IF EXISTS ${TRIAL}${procedureName(file)}`;
    await connection.query(drop);
    await create(connection, file, '', TRIAL);
    await connection.query(drop);
  }
}

/**
 * Replaces one procedure. DROP and CREATE travel in one packet, so that the procedure is missing for the time of one CREATE: its calls answer 1305
 * meanwhile, which the functions retry.
 */
export const replaceProcedure = (connection: Connection, file: SqlFile): Promise<void> =>
  create(connection, file, `DROP PROCEDURE IF EXISTS ${procedureName(file)};\n`);

/** Fails unless each procedure is there and runs with the owner's rights. */
export async function requireProcedures(connection: Connection, files: readonly SqlFile[], hasOwner: boolean): Promise<void> {
  const current = new Map(files.map(({ name, hash }) => [name, hash]));
  const wrong = await staleProcedures(connection, files, current, hasOwner);
  if (wrong.length > 0) throw new Error(`not in place after the migration: ${wrong.map(procedureName).join(', ')}`);
}
