import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { seedOurs } from '../bench/seed';
import { startCluster } from '../dev/services/cluster';
import type { SystemContext } from '../shared/runtime/context';
import type { Database, Value } from '../shared/runtime/mysql';
import type { Action } from '../shared/runtime/serve';
import { runCommand, wholeNumber } from './command';
import { createAccounts, migrate } from './migrate';

/*
 * Writes docs/queries.md: every statement that the operations send, explained and counted on a million diaries. The statements are found by
 * running each action with the example of its contract over a database that takes notes, so that none is forgotten and none is made up.
 */
const usage = `Writes docs/queries.md: every statement of the product, explained and counted on a million diaries.

  npm run queries
  npm run queries -- --diaries 10000      a smaller database, for a quick look

Starts a MySQL of its own and leaves others alone. The whole takes several minutes.`;
const TODAY = '2025-01-22';
const DATABASE = 'growth_diary';
const PER_USER = 365;
const OUTPUT = fileURLToPath(new URL('../docs/queries.md', import.meta.url));
const FUNCTIONS = ['login', 'user', 'diary', 'task', 'points', 'lottery', 'sync', 'ai', 'report', 'family', 'monitor'] as const;

interface Counts {
  returned: number;
  examined: number;
  ms: number;
  reads: string[];
}

interface Measured extends Counts {
  name: string;
  askedBy: string[];
}

async function actionsByName(): Promise<[string, Action][]> {
  const found: [string, Action][] = [];
  for (const name of FUNCTIONS) {
    const { main }: { main: { actions: Record<string, Action> } } = await import(`../functions/${name}/index.ts`);
    for (const [key, action] of Object.entries(main.actions)) found.push([`${name}.${key}`, action]);
  }
  return found;
}

/** What the examples do not lead to, and real calls do. */
const more: Record<string, object[]> = {
  'diary.list': [{ page: 3 }, { mood: 'happy' }, { tag: '学习' }, { startDate: '2025-01-01', endDate: TODAY }, { isDraft: true }],
  'diary.get': [{ date: '2025-01-10' }, { id: 300 }],
  'diary.create': [{ date: TODAY, content: 'x' }],
  'diary.update': [
    { id: 300, version: 300, content: 'y' },
    { id: 200, version: 200, date: '2023-01-01' },
  ],
  'diary.delete': [{ id: 250 }],
  'task.list': [{}, { date: '2025-01-21' }],
  'points.records': [{}, { page: 2 }],
  'sync.sync': [{ clientId: 'device-0001' }],
};

/** Runs every action, each as a user of its own from `firstUser` on, and measures each statement that it sends. */
async function note(db: Database, connection: Connection, firstUser: number): Promise<Measured[]> {
  const noted = new Map<string, Measured>();
  let userId = firstUser;
  for (const [name, { contract, run }] of await actionsByName()) {
    // A child of its own: one of the actions erases it.
    userId += 1;
    for (const [index, given] of [contract.example, ...(more[name] ?? [])].entries()) {
      const recording: Database = {
        ...db,
        async rows<Row>(statement: string, sql: string, values: readonly Value[]) {
          const key = `${statement} ${sql}`;
          const known = noted.get(key);
          const askedBy = known === undefined ? [name] : [...new Set([...known.askedBy, name])];
          // At once, as what it reads may be gone later; again when it brings more.
          const rows = await db.rows<Row>(statement, sql, values);
          const isBetter = known === undefined || rows.length > known.returned;
          const counts = isBetter ? await count(connection, sql, values, rows.length) : known;
          noted.set(key, { ...counts, name: statement, askedBy });
          return rows;
        },
      };
      const input = contract.input.safeParse(given);
      if (!input.success) continue;
      // A refusal is fine: what was asked before it has been noted.
      await run(contextFor(name, index, userId, recording), input.data).catch(() => {});
    }
  }
  return [...noted.values()];
}

function contextFor(name: string, index: number, userId: number, db: Database): SystemContext {
  const everyone = {
    action: name,
    requestId: `queries-${name}-${index}`,
    now: new Date(`${TODAY}T04:00:00.000Z`),
    today: TODAY,
    deadline: Date.now() + 60_000,
    db,
    cache: { run: async () => null, usage: { trips: 0, ms: 0 } },
  };
  return Object.assign(everyone, {
    userId,
    subject: 'subject',
    epoch: null,
    openid: `bench-${userId}`,
    address: null,
    actor: 'queries',
    caller: { userId, epoch: null },
    guardianToken: null,
  });
}

const ACCESS = /^\s*->\s*(.*?(?:scan|lookup|search)[^(]*?)\s+(?:on|using)\s+(\S+).*\(actual time=\S+ rows=(\S+) loops=(\d+)\)/i;

/** Explains a statement by running it, and reads from its tree what each table access brought. */
async function count(connection: Connection, sql: string, values: readonly Value[], returned: number): Promise<Counts> {
  const [[plan]] = await connection.execute<RowDataPacket[]>(`EXPLAIN ANALYZE ${sql}`, [...values]);
  const lines = String(plan?.EXPLAIN).split('\n');
  const accesses = lines.flatMap((line) => {
    const [, how = '', table = '', perLoop = '0', loops = '0'] = ACCESS.exec(line) ?? [];
    // What was put together on the way is not read from a table.
    if (how === '' || table.startsWith('<') || /temporary|constant/.test(how)) return [];
    const index = /using (\w+)/.exec(line)?.[1] ?? 'PRIMARY';
    return [{ table, rows: Number(perLoop) * Number(loops), how: /table scan/i.test(how) ? `${table}: every row` : `${table}.${index}` }];
  });
  const ms = Number(/actual time=\S+?\.\.(\S+) rows/.exec(lines.find((line) => line.includes('actual')) ?? '')?.[1] ?? 0);
  const examined = Math.round(accesses.reduce((sum, access) => sum + access.rows, 0));
  return { returned, examined, ms, reads: [...new Set(accesses.map(({ how }) => how))] };
}

const isAudit = ({ name }: Measured): boolean => name.startsWith('reconcile.');

function toMarkdown(measured: Measured[], version: string, users: number): string {
  const sorted = [...measured].sort((a, b) => (a.name < b.name ? -1 : 1));
  const toRows = (chosen: Measured[]) =>
    chosen
      .map(
        ({ name, askedBy, returned, examined, ms, reads }) =>
          `| \`${name}\` | ${askedBy.map((asked) => `\`${asked}\``).join(' ')} | ${returned} | ${examined} | ${ms.toFixed(2)} | ${reads.map((read) => `\`${read}\``).join(' ')} |`,
      )
      .join('\n');
  const head = `| query | asked by | rows returned | rows examined | ms | read by |
| --- | --- | ---: | ---: | ---: | --- |`;
  return `# What each query reads

Generated by \`npm run queries\` on MySQL ${version}: every statement that the operations send, with \`EXPLAIN ANALYZE\`, on ${(users * PER_USER).toLocaleString('en')} diaries
of ${users.toLocaleString('en')} children (and 20 records and 15 tasks each). "Examined" is the sum over all table accesses of the plan; a query that joins, counts or
asks after several things examines a row for each. Milliseconds are the server's, without the network. Writes are procedures, which read single rows.
A single row that is found by a unique key while the plan is made counts as 0. Names that are no table's are derived tables: rows put together on the
way and read once more. A page by mood, tag or draft reads one child's diaries and no other's.

${head}
${toRows(sorted.filter((query) => !isAudit(query)))}

## Audits

The reconcile queries compare every row with every other that it must agree with; they read whole tables on purpose, run once a day from a timer
and return nothing as long as the books agree.

${head}
${toRows(sorted.filter(isAudit))}
`;
}

await runCommand({ usage, flags: { diaries: { type: 'string' } } }, async ({ diaries }) => {
  const users = Math.round(wholeNumber('--diaries', diaries, { fallback: 1_000_000, min: 2 * PER_USER, max: 100_000_000 }) / PER_USER);
  const cluster = await startCluster({ mysqls: 1, redises: 1, report: console.log });
  try {
    const [{ host, port, user, password }] = cluster.members;
    const admin = { host, port, user, password, database: DATABASE };
    await migrate(admin);
    await createAccounts(admin);
    const connection = await mysql.createConnection({ ...admin, timezone: 'Z', dateStrings: ['DATE'], multipleStatements: false });
    await connection.query('SET GLOBAL innodb_buffer_pool_size = 1073741824');
    console.log(`seeding ${users * PER_USER} diaries`);
    await seedOurs(connection, DATABASE, { users: users, perUser: PER_USER, deep: 1_000, today: TODAY });
    Object.assign(process.env, {
      APP_ENV: 'local',
      DB_HOST: host,
      DB_PORT: String(port),
      DB_USER: user,
      DB_PASSWORD: password,
      DB_NAME: DATABASE,
      REDIS_URL: '',
      JWT_KEYS: 'k1:a-secret-for-the-queries',
      WX_APPID: 'wx1',
      COZE_TOKEN: 'pat',
      COZE_BOT_ID: 'bot',
      COZE_API_BASE: 'http://127.0.0.1:1',
    });
    const { openDatabase, closeMysql } = await import('../shared/runtime/mysql');
    const measured = await note(openDatabase(Date.now() + 3_600_000, 'queries'), connection, Math.floor(users / 2));
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
    await closeMysql();
    await connection.end();
    writeFileSync(OUTPUT, toMarkdown(measured, String(row?.version), users));
    const wasteful = measured
      .filter((query) => !isAudit(query))
      .filter(({ returned, examined }) => examined > 50 && examined > 4 * Math.max(1, returned));
    for (const { name, returned, examined, reads } of wasteful)
      console.log(`${name}: ${examined} rows examined, ${returned} returned (${reads})`);
    console.log(`${measured.length} queries, ${OUTPUT}`);
  } finally {
    await cluster.stop();
  }
});
