import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { connectTo, type Target } from '../database';
import { type Finding, missing, ok, reasonOf } from './finding';
import type { Scratch } from './scratch';

const CONNECTIONS = 4;
const ROUNDS = 10;

/** The first column of the first row of a prepared statement. */
const one = async (connection: Connection, sql: string): Promise<string> =>
  String(Object.values((await connection.execute<RowDataPacket[]>(sql))[0][0] ?? {})[0]);

const TODO = 'set DB_HOST to the read-write address of the instance, not to a database proxy that splits reads from writes';

async function checkServer(connections: readonly Connection[]): Promise<Finding> {
  const needed = 'one server behind the address, which takes writes';
  const servers = new Set<string>();
  for (const connection of connections) {
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT @@server_uuid AS uuid');
    servers.add(String(row?.uuid)).add(await one(connection, 'SELECT @@server_uuid'));
  }
  if (servers.size > 1) return missing(needed, `${servers.size} servers on ${connections.length} connections`, TODO);
  const [first] = connections;
  const isReadOnly = first ? await one(first, 'SELECT @@GLOBAL.read_only OR @@GLOBAL.super_read_only') : '0';
  return isReadOnly === '0' ? ok(needed, `server_uuid ${[...servers].join()}`) : missing(needed, 'read-only', TODO);
}

/** A prepared read outside a transaction is what proxies send to replicas. */
async function checkReadAfterWrite([writer, ...readers]: readonly Connection[], table: string): Promise<Finding> {
  const needed = 'a read sees the write before it';
  let stale = 0;
  try {
    for (let round = 1; writer && round <= ROUNDS; round += 1) {
      await writer.execute(`UPDATE ${table} SET amount = ${round} WHERE id = 1`);
      for (const reader of readers) {
        if ((await one(reader, `SELECT amount FROM ${table} WHERE id = 1`)) !== String(round)) stale += 1;
      }
    }
  } catch (error) {
    return missing(needed, reasonOf(error), TODO);
  }
  const reads = ROUNDS * readers.length;
  return stale === 0 ? ok(needed, `${reads} of ${reads} reads`) : missing(needed, `${stale} of ${reads} reads were stale`, TODO);
}

/** Detects a proxy that sends reads, or some connections, to another server. */
export async function checkProxy(target: Target, { database, table }: Scratch): Promise<Finding[]> {
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => connectTo(target)));
  try {
    return [await checkServer(connections), await checkReadAfterWrite(connections, `${mysql.escapeId(database)}.${table}`)];
  } finally {
    for (const connection of connections) connection.destroy();
  }
}
