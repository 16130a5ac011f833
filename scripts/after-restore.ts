import { fileURLToPath } from 'node:url';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { subjectOf } from '../shared/runtime/identity';
import { personHash } from '../shared/user/erase';
import { CommandError, runCommand } from './command';
import { connectTo, targetFrom } from './database';
import { databaseEnvironment } from './local-database';

const usage = `Makes a restored database fit to serve again. Run it before the functions are let in.

  npm run after-restore -- 12 57 …     ids of the accounts that were erased since the backup was taken: the log has them
                                       (kind "behaviour", event "account-erased", field "user")

Works on the database of DB_HOST, else on that of a running npm start.
Phones that have seen more than the backup read everything anew, and what they still have queued is sent again.`;

/**
 * A backup lacks everything that happened after it: accounts erased since are active in it, and phones are ahead of it. Erases those accounts
 * again and starts a new epoch of the change feed. The timer then removes rows and files, as after any erasure.
 */
export async function afterRestore(
  connection: Connection,
  erased: readonly number[],
  now: Date,
): Promise<{ epoch: number; erased: number[] }> {
  await connection.query('UPDATE sync_epoch SET epoch = epoch + 1');
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT epoch FROM sync_epoch');
  const done: number[] = [];
  for (const id of erased) {
    const [[user]] = await connection.query<RowDataPacket[]>('SELECT openid FROM users WHERE id = ? AND status = 1', [id]);
    // Created after the backup, or already erased in it.
    if (!user) continue;
    await connection.query('CALL post_erase(?, NULL, ?, ?)', [id, personHash(subjectOf(String(user.openid))), now]);
    done.push(id);
  }
  return { epoch: Number(row?.epoch), erased: done };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runCommand({ usage, maxWords: 10_000 }, async (_, words) => {
    const ids = words.map(Number);
    const wrong = words.find((_, index) => !Number.isSafeInteger(ids[index]) || Number(ids[index]) < 1);
    if (wrong !== undefined) throw new CommandError(`'${wrong}' is no id of an account: ids are whole numbers above zero.`);
    const target = targetFrom(databaseEnvironment());
    const connection = await connectTo(target, target.database);
    try {
      const { epoch, erased } = await afterRestore(connection, ids, new Date());
      console.log(`epoch ${epoch}; erased again: ${erased.join(', ') || 'none'}`);
    } finally {
      await connection.end();
    }
  });
}
