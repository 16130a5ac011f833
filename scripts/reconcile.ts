import type { RowDataPacket } from 'mysql2/promise';
import { findMismatches, invariants } from '../shared/upkeep/queries';
import { runCommand } from './command';
import { connectTo, targetFrom } from './database';
import { databaseEnvironment } from './local-database';

const usage = `Counts the books: balances against the ledger, streaks against diaries, stock against draws. Changes nothing.

  npm run reconcile      the database of a running npm start
  DB_HOST=… DB_USER=… DB_PASSWORD=… DB_NAME=… npm run reconcile

Exits with 1 when something does not add up.`;

await runCommand({ usage }, async () => {
  const target = targetFrom(databaseEnvironment());
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
});
