import mysql, { type ConnectionOptions } from 'mysql2/promise';

export interface Host {
  host: string;
  port: number;
}

/** Fully answers or fails within this: a dead machine must not hold up the living ones. */
const PROBE_TIMEOUT_MS = 1_000;

async function requireWritable(options: ConnectionOptions): Promise<void> {
  const connection = await mysql.createConnection({ ...options, connectTimeout: PROBE_TIMEOUT_MS });
  // An error that nobody waits for would end the process.
  connection.on('error', () => {});
  try {
    const sql = 'SELECT @@GLOBAL.read_only OR @@GLOBAL.super_read_only AS isReadOnly';
    const [rows] = await connection.query<mysql.RowDataPacket[]>({ sql, timeout: PROBE_TIMEOUT_MS });
    if (rows[0]?.isReadOnly !== 0) throw new Error('read-only');
  } finally {
    connection.destroy();
  }
}

/** The first of the hosts that says it takes writes; rejects when none does, as between the loss of a primary and the election of the next. */
export const findPrimary = (hosts: readonly Host[], options: ConnectionOptions): Promise<Host> =>
  Promise.any(hosts.map((host) => requireWritable({ ...options, ...host }).then(() => host)));
