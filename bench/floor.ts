import { randomUUID } from 'node:crypto';
import mysql from 'mysql2/promise';
import { dayOf } from '../shared/clock';
import type { SystemContext } from '../shared/runtime/context';
import { closeMysql, type Database, openDatabase, type Value } from '../shared/runtime/mysql';
import type { Action } from '../shared/runtime/serve';
import type { Operation } from './load';
import { ourEnvironment } from './ours';
import type { Row } from './rows';
import { openidOf } from './seed';
import type { Arena, Stage } from './stage';

/** Whose id stands in no other value of a statement. */
const RECORDED_USER = 977;
const REQUEST_ID = 'request-of-the-recording';

interface Statement {
  sql: string;
  values: readonly Value[];
}

/** The statements of one call, as the product sends them. */
async function record(stage: Stage, row: Row): Promise<Statement[]> {
  Object.assign(process.env, ourEnvironment(stage.ourSettings(1)));
  const { action, data, openid } = row.ours(0, 0);
  const [name = '', verb = ''] = action.split('.');
  const { main }: { main: { actions: Record<string, Action> } } = await import(`../functions/${name}/index.ts`);
  const found = main.actions[verb];
  if (!found) throw new Error(`there is no action ${action}`);
  const isDeep = openid === openidOf(stage.size.users + 1);
  const userId = isDeep ? stage.size.users + 1 : RECORDED_USER;
  const statements: Statement[] = [];
  const database = openDatabase(Date.now() + 20_000, REQUEST_ID);
  const db: Database = {
    ...database,
    rows(statement, sql, values) {
      statements.push({ sql, values });
      return database.rows(statement, sql, values);
    },
    post(procedure, values) {
      statements.push({ sql: `CALL ${procedure}(${values.map(() => '?').join(', ')})`, values });
      return database.post(procedure, values);
    },
  };
  const account = { userId, epoch: null };
  const now = new Date();
  const ctx: SystemContext = {
    action,
    requestId: REQUEST_ID,
    now,
    today: dayOf(now),
    deadline: Date.now() + 20_000,
    db,
    cache: { run: async () => null, usage: { trips: 0, ms: 0 } },
  };
  const context = { ...account, caller: account, guardianToken: null, openid: openidOf(userId), address: null, subject: 'floor' };
  try {
    await found.run(Object.assign(ctx, context), found.contract.input.parse(data ?? {}));
  } finally {
    await closeMysql();
  }
  return statements;
}

const prepared = (values: readonly Value[], userId: number): Value[] =>
  values.map((value) => {
    if (value === RECORDED_USER) return userId;
    if (value === String(RECORDED_USER)) return String(userId);
    return value === REQUEST_ID ? randomUUID() : value;
  });

export interface Floor {
  operation: Operation;
  close(): Promise<void>;
}

/** The statements of a row alone, prepared and run by the same driver in this process: what remains of a call without the product. */
export async function openFloor(stage: Stage, row: Row, arena: Arena, connections: number): Promise<Floor> {
  const statements = await record(stage, row);
  const { user, password, name } = stage.ourSettings(1).mysql;
  const pool = mysql.createPool({
    ...arena.mysql,
    user,
    password,
    database: name,
    connectionLimit: connections,
    timezone: 'Z',
    dateStrings: ['DATE'],
  });
  pool.pool.on('connection', (connection) => connection.query("SET SESSION transaction_isolation = 'READ-COMMITTED'"));
  return {
    async operation(caller, turn) {
      const userId = 1 + ((caller * 61 + turn) % 500);
      for (const { sql, values } of statements) await pool.execute(sql, prepared(values, userId));
    },
    close: () => pool.end(),
  };
}
