import { type JobRow, toJob } from '../ai/row';
import type { Moment } from '../clock';
import { type Account, guard, guardValues, requireAccount } from '../database/account';
import * as call from '../database/procedures';
import type { Diary, Mood } from '../diary/contract';
import { type MoodRow, moodJson, toMood } from '../diary/mood-row';
import { type DiaryRow, toDiary } from '../diary/row';
import type { Streak } from '../diary/streak';
import type { ErrorCode } from '../errors';
import type { Draw } from '../lottery/contract';
import { type DrawRow, toDraw } from '../lottery/row';
import { type RecordRow, toRecord } from '../points/row';
import { type Posted, type Request, systemRequestId } from '../request';
import type { Database } from '../runtime/mysql';
import { dayPlan } from '../task/day-plan';
import type { DayPlan } from '../task/due';
import { type TaskRow, toTask } from '../task/row';
import type { ProfileRow } from '../user/row';
import type { Change, ChangeKind } from './contract';
import { type Revision, revisionsJson } from './revisions';

/** The request id of a mutation: its client's id and its mid. */
export const requestIdOf = (clientId: string, mid: number): string => systemRequestId(`${clientId}:${String(mid).padStart(10, '0')}`);
const midIn = (requestId: string): number => Number(requestId.slice(-10));
const LAST_MID = 4_294_967_295;

interface Answered {
  hash: Buffer;
  /** The client has acknowledged the answer: only the hash of the content is left. */
  isForgotten: boolean;
}

export interface Known {
  /** The last answered mid of the client; 0 for none. */
  lastMid: number;
  /** What is stored about the requested mids. */
  answers: Map<number, Answered>;
}

export const selectKnown = async (db: Database, account: Account, clientId: string, firstMid: number, lastMid: number): Promise<Known> => {
  const rows = await db.rows<{ last: string | null; request_id: string | null; hash: Buffer | null; is_forgotten: 0 | 1 }>(
    'sync.known',
    `SELECT (SELECT MAX(request_id) FROM requests WHERE user_id = u.id AND request_id BETWEEN ? AND ?) AS last,
            r.request_id, r.hash, r.receipt IS NULL AS is_forgotten
       FROM users u LEFT JOIN requests r ON r.user_id = u.id AND r.request_id BETWEEN ? AND ?
      WHERE ${guard('u')}`,
    [
      requestIdOf(clientId, 1),
      requestIdOf(clientId, LAST_MID),
      requestIdOf(clientId, firstMid),
      requestIdOf(clientId, lastMid),
      ...guardValues(account),
    ],
  );
  const { last } = requireAccount(rows);
  const answers = new Map<number, Answered>();
  for (const { request_id, hash, is_forgotten } of rows) {
    if (request_id !== null && hash !== null) answers.set(midIn(request_id), { hash, isForgotten: is_forgotten === 1 });
  }
  return { lastMid: last === null ? 0 : midIn(last), answers };
};

export const selectAnswer = async (db: Database, userId: number, requestId: string): Promise<Answered | null> => {
  const [row] = await db.rows<{ hash: Buffer; is_forgotten: 0 | 1 }>(
    'sync.answer',
    'SELECT hash, receipt IS NULL AS is_forgotten FROM requests WHERE user_id = ? AND request_id = ?',
    [userId, requestId],
  );
  return row ? { hash: row.hash, isForgotten: row.is_forgotten === 1 } : null;
};

/** The id of the task that a mutation made, or null. */
export const selectMadeTask = async (db: Database, userId: number, requestId: string): Promise<number | null> => {
  const [row] = await db.rows<{ id: number | null }>(
    'sync.made-task',
    `SELECT JSON_VALUE(receipt, '$.id' RETURNING UNSIGNED) AS id
       FROM requests WHERE user_id = ? AND request_id = ? AND action = 'task.create'`,
    [userId, requestId],
  );
  return row?.id ?? null;
};

/** The version of the diary that a put found unchanged (`same`); 0 for any other put. */
export const selectMetVersion = async (db: Database, userId: number, requestId: string): Promise<number> => {
  const [row] = await db.rows<{ version: number | null }>(
    'sync.met-version',
    `SELECT JSON_VALUE(receipt, '$.version' RETURNING UNSIGNED) AS version
       FROM requests WHERE user_id = ? AND request_id = ? AND JSON_CONTAINS(receipt, 'false', '$.isConflict')`,
    [userId, requestId],
  );
  return row?.version ?? 0;
};

/** The receipt of a put that lost, or found the diary already as it wants it. `version`: of the diary it found; 0 for none. */
export interface PutReceipt {
  isConflict: boolean;
  version: number;
}

/** The receipt of a mutation that wrote nothing. */
export type UnwrittenReceipt = PutReceipt | { refused: ErrorCode };

/** Stores a receipt without any other write. With `baseRev` it throws Moved when the user's data have changed since. */
export const postAnswer = <Receipt extends UnwrittenReceipt>(
  db: Database,
  { userId, epoch }: Account,
  request: Request,
  { baseRev = null, revision = null }: { baseRev?: number | null; revision?: Revision | null },
  receipt: Receipt,
  now: Date,
): Promise<Posted<Receipt>> =>
  call.postAnswer(db, { userId, epoch, ...request, baseRev, revisions: revision && revisionsJson([revision]), receipt, now });

export const postFailure = (db: Database, { userId, epoch }: Account, requestId: string, now: Date): Promise<{ failures: number }> =>
  call.postFailure(db, { userId, epoch, requestId, now });

/** More mutations than any client's queue holds: receipts further back were dropped by earlier acknowledgements. */
const ACK_REACH = 1_000;

export const postAck = (
  db: Database,
  { userId, epoch }: Account,
  clientId: string,
  ack: number,
  seenRev: number | null,
): Promise<unknown> =>
  call.postAck(db, {
    userId,
    epoch,
    first: requestIdOf(clientId, Math.max(0, ack - ACK_REACH)),
    last: requestIdOf(clientId, ack),
    seenRev,
  });

/** The state of the user's data at the time of the read. */
export interface Head extends Streak {
  epoch: number;
  rev: number;
  gcRev: number;
  points: number;
  /** The receipt of the acknowledged mid is still stored. */
  hasAcknowledged: boolean;
}

/** The row of each kind, in the form that the slice's own mapping takes. */
type Payload =
  | { kind: 'diary'; row: DiaryRow }
  | { kind: 'task'; row: TaskRow }
  | { kind: 'record'; row: RecordRow }
  | { kind: 'draw'; row: DrawRow }
  | { kind: 'mood'; row: MoodRow }
  | { kind: 'job'; row: JobRow }
  | { kind: 'profile'; row: ProfileRow };

/** A change in the contract's form. The caller adds the profile, because it depends on the day. */
export type FeedRow = Exclude<Change, { kind: 'profile' }> | { kind: 'profile'; rev: number; row: ProfileRow };

type HeadRow = Streak & { epoch: number; head_rev: number; gc_rev: number; points: number; has_acknowledged: 0 | 1 };
type JoinedRow = HeadRow & { rev: number; is_deleted: 0 | 1 } & (Payload | { kind: null });

function toFeedRow(joined: JoinedRow): FeedRow[] {
  const { rev } = joined;
  const isDeleted = joined.is_deleted === 1;
  switch (joined.kind) {
    case null:
      return [];
    case 'diary': {
      const row = toDiary(joined.row);
      return [{ kind: 'diary', key: row.date, rev, ...(isDeleted ? { deleted: true } : { row }) }];
    }
    case 'task': {
      const row = toTask(joined.row);
      return [{ kind: 'task', key: String(row.id), rev, ...(isDeleted ? { deleted: true } : { row }) }];
    }
    case 'record':
      return [{ kind: 'record', key: String(joined.row.seq), rev, row: toRecord(joined.row) }];
    case 'draw':
      return [{ kind: 'draw', key: String(joined.row.id), rev, row: toDraw(joined.row) }];
    case 'mood': {
      const row = toMood(joined.row);
      return [{ kind: 'mood', key: row.date, rev, row }];
    }
    case 'job':
      return [{ kind: 'job', key: String(joined.row.id), rev, row: toJob(joined.row) }];
    case 'profile':
      return [{ kind: 'profile', rev, row: joined.row }];
  }
}

const changesIn = (kind: ChangeKind, table: string, id: string, isDeleted: string, rev = 'rev'): string =>
  `(SELECT '${kind}' AS kind, ${id} AS id, ${rev} AS rev, ${isDeleted} AS is_deleted FROM ${table} WHERE user_id = ? AND ${rev} > ? ORDER BY ${rev} LIMIT ?)`;

/** Of a ledger seq and rev grow together: its new rows are found from the end of the primary key. */
const newRecords = `(SELECT 'record' AS kind, seq AS id, rev, 0 AS is_deleted FROM point_records
            WHERE user_id = ? AND seq > COALESCE((SELECT seq FROM point_records WHERE user_id = ? AND rev <= ? ORDER BY seq DESC LIMIT 1), 0)
            ORDER BY seq LIMIT ?)`;

/**
 * The changes after a rev, in order, at most `limit` rows. One statement reads all kinds and so uses one read view: a reader at rev n has every
 * change up to n. The profile comes last, because its rev is the user's own. A draw never changes: its rev is its id, found by the primary key.
 */
export const selectFeed = async (
  db: Database,
  account: Account,
  { after, limit, clientId, ack }: { after: number; limit: number; clientId: string; ack: number },
): Promise<{ head: Head; rows: FeedRow[] }> => {
  const { userId } = account;
  const part = [userId, after, limit] as const;
  const rows = await db.rows<JoinedRow>(
    'sync.feed',
    `SELECT e.epoch, u.rev AS head_rev, u.gc_rev, u.points, u.total_diaries AS total, u.continuous_days AS run, u.longest_days AS longest,
            u.last_diary_date AS last,
            EXISTS (SELECT 1 FROM requests WHERE user_id = u.id AND request_id = ? AND action <> 'task.create'
                      AND NOT JSON_CONTAINS_PATH(receipt, 'one', '$.refused', '$.isConflict'))
              AS has_acknowledged,
            page.kind, page.rev, page.is_deleted,
            CASE page.kind
              WHEN 'diary' THEN (SELECT diary FROM diary_json WHERE user_id = u.id AND id = page.id)
              WHEN 'task' THEN (SELECT task FROM task_json WHERE user_id = u.id AND id = page.id)
              WHEN 'record' THEN (SELECT record FROM record_json WHERE user_id = u.id AND seq = page.id)
              WHEN 'draw' THEN (SELECT draw FROM draw_json WHERE user_id = u.id AND id = page.id)
              WHEN 'mood' THEN (SELECT ${moodJson} FROM moods WHERE user_id = u.id AND mood_date = FROM_DAYS(page.id))
              WHEN 'job' THEN (
                SELECT JSON_OBJECT('id', id, 'kind', kind, 'diary_id', diary_id, 'status', status, 'result', result, 'error_code', error_code,
                    'created_at', DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s.%fZ'), 'finished_at', DATE_FORMAT(finished_at, '%Y-%m-%dT%H:%i:%s.%fZ'))
                  FROM ai_jobs WHERE user_id = u.id AND id = page.id)
              WHEN 'profile' THEN (SELECT profile FROM profile_json WHERE user_id = u.id)
            END AS \`row\`
       FROM users u
       JOIN sync_epoch e
       LEFT JOIN (
         ${changesIn('diary', 'diaries', 'id', 'deleted_at IS NOT NULL')}
         UNION ALL ${changesIn('task', 'tasks', 'id', 'deleted_at IS NOT NULL')}
         UNION ALL ${newRecords}
         UNION ALL ${changesIn('draw', 'lottery_records', 'id', '0', 'id')}
         UNION ALL ${changesIn('draw', 'won_prizes', 'draw_id', '0')}
         UNION ALL ${changesIn('mood', 'moods', 'TO_DAYS(mood_date)', '0')}
         UNION ALL ${changesIn('job', 'ai_jobs', 'id', '0')}
         UNION ALL (SELECT 'profile', id, rev, 0 FROM users WHERE id = ? AND rev > ?)
         ORDER BY rev LIMIT ?
       ) AS page ON TRUE
      WHERE ${guard('u')}
      ORDER BY page.rev, page.kind = 'profile'`,
    [
      requestIdOf(clientId, ack),
      ...part,
      ...part,
      userId,
      ...part,
      ...part,
      ...part,
      ...part,
      ...part,
      userId,
      after,
      limit,
      ...guardValues(account),
    ],
  );
  const first = requireAccount(rows);
  const { epoch, head_rev: rev, gc_rev: gcRev, points, total, run, longest, last } = first;
  return {
    head: { epoch, rev, gcRev, points, total, run, longest, last, hasAcknowledged: first.has_acknowledged === 1 },
    rows: rows.flatMap(toFeedRow),
  };
};

const LATEST_DIARIES = 10;
const OPEN_PRIZES = 10;

type HomeRow =
  | Payload
  | { kind: 'conflicts'; row: number }
  | { kind: 'plan'; row: DayPlan }
  | { kind: 'gate'; row: { resetAt: string | null } }
  | { kind: 'waiting'; row: number }
  | { kind: 'prize'; row: DrawRow };

interface HomeRows {
  profile: ProfileRow;
  tasks: TaskRow[];
  plan: DayPlan;
  diaries: Diary[];
  mood: Mood | null;
  /** Null: no PIN is set. */
  gate: { resetAt: string | null } | null;
  waitingTasks: number;
  openPrizes: Draw[];
  conflicts: number;
}

/** All data of the start page in one round trip. */
export const selectHome = async (db: Database, account: Account, { today, now }: Moment): Promise<HomeRows> => {
  const { userId } = account;
  const rows = await db.rows<HomeRow>(
    'sync.home',
    `SELECT 'profile' AS kind, profile AS \`row\` FROM profile_json JOIN users ON users.id = user_id WHERE ${guard('users')}
     UNION ALL SELECT 'task', task FROM task_json WHERE user_id = ? AND task_date = ? AND deleted_at IS NULL
     UNION ALL SELECT 'plan', ${dayPlan} FROM users WHERE id = ?
     UNION ALL (SELECT 'diary', diary FROM diary_json WHERE user_id = ? AND deleted_at IS NULL ORDER BY diary_date DESC LIMIT ${LATEST_DIARIES})
     UNION ALL SELECT 'mood', ${moodJson} FROM moods WHERE user_id = ? AND mood_date = ?
     UNION ALL SELECT 'gate', JSON_OBJECT('resetAt', DATE_FORMAT(reset_at, '%Y-%m-%dT%H:%i:%s.%fZ'))
                 FROM guardian_gates WHERE user_id = ? AND (reset_at IS NULL OR reset_at > ?)
     UNION ALL SELECT 'waiting', CAST(COUNT(*) AS JSON) FROM waiting_tasks WHERE user_id = ?
     UNION ALL (SELECT 'prize', d.draw FROM won_prizes w JOIN draw_json d ON d.user_id = w.user_id AND d.id = w.draw_id
                 WHERE w.user_id = ? AND w.given_at IS NULL ORDER BY w.draw_id DESC LIMIT ${OPEN_PRIZES})
     UNION ALL SELECT 'conflicts', CAST(COUNT(*) AS JSON) FROM diary_revisions WHERE user_id = ? AND is_unread`,
    [...guardValues(account), userId, today, today, today, userId, userId, userId, today, userId, now, userId, userId, userId],
  );
  const mood = rows.find((row) => row.kind === 'mood');
  const gate = rows.find((row) => row.kind === 'gate');
  return {
    profile: requireAccount(rows.filter((row) => row.kind === 'profile')).row,
    tasks: rows.flatMap((row) => (row.kind === 'task' ? [row.row] : [])),
    plan: requireAccount(rows.filter((row) => row.kind === 'plan')).row,
    diaries: rows.flatMap((row) => (row.kind === 'diary' ? [toDiary(row.row)] : [])).sort((a, b) => (a.date < b.date ? 1 : -1)),
    mood: mood ? toMood(mood.row) : null,
    gate: gate ? gate.row : null,
    waitingTasks: rows.find((row) => row.kind === 'waiting')?.row ?? 0,
    openPrizes: rows.flatMap((row) => (row.kind === 'prize' ? [toDraw(row.row)] : [])),
    conflicts: rows.find((row) => row.kind === 'conflicts')?.row ?? 0,
  };
};
