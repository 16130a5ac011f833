import { fileURLToPath } from 'node:url';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { subjectOf } from '../shared/runtime/identity';
import { personHash } from '../shared/user/erase';

const usage = `Makes a restored database fit to serve again. Run it before the functions are let in.

  npm run after-restore -- 12 57 …     ids of the accounts that were erased since the backup was taken: the log has them
                                       (kind "behaviour", event "account-erased", field "user")

Phones that have seen more than the backup read everything anew, and what they still have queued is sent again.`;

/**
 * A backup knows nothing of what happened after it: accounts erased since are alive in it, and phones are ahead of it. Erases those accounts
 * again and starts a new epoch of the change feed. The timer removes rows and files afterwards, as after any erasure.
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
    // Made after the backup, or erased in it already.
    if (!user) continue;
    await connection.query('CALL post_erase(?, NULL, ?, ?)', [id, personHash(subjectOf(String(user.openid))), now]);
    done.push(id);
  }
  return { epoch: Number(row?.epoch), erased: done };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const ids = process.argv.slice(2).map(Number);
  if (ids.some((id) => !Number.isSafeInteger(id) || id < 1)) {
    console.error(usage);
    process.exit(1);
  }
  const { DB_HOST = '127.0.0.1', DB_PORT = '3306', DB_USER = 'root', DB_PASSWORD = '', DB_NAME = 'growth_diary' } = process.env;
  const connection = await mysql.createConnection({
    host: DB_HOST,
    port: Number(DB_PORT),
    user: DB_USER,
    password: DB_PASSWORD,
    database: DB_NAME,
    timezone: 'Z',
  });
  try {
    const { epoch, erased } = await afterRestore(connection, ids, new Date());
    console.log(`epoch ${epoch}; erased again: ${erased.join(', ') || 'none'}`);
  } finally {
    await connection.end();
  }
}
