import type { Connection, RowDataPacket } from 'mysql2/promise';
import { addDays } from '../shared/clock';

/** The users 1 … `users` with `perUser` diaries each, and after them one with `deep`. The same rows for both products, day by day as in life. */
export interface Size {
  users: number;
  perUser: number;
  deep: number;
  today: string;
}

export const openidOf = (userId: number): string => `bench-${userId}`;

const RECORDS = 20;
const RECORD_AMOUNT = 50_000;
const TASK_DAYS = 3;
const TASKS = ['diary', 'reading', 'sport', 'tidy', 'sleep'];
const DAYS_AT_ONCE = 10;

const SENTENCES = [
  '今天和妈妈去公园散步，看到很多小鸭子在湖里游泳。',
  '数学课上我第一个做完了练习，老师表扬了我。',
  '晚上读了二十分钟的故事书，学会了三个新词。',
  '下午下了一场大雨，我和同学一起在教室里等雨停。',
  '帮爸爸洗了碗，还整理了自己的书桌，感觉很有成就感。',
  '体育课跑步我比上次快了五秒，明天继续加油！',
].map((sentence) => `'${sentence}'`);

const sentence = (seed: string) => `ELT(1 + (${seed}) % ${SENTENCES.length}, ${SENTENCES.join(', ')})`;

/** Of the diary `n` of user `u`: a hundred characters or so. */
const DIARY = {
  content: `CONCAT(${sentence('u + n')}, ${sentence('u + n + 5')}, ${sentence('u + n + 3')}, IF(n % 2 = 0, ${sentence('n')}, ''))`,
  mood: "ELT(1 + (u + n) % 4, 'happy', 'calm', 'sad', 'excited')",
  weather: "ELT(1 + n % 3, 'sunny', 'rainy', 'cloudy')",
  images: "JSON_ARRAY(CONCAT('https://example.tcb.qcloud.la/', u, '/', n, '.jpg'))",
  tags: "JSON_ARRAY('学习', '开心')",
};

const count = (name: string, column: string, from: number, to: number): string =>
  `${name} AS (SELECT CAST(${from} AS UNSIGNED) AS ${column} UNION ALL SELECT ${column} + 1 FROM ${name} WHERE ${column} < ${to})`;

/** Rows for (n, u) in two ranges; `n` counts a user's diaries from the oldest. */
const grid = (from: { n: number; u: number }, to: { n: number; u: number }): string =>
  `WITH RECURSIVE ${count('diary_numbers', 'n', from.n, to.n)}, ${count('user_numbers', 'u', from.u, to.u)}`;

const inOrder = 'FROM diary_numbers JOIN user_numbers ORDER BY n, u';

async function seedDiaries(
  connection: Connection,
  { users, perUser, deep, today }: Size,
  insert: (date: (count: number) => string) => string,
) {
  const date = (total: number) => `DATE_SUB('${today}', INTERVAL ${total} - n DAY)`;
  for (let n = 0; n < perUser; n += DAYS_AT_ONCE) {
    const to = { n: Math.min(n + DAYS_AT_ONCE, perUser) - 1, u: users };
    await connection.query(insert(() => date(perUser)).replace('GRID', grid({ n, u: 1 }, to)));
  }
  await connection.query(insert(() => date(deep)).replace('GRID', grid({ n: 0, u: users + 1 }, { n: deep - 1, u: users + 1 })));
}

const prepare = async (connection: Connection, database: string): Promise<void> => {
  await connection.changeUser({ database });
  await connection.query('SET SESSION cte_max_recursion_depth = 10000000, unique_checks = 0, foreign_key_checks = 0');
};

export async function seedOurs(connection: Connection, database: string, size: Size): Promise<void> {
  const { users, perUser, deep, today } = size;
  const all = `WITH RECURSIVE ${count('user_numbers', 'u', 1, users + 1)}`;
  const diaries = `IF(u > ${users}, ${deep}, ${perUser})`;
  const now = 'UTC_TIMESTAMP(3)';
  await prepare(connection, database);
  await connection.query(`INSERT INTO users
      (id, openid, nickname, points, points_seq, total_diaries, continuous_days, longest_days, last_diary_date, rev, created_at, updated_at) ${all}
    SELECT u, CONCAT('bench-', u), CONCAT('用户', u), ${RECORDS * RECORD_AMOUNT}, ${RECORDS}, ${diaries}, ${diaries}, ${diaries}, '${addDays(today, -1)}',
      ${diaries} + ${RECORDS + TASK_DAYS * TASKS.length}, ${now}, ${now} FROM user_numbers`);
  await seedDiaries(
    connection,
    size,
    (date) => `INSERT INTO diaries
      (user_id, id, diary_date, content, mood, weather, images, tags, rev, content_rev, modified_at, created_at, updated_at) GRID
    SELECT u, n + 1, ${date(0)}, ${DIARY.content}, ${DIARY.mood}, ${DIARY.weather}, ${DIARY.images}, ${DIARY.tags}, n + 1, n + 1, ${now}, ${now}, ${now}
    ${inOrder}`,
  );
  await connection.query(`INSERT INTO point_records
      (user_id, seq, amount, balance_after, source, source_key, description, related_type, rev, created_at)
    ${grid({ n: 1, u: 1 }, { n: RECORDS, u: users + 1 })}
    SELECT u, n, ${RECORD_AMOUNT}, n * ${RECORD_AMOUNT}, '完成任务', CONCAT('seed:', n), CONCAT('种子记录', n), 'task', ${diaries} + n, ${now} ${inOrder}`);
  await connection.query(`INSERT INTO tasks
      (user_id, id, task_date, task_key, title, category, points_reward, is_system, rev, created_at, updated_at)
    ${grid({ n: 1, u: 1 }, { n: TASK_DAYS * TASKS.length, u: users + 1 })}
    SELECT u, ${diaries} + ${RECORDS} + n, DATE_SUB('${today}', INTERVAL (n - 1) DIV ${TASKS.length} DAY),
      CONCAT('sys:', ELT(1 + (n - 1) % ${TASKS.length}, ${TASKS.map((key) => `'${key}'`).join(', ')})), '读书20分钟', 'study', 10, TRUE,
      ${diaries} + ${RECORDS} + n, ${now}, ${now} ${inOrder}`);
  await connection.query('ANALYZE TABLE users, diaries, point_records, tasks');
}

export async function seedPeer(connection: Connection, database: string, size: Size): Promise<void> {
  const { users, perUser, deep, today } = size;
  const all = `WITH RECURSIVE ${count('user_numbers', 'u', 1, users + 1)}`;
  const diaries = `IF(u > ${users}, ${deep}, ${perUser})`;
  await prepare(connection, database);
  await connection.query(`INSERT INTO users (id, openid, nickname, points, total_diaries, continuous_days, last_diary_date) ${all}
    SELECT u, CONCAT('bench-', u), CONCAT('用户', u), ${RECORDS * RECORD_AMOUNT}, ${diaries}, ${diaries}, '${addDays(today, -1)}' FROM user_numbers`);
  // Ids as AUTO_INCREMENT would give them, so that it is known whose diary an id is.
  await seedDiaries(
    connection,
    size,
    (date) => `INSERT INTO diaries (id, user_id, diary_date, content, mood, weather, images, tags) GRID
    SELECT IF(u > ${users}, ${users * perUser + 1} + n, n * ${users} + u), u, ${date(0)}, ${DIARY.content}, ${DIARY.mood}, ${DIARY.weather},
      ${DIARY.images}, ${DIARY.tags} ${inOrder}`,
  );
  await connection.query(`INSERT INTO point_records (user_id, amount, source, description, related_type)
    ${grid({ n: 1, u: 1 }, { n: RECORDS, u: users + 1 })}
    SELECT u, ${RECORD_AMOUNT}, '完成任务', CONCAT('种子记录', n), 'task' ${inOrder}`);
  await connection.query(`INSERT INTO tasks (user_id, system_key, title, category, points_reward, is_system, task_date)
    ${grid({ n: 1, u: 1 }, { n: TASK_DAYS * TASKS.length, u: users + 1 })}
    SELECT u, ELT(1 + (n - 1) % ${TASKS.length}, ${TASKS.map((key) => `'${key}'`).join(', ')}), '读书20分钟', 'study', 10, TRUE,
      DATE_SUB('${today}', INTERVAL (n - 1) DIV ${TASKS.length} DAY) ${inOrder}`);
  await connection.query('ANALYZE TABLE users, diaries, point_records, tasks');
}

/** Of user `userId`'s diary number `n`, counted from the oldest. */
export const peerDiaryId = ({ users }: Size, userId: number, n: number): number => n * users + userId;

/** Users without diaries, so that each diary written next is the newest of its writer; answers the id of the first. */
export async function addWriters(connection: Connection, database: string, total: number): Promise<number> {
  const [[row]] = await connection.query<RowDataPacket[]>(`SELECT MAX(id) + 1 AS first FROM ${database}.users`);
  const first = Number(row?.first);
  await connection.query(
    `INSERT INTO ${database}.users (id, openid, created_at, updated_at) WITH RECURSIVE ${count('user_numbers', 'u', first, first + total - 1)}
     SELECT u, CONCAT('bench-', u), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM user_numbers`,
  );
  return first;
}

const TITLE = '为测量准备的任务';

/** Open tasks of today for the users from `first` on; answers their ids by user. As if the system had given them: own ones are capped. */
export async function addTasks(
  connection: Connection,
  product: 'ours' | 'peer',
  database: string,
  { first, users, perUser, today }: { first: number; users: number; perUser: number; today: string },
): Promise<Map<number, number[]>> {
  const rows = grid({ n: 1, u: first }, { n: perUser, u: first + users - 1 });
  await prepare(connection, database);
  if (product === 'ours') {
    await connection.query('UPDATE users SET rev = rev + ? WHERE id BETWEEN ? AND ?', [perUser, first, first + users - 1]);
    await connection.query(
      `INSERT INTO tasks (user_id, id, task_date, task_key, title, points_reward, is_system, rev, created_at, updated_at) ${rows}
       SELECT u, rev - ? + n, ?, CONCAT('sys:', rev - ? + n), ?, 10, TRUE, rev - ? + n, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
         FROM diary_numbers JOIN user_numbers JOIN users ON users.id = u`,
      [perUser, today, perUser, TITLE, perUser],
    );
  } else {
    await connection.query(`INSERT INTO tasks (user_id, title, points_reward, task_date) ${rows} SELECT u, ?, 10, ? ${inOrder}`, [
      TITLE,
      today,
    ]);
  }
  const [open] = await connection.query<RowDataPacket[]>(
    'SELECT user_id, id FROM tasks WHERE user_id BETWEEN ? AND ? AND title = ? AND NOT is_completed',
    [first, first + users - 1, TITLE],
  );
  const ids = new Map<number, number[]>();
  for (const { user_id, id } of open) ids.set(Number(user_id), [...(ids.get(Number(user_id)) ?? []), Number(id)]);
  return ids;
}
