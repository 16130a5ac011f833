import type { RowDataPacket } from 'mysql2/promise';
import { findMismatches, invariants } from '../shared/upkeep/queries';
import { connectTo, targetFrom } from './database';

const target = targetFrom(process.env);
const connection = await connectTo(target, target.database);
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
