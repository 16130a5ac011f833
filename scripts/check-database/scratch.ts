import { randomBytes } from 'node:crypto';
import type { Connection, RowDataPacket } from 'mysql2/promise';

/** Names of throw-away objects, and the statements that remove what was made. */
export interface Scratch {
  /** Where the objects are. */
  database: string;
  table: string;
  procedure: string;
  account: string;
  /** Runs even when the check fails half-way. */
  remove(): Promise<void>;
}

/** Makes the connection use the product's database, or a throw-away one where there is none yet. */
export async function openScratch(connection: Connection, database: string): Promise<Scratch> {
  const suffix = randomBytes(4).toString('hex');
  const own = `gd_preflight_${suffix}`;
  const [[found]] = await connection.query<RowDataPacket[]>('SELECT 1 FROM information_schema.schemata WHERE schema_name = ?', [database]);
  if (!found) await connection.query(`CREATE DATABASE ${own} CHARACTER SET utf8mb4`);
  await connection.query(`USE ${found ? connection.escapeId(database) : own}`);
  const scratch = { database: found ? database : own, table: `preflight_${suffix}`, procedure: `preflight_call_${suffix}`, account: own };
  return {
    ...scratch,
    async remove() {
      const drops = [
        `DROP PROCEDURE IF EXISTS ${scratch.procedure}`,
        `DROP TABLE IF EXISTS ${scratch.table}`,
        `DROP USER IF EXISTS ${scratch.account}`,
        ...(found ? [] : [`DROP DATABASE IF EXISTS ${own}`]),
      ];
      // Of what this account may not drop, it created nothing.
      for (const drop of drops) await connection.query(drop).catch(() => {});
    },
  };
}
