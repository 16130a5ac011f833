import type { Database } from '../runtime/mysql';

/** An invariant of the database; `sql` finds the users, or prizes, that violate it. */
interface Invariant {
  name: string;
  says: string;
  sql: string;
}

/** Every table that holds rows of a user. */
export const OWNED_TABLES = [
  'ai_jobs',
  'consents',
  'content_checks',
  'diaries',
  'diary_revisions',
  'erased_files',
  'erasures',
  'family_prizes',
  'family_wheels',
  'guardian_gates',
  'guardian_log',
  'guardian_notes',
  'guardians',
  'hidden_templates',
  'imports',
  'invitations',
  'lottery_records',
  'moods',
  'picture_checks',
  'point_records',
  'report_goals',
  'requests',
  'sync_failures',
  'task_rules',
  'tasks',
  'waiting_tasks',
  'won_prizes',
] as const;

/** What is kept of an erased account: amounts and reasons, without personal data. */
const KEPT = new Set<string>(['erased_files', 'erasures', 'lottery_records', 'point_records']);

const STAMPED_TABLES = ['ai_jobs', 'diaries', 'lottery_records', 'moods', 'point_records', 'tasks'];

const union = (tables: readonly string[], select: (table: string) => string): string => tables.map(select).join('\nUNION ALL\n');

export const invariants: readonly Invariant[] = [
  {
    name: 'I1 sum',
    says: 'the balance is the sum of the ledger, which is numbered 1…n',
    sql: `
      SELECT u.id AS subject, CONCAT('balance ', u.points, ', ledger ', COALESCE(r.total, 0), ', seq ', u.points_seq, ', rows ', COALESCE(r.n, 0)) AS detail
        FROM users u
        LEFT JOIN (SELECT user_id, SUM(amount) AS total, COUNT(*) AS n, MAX(seq) AS last FROM point_records GROUP BY user_id) AS r ON r.user_id = u.id
       WHERE u.points < 0 OR u.points <> COALESCE(r.total, 0) OR u.points_seq <> COALESCE(r.n, 0) OR COALESCE(r.last, 0) <> COALESCE(r.n, 0)`,
  },
  {
    name: 'I1 chain',
    says: 'every balance_after continues the row before',
    sql: `
      SELECT user_id AS subject, CONCAT('seq ', seq) AS detail
        FROM (SELECT user_id, seq, amount, balance_after, LAG(balance_after, 1, 0) OVER (PARTITION BY user_id ORDER BY seq) AS balance_before
                FROM point_records) AS chained
       WHERE balance_before + amount <> balance_after`,
  },
  {
    name: 'I2 tasks pay',
    says: 'a completed task stands in the ledger with what it paid, and an open one has paid nothing',
    sql: `
      SELECT t.user_id AS subject, CONCAT('task ', t.id) AS detail
        FROM tasks t
        LEFT JOIN point_records r ON r.user_id = t.user_id AND r.source_key = CONCAT('task:', t.id, ':', t.completions)
        LEFT JOIN point_records b ON b.user_id = t.user_id AND b.source_key = CONCAT('task:', t.id, ':', t.completions, ':back')
       WHERE t.awarded > 0 AND (NOT t.is_completed OR r.amount IS NULL OR r.amount <> t.awarded OR b.amount IS NOT NULL)`,
  },
  {
    name: 'I2 task records',
    says: 'what a task paid was either taken back in full or is what the task says',
    sql: `
      SELECT r.user_id AS subject, r.source_key AS detail
        FROM point_records r
        JOIN users u ON u.id = r.user_id AND u.status = 1
        LEFT JOIN point_records b ON b.user_id = r.user_id AND b.source_key = CONCAT(r.source_key, ':back')
        LEFT JOIN tasks t ON t.user_id = r.user_id AND t.id = CAST(SUBSTRING_INDEX(SUBSTRING_INDEX(r.source_key, ':', 2), ':', -1) AS UNSIGNED)
       WHERE r.source_key LIKE 'task:%' AND r.source_key NOT LIKE '%:back' AND NOT (b.amount <=> -r.amount)
         AND NOT COALESCE(b.amount IS NULL AND t.is_completed AND t.awarded = r.amount AND r.source_key = CONCAT('task:', t.id, ':', t.completions), FALSE)
         AND NOT (t.id IS NULL AND r.rev <= u.gc_rev)
       UNION ALL
      SELECT b.user_id, b.source_key FROM point_records b
       WHERE b.source_key LIKE 'task:%:back'
         AND NOT EXISTS (SELECT 1 FROM point_records r WHERE r.user_id = b.user_id AND r.source_key = SUBSTRING_INDEX(b.source_key, ':back', 1))`,
  },
  {
    name: 'I2 draws',
    says: 'a draw stands in the ledger with its cost and its prize',
    sql: `
      SELECT d.user_id AS subject, CONCAT('draw ', d.id) AS detail
        FROM lottery_records d
        LEFT JOIN point_records c ON c.user_id = d.user_id AND c.source_key = CONCAT('draw:', d.id, ':cost')
        LEFT JOIN point_records p ON p.user_id = d.user_id AND p.source_key = CONCAT('draw:', d.id, ':prize')
       WHERE d.roll IS NOT NULL
         AND (COALESCE(c.amount, 0) <> -CAST(d.cost_points AS SIGNED) OR COALESCE(p.amount, 0) <> d.points_won)`,
  },
  {
    name: 'I2 causes',
    says: 'no ledger row is without its cause',
    sql: `
      SELECT r.user_id AS subject, r.source_key AS detail
        FROM point_records r JOIN users u ON u.id = r.user_id
       WHERE CASE
         WHEN r.source_key LIKE 'draw:%' THEN NOT EXISTS (
           SELECT 1 FROM lottery_records d
            WHERE d.user_id = r.user_id AND d.id = CAST(SUBSTRING_INDEX(SUBSTRING_INDEX(r.source_key, ':', 2), ':', -1) AS UNSIGNED) AND d.roll IS NOT NULL)
         WHEN r.source_key LIKE 'diary:%' THEN u.status = 1 AND r.rev > u.gc_rev AND NOT EXISTS (
           SELECT 1 FROM diaries d WHERE d.user_id = r.user_id AND d.diary_date = CAST(SUBSTRING(r.source_key, 7) AS DATE))
         WHEN r.source_key LIKE 'mood:%' THEN u.status = 1 AND NOT EXISTS (
           SELECT 1 FROM moods m WHERE m.user_id = r.user_id AND m.mood_date = CAST(SUBSTRING(r.source_key, 6) AS DATE))
         ELSE r.source_key NOT LIKE 'task:%' AND r.source_key NOT LIKE 'req:%' AND r.source_key NOT LIKE 'bonus:%' AND r.source_key <> 'migration'
       END`,
  },
  {
    name: 'I3 totals',
    says: 'totals and streaks are what the published days say',
    sql: `
      WITH counted AS (
        SELECT user_id, SUM(NOT is_draft) AS published, SUM(is_draft) AS drafts, MAX(IF(is_draft, NULL, diary_date)) AS last
          FROM diaries FORCE INDEX (idx_user_day) WHERE deleted_at IS NULL GROUP BY user_id
      ), runs AS (
        SELECT user_id, MAX(diary_date) AS last, COUNT(*) AS days
          FROM (SELECT user_id, diary_date, diary_date - INTERVAL ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY diary_date) DAY AS island
                  FROM diaries FORCE INDEX (idx_user_day) WHERE deleted_at IS NULL AND NOT is_draft) AS numbered
         GROUP BY user_id, island
      ), longest AS (SELECT user_id, MAX(days) AS days FROM runs GROUP BY user_id)
      SELECT u.id AS subject, CONCAT_WS(' ', 'published', u.total_diaries, 'drafts', u.total_drafts, 'run', u.continuous_days, 'longest', u.longest_days) AS detail
        FROM users u
        LEFT JOIN counted c ON c.user_id = u.id
        LEFT JOIN runs r ON r.user_id = u.id AND r.last = c.last
        LEFT JOIN longest l ON l.user_id = u.id
       WHERE u.status = 1
         AND (u.total_diaries <> COALESCE(c.published, 0) OR u.total_drafts <> COALESCE(c.drafts, 0) OR NOT u.last_diary_date <=> c.last
              OR u.continuous_days <> COALESCE(r.days, 0) OR u.longest_days <> COALESCE(l.days, 0))`,
  },
  {
    name: 'I4 stock',
    says: 'no stock below none; what was issued is what draws took',
    sql: `
      SELECT p.id AS subject, CONCAT('stock ', p.stock, ', issued ', p.issued, ', taken ', COALESCE(d.taken, 0)) AS detail
        FROM lottery_prizes p
        LEFT JOIN (SELECT prize_id, COUNT(*) AS taken FROM lottery_records WHERE took_stock GROUP BY prize_id) AS d ON d.prize_id = p.id
       WHERE p.stock < -1 OR p.issued <> COALESCE(d.taken, 0)`,
  },
  {
    name: 'I5 revs',
    says: 'no row is newer than its user',
    sql: union(
      STAMPED_TABLES,
      (table) =>
        `SELECT t.user_id AS subject, CONCAT('${table} rev ', t.rev) AS detail FROM ${table} t JOIN users u ON u.id = t.user_id WHERE t.rev > u.rev`,
    ),
  },
  {
    name: 'I5 postings',
    says: 'two ledger rows share a rev only when one draw wrote both',
    sql: `
      SELECT user_id AS subject, CONCAT('rev ', rev) AS detail FROM point_records
       GROUP BY user_id, rev
      HAVING COUNT(*) > 1 AND (COUNT(*) > 2 OR SUM(source_key = CONCAT('draw:', rev, ':cost')) <> 1 OR SUM(source_key = CONCAT('draw:', rev, ':prize')) <> 1)`,
  },
  {
    name: 'I5 draws',
    says: 'a draw has the rev it was made at as its id: the change feed finds new ones by it',
    sql: "SELECT user_id AS subject, CONCAT('draw ', id, ' rev ', rev) AS detail FROM lottery_records WHERE rev <> id",
  },
  {
    name: 'I6 orphans',
    says: 'no row belongs to a user that does not exist (requests of user 0 are the operators’)',
    sql: union(
      OWNED_TABLES,
      (table) =>
        `SELECT t.user_id AS subject, '${table}' AS detail FROM ${table} t LEFT JOIN users u ON u.id = t.user_id WHERE u.id IS NULL AND t.user_id <> 0`,
    ),
  },
  {
    name: 'I6 erased',
    says: 'nothing of an erased user is left but sums and causes',
    sql: union(
      OWNED_TABLES.filter((table) => !KEPT.has(table)),
      (table) =>
        `SELECT t.user_id AS subject, '${table}' AS detail FROM ${table} t JOIN erasures e ON e.user_id = t.user_id WHERE e.finished_at IS NOT NULL`,
    ).concat(
      `\nUNION ALL
      SELECT id, 'users' FROM users WHERE status = 0 AND (openid IS NOT NULL OR nickname <> '' OR avatar_url <> '')`,
    ),
  },
];

export interface Mismatch {
  invariant: string;
  /** A user's id; for I4 a prize's. */
  subject: number;
  detail: string;
}

const MOST = 100;

/** Checks every invariant; an empty list means that all hold. Reads whole tables: not for a request of a user. */
export async function findMismatches(db: Pick<Database, 'rows'>): Promise<Mismatch[]> {
  const found: Mismatch[] = [];
  for (const { name, sql } of invariants) {
    const rows = await db.rows<{ subject: number; detail: string }>(
      `reconcile.${name}`,
      `SELECT * FROM (${sql}) AS mismatches LIMIT ${MOST}`,
      [],
    );
    found.push(...rows.map(({ subject, detail }) => ({ invariant: name, subject, detail })));
  }
  return found;
}
