import mysql, { type Pool, type PoolConnection } from 'mysql2/promise';
import { within } from '../within';
import { config } from './config';
import { findPrimary, type Host } from './primary';
import { sslOptions } from './tls';

/**
 * Session settings are fixed, so that the server's own settings do not change the meaning of a statement: values of an unprepared statement are
 * escaped with backslashes, which another sql_mode or character set would read differently.
 */
const SESSION = `SET SESSION transaction_isolation = 'READ-COMMITTED', time_zone = '+00:00', innodb_lock_wait_timeout = 3, wait_timeout = 45,
  character_set_client = utf8mb4, character_set_results = utf8mb4, collation_connection = utf8mb4_0900_ai_ci,
  sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'`;

let pool: Pool | undefined;
let finding: Promise<Pool> | undefined;

function credentials() {
  const { user, password, name, tls } = config().database;
  return { user, password, database: name, ...sslOptions(tls) };
}

function openPool({ host, port }: Host): Pool {
  const opened = mysql.createPool({
    ...credentials(),
    host,
    port,
    connectionLimit: config().database.connectionLimit,
    connectTimeout: 3_000,
    // Otherwise the driver records a stack trace per statement for a possible error: 5% of a read's CPU. The statement's name is enough.
    trace: false,
    charset: 'utf8mb4_0900_ai_ci',
    timezone: 'Z',
    dateStrings: ['DATE'],
  });
  opened.pool.on('connection', (connection) => {
    // Without a callback the driver throws an error of this statement outside of any handler, which ends the process.
    connection.query(SESSION, (error) => {
      if (error) connection.destroy();
    });
  });
  return opened;
}

/** Connects to the only server, or to the one of several that takes writes. */
async function findPool(): Promise<Pool> {
  const { hosts } = config().database;
  pool = openPool(hosts.length === 1 ? hosts[0] : await findPrimary(hosts, credentials()));
  return pool;
}

function find(): Promise<Pool> {
  finding ??= findPool().finally(() => {
    finding = undefined;
  });
  return finding;
}

/** Drops the pool: the next call opens a new one and, with several hosts, looks for the primary. Statements in flight finish in the old pool. */
function abandon(left: Pool | undefined): void {
  if (left === undefined || left !== pool) return;
  pool = undefined;
  left.end().catch(() => {});
}

/** With several hosts: looks for another primary. */
export function leave({ from }: Loan): void {
  if (config().database.hosts.length > 1) abandon(from);
}

/** Closes every connection; the next call opens new ones. */
export async function closePool(): Promise<void> {
  const closing = pool;
  pool = undefined;
  // A pool that failed to open needs no closing.
  await closing?.end().catch(() => {});
}

/** The driver's time-outs do not cover a statement that waits for its preparation, or behind another statement, on a dead connection. */
export const late = () => Object.assign(new Error('no answer in time'), { code: 'TIMEOUT' });

/** A connection with a statement in flight. */
export interface Loan {
  connection: PoolConnection;
  from: Pool;
}

let lent = 0;

/** No connection was available. `isBusy`: all connections of the pool are in use, which does not mean that the server is down. */
export class Unconnected extends Error {
  override readonly name = 'Unconnected';
  readonly isBusy: boolean;

  constructor(cause: unknown, isBusy: boolean) {
    super('no connection', { cause });
    this.isBusy = isBusy;
  }
}

async function borrow(): Promise<Loan> {
  const from = pool ?? (await find());
  return { connection: await from.getConnection(), from };
}

/** Takes a connection from the pool within `patienceMs`. The caller gives it back. @throws Unconnected */
export async function take(patienceMs: number): Promise<Loan> {
  const from = pool;
  const waiting = borrow();
  try {
    const loan = await within(patienceMs, waiting, late);
    lent += 1;
    return loan;
  } catch (error) {
    waiting.then(
      ({ connection }) => connection.release(),
      () => {},
    );
    const isBusy = lent >= config().database.connectionLimit;
    // Connections that hang while connecting fill the pool, so that a recovered server stays unnoticed until they time out.
    if (!isBusy) abandon(from);
    throw new Unconnected(error, isBusy);
  }
}

/** `isClean: false` closes the connection. */
export function giveBack({ connection }: Loan, isClean: boolean): void {
  lent -= 1;
  if (isClean) connection.release();
  else connection.destroy();
}
