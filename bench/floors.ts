import { randomUUID } from 'node:crypto';
import mysql from 'mysql2/promise';
import { load } from './load';
import type { Stage } from './stage';
import type { Table } from './table';

/** The bare statements of a call, sent directly by this process: the lower bound of its time. */
export async function measureFloors(
  stage: Stage,
  { callers, trips, ms }: { callers: number[]; trips: number[]; ms: number },
): Promise<Table> {
  const rows: string[][] = [];
  const { mysql: account } = stage.ourSettings(1);
  const user = (caller: number, turn: number): number => 1 + ((caller * 61 + turn) % stage.size.users);
  const statements: [string, string, (caller: number, turn: number) => (string | number)[]][] = [
    ['SELECT 1', 'SELECT 1', () => []],
    ['a user by primary key', 'SELECT id, nickname, points, total_diaries FROM users WHERE id = ?', (...at) => [user(...at)]],
    [
      'ten diaries',
      'SELECT id, diary_date, content, mood, weather, images, tags FROM diaries WHERE user_id = ? ORDER BY diary_date DESC LIMIT 10',
      (...at) => [user(...at)],
    ],
    [
      'a durable UPDATE of one row',
      `UPDATE ${account.name}.users SET updated_at = UTC_TIMESTAMP(3) WHERE id = ?`,
      (...at) => [user(...at)],
    ],
    [
      'a posting of points',
      "CALL post_points(?, NULL, ?, UNHEX(REPEAT('0', 64)), 'bench', 1, '测试', '', NULL, NULL, NULL, UTC_TIMESTAMP(3))",
      (...at) => [user(...at), randomUUID()],
    ],
  ];
  const { user: name, password } = stage.admin.config;
  for (const tripMs of trips) {
    const { mysql: address } = await stage.arena(tripMs, 16);
    const pool = mysql.createPool({
      ...address,
      user: name ?? '',
      password: password ?? '',
      database: account.name,
      connectionLimit: Math.max(...callers),
    });
    for (const [title, sql, values] of statements) {
      for (const count of callers) {
        const pids = { product: process.pid, mysqld: stage.mysqldPid, redis: stage.redisPid };
        const floor = await load((caller, turn) => pool.execute(sql, values(caller, turn)), { callers: count, ms, pids });
        rows.push([
          title,
          String(count),
          String(tripMs),
          floor.perSecond.toFixed(0),
          floor.p50.toFixed(2),
          `${floor.cpu.product.toFixed(0)} + ${floor.cpu.mysqld.toFixed(0)}`,
        ]);
      }
    }
    await pool.end();
  }
  return {
    title: 'Floors: bare prepared statements',
    note: 'By this process, with nothing around them.',
    head: ['', 'callers', 'ms a trip', 'a second', 'p50 ms', 'CPU'],
    rows,
  };
}
