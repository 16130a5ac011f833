import mysql, { type Pool, type PoolConnection } from 'mysql2/promise';
import { within } from '../within';
import { config } from './config';
import { findPrimary, type Host } from './primary';
import { sslOptions } from './tls';

/**
 * Nothing of the server's own settings changes what a statement means: values of an unprepared statement are escaped with backslashes, which
 * another sql_mode or character set would read otherwise.
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
    // Else the driver notes a stack at each statement, 5 % of a read's CPU, for the case that it fails; its name says as much.
    trace: false,
    charset: 'utf8mb4_0900_ai_ci',
    timezone: 'Z',
    dateStrings: ['DATE'],
  });
  opened.pool.on('connection', (connection) => {
    // Without a callback the driver would throw an error of this statement where nothing catches it, which ends the process.
    connection.query(SESSION, (error) => {
      if (error) connection.destroy();
    });
  });
  return opened;
}

/** To the one server there is, or to the one of several that takes writes. */
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

/** The next call opens a pool anew, and looks for the primary where there are several hosts. Statements that run in this one may end. */
function abandon(left: Pool | undefined): void {
  if (left === undefined || left !== pool) return;
  pool = undefined;
  left.end().catch(() => {});
}

/** Looks for another primary, where there are several hosts. */
export function leave({ from }: Loan): void {
  if (config().database.hosts.length > 1) abandon(from);
}

/** Closes every connection; the next call opens new ones. */
export async function closePool(): Promise<void> {
  const closing = pool;
  pool = undefined;
  // One that was still being opened, and failed, has nothing to say any more.
  await closing?.end().catch(() => {});
}

/** The driver's own time-outs do not cover a statement that waits to be prepared, or behind another one, on a dead connection. */
export const late = () => Object.assign(new Error('no answer in time'), { code: 'TIMEOUT' });

/** A connection with a statement running on it. */
export interface Loan {
  connection: PoolConnection;
  from: Pool;
}

let lent = 0;

/** No connection could be had. `isBusy`: all of the pool are at work, which says nothing about the server. */
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

/** A connection of the pool within `patienceMs`. To be given back. @throws Unconnected */
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
    // Connections that hang while they are being opened fill the pool: a server that is back would not be seen until they time out.
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
