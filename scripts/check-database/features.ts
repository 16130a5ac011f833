import type { Connection, RowDataPacket } from 'mysql2/promise';
import { type Finding, missing, ok, reasonOf } from './finding';
import type { Scratch } from './scratch';

const TEXT = '公园🌳 𠮷';
const CHECK_VIOLATED = 3819;

const errnoOf = (error: unknown): number => (error instanceof Error && 'errno' in error ? Number(error.errno) : 0);

async function attempt(needed: string, todo: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return ok(needed, await work());
  } catch (error) {
    return missing(needed, reasonOf(error), todo);
  }
}

const expectText = (found: unknown): string => {
  if (found !== TEXT) throw new Error(`'${TEXT}' came back as '${found}'`);
  return 'works';
};

async function useTable(connection: Connection, table: string): Promise<string> {
  await connection.query(
    `CREATE TABLE ${table} (id INT PRIMARY KEY AUTO_INCREMENT, word VARCHAR(20) NOT NULL, amount INT NOT NULL CHECK (amount >= 0),
      doubled INT AS (amount * 2) STORED) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci`,
  );
  await connection.execute(`INSERT INTO ${table} (word, amount) VALUES (?, 1), ('b', 2)`, [TEXT]);
  const refusal = await connection.query(`INSERT INTO ${table} (word, amount) VALUES ('c', -1)`).then(() => 0, errnoOf);
  if (refusal !== CHECK_VIOLATED) throw new Error('a CHECK is not enforced');
  const [[row]] = await connection.execute<RowDataPacket[]>(`SELECT word, doubled FROM ${table} ORDER BY id LIMIT 1`);
  if (row?.doubled !== 2) throw new Error('a generated column is wrong');
  return expectText(row.word);
}

/** As the postings do it: transaction, handler, SIGNAL and RESIGNAL, result set, called by a prepared statement. */
async function useProcedure(connection: Connection, { procedure, table }: Scratch): Promise<string> {
  await connection.query(
    `CREATE PROCEDURE ${procedure}(IN p_word VARCHAR(20) CHARACTER SET utf8mb4, IN p_amount INT)
     BEGIN
       DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
       START TRANSACTION;
       UPDATE ${table} SET word = p_word, amount = 3 WHERE id = 1;
       IF p_amount < 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'PREFLIGHT'; END IF;
       COMMIT;
       SELECT word FROM ${table} WHERE id = 1;
     END`,
  );
  const refusal = await connection.execute(`CALL ${procedure}(?, ?)`, [TEXT, -1]).then(
    () => '',
    (error: Error) => error.message,
  );
  if (refusal !== 'PREFLIGHT') throw new Error(`SIGNAL answered '${refusal}'`);
  const [results] = await connection.execute<RowDataPacket[][]>(`CALL ${procedure}(?, ?)`, [TEXT, 1]);
  return expectText(results[0]?.[0]?.word);
}

const statements: Record<string, (table: string) => string> = {
  'SELECT … FOR UPDATE SKIP LOCKED': (table) => `SELECT id FROM ${table} FOR UPDATE SKIP LOCKED`,
  'JSON_TABLE and JSON_VALUE': () =>
    `SELECT JSON_VALUE('{"a": 1}', '$.a') AS a, each_row.n FROM JSON_TABLE('[1, 2]', '$[*]' COLUMNS (n INT PATH '$')) AS each_row`,
  'window functions and common table expressions': (table) =>
    `WITH numbered AS (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM ${table}) SELECT MAX(n) AS n FROM numbered`,
  'INSERT … AS new ON DUPLICATE KEY UPDATE': (table) =>
    `INSERT INTO ${table} (id, word, amount) VALUES (1, 'd', 4) AS new ON DUPLICATE KEY UPDATE amount = new.amount`,
  'named locks (GET_LOCK)': (table) => `SELECT GET_LOCK('${table}', 1), RELEASE_LOCK('${table}')`,
};

/** What the product's statements need, each proved by using it. */
export async function checkFeatures(connection: Connection, scratch: Scratch): Promise<Finding[]> {
  const findings = [
    await attempt('tables with CHECK, generated columns and emoji', 'the account needs CREATE here, and the server MySQL 8.0', () =>
      useTable(connection, scratch.table),
    ),
    await attempt(
      'procedures: prepared CALL with a result set, SIGNAL, RESIGNAL',
      'distributed TDSQL and TiDB have none: choose TDSQL-C; else grant CREATE ROUTINE',
      () => useProcedure(connection, scratch),
    ),
  ];
  for (const [needed, statement] of Object.entries(statements)) {
    findings.push(
      await attempt(needed, 'choose MySQL 8.0.21 or later, not a server that only speaks its protocol', async () => {
        await connection.query(statement(scratch.table));
        return 'works';
      }),
    );
  }
  return findings;
}
