import mysql, { type ConnectionOptions } from 'mysql2/promise';

export interface Host {
  host: string;
  port: number;
}

/** Time-out of one host, for the whole check: a dead machine must not delay finding a live one. */
const PROBE_TIMEOUT_MS = 1_000;

async function requireWritable(options: ConnectionOptions): Promise<void> {
  const connection = await mysql.createConnection({ ...options, connectTimeout: PROBE_TIMEOUT_MS });
  // Without a handler a late error of this connection would end the process.
  connection.on('error', () => {});
  try {
    const sql = 'SELECT @@GLOBAL.read_only OR @@GLOBAL.super_read_only AS isReadOnly';
    const [rows] = await connection.query<mysql.RowDataPacket[]>({ sql, timeout: PROBE_TIMEOUT_MS });
    if (rows[0]?.isReadOnly !== 0) throw new Error('read-only');
  } finally {
    connection.destroy();
  }
}

/** The first host that reports to take writes. Rejects when none does, as between the loss of a primary and the election of the next. */
export const findPrimary = (hosts: readonly Host[], options: ConnectionOptions): Promise<Host> =>
  Promise.any(hosts.map((host) => requireWritable({ ...options, ...host }).then(() => host)));
