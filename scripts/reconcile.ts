import mysql, { type RowDataPacket } from 'mysql2/promise';
import { findMismatches, invariants } from '../shared/upkeep/queries';

const { DB_HOST = '127.0.0.1', DB_PORT = '3306', DB_USER = 'root', DB_PASSWORD = '', DB_NAME = 'growth_diary' } = process.env;
const connection = await mysql.createConnection({
  host: DB_HOST,
  port: Number(DB_PORT),
  user: DB_USER,
  password: DB_PASSWORD,
  database: DB_NAME,
});
try {
  const mismatches = await findMismatches({
    async rows<Row>(_: string, sql: string) {
      const [rows] = await connection.query<RowDataPacket[]>(sql);
      return rows as Row[];
    },
  });
  for (const { name, says } of invariants) {
    const found = mismatches.filter(({ invariant }) => invariant === name);
    console.log(`${found.length === 0 ? 'ok  ' : 'FAIL'} ${name}: ${says}`);
    for (const { subject, detail } of found) console.log(`       ${name.startsWith('I4') ? 'prize' : 'user'} ${subject}: ${detail}`);
  }
  process.exitCode = mismatches.length > 0 ? 1 : 0;
} finally {
  await connection.end();
}
