import { addDays, startOfDay } from '../clock';
import { type Account, guard, guardValues, requireAccount } from '../database/account';
import type { Database } from '../runtime/mysql';
import type { Goal } from './contract';
import type { Period } from './period';

interface AccountFacts {
  nickname: string;
  sharesDiary: 0 | 1;
  /** Balance at the end of the period. */
  balance: number;
  /** Latest published day up to the end of the period, and the first day of the run that ends there. */
  lastDay: string | null;
  runStart: string | null;
  previousDiaries: number;
  previousTasks: number;
  previousEarned: number;
}

export interface DiaryFacts {
  id: number;
  date: string;
  mood: string;
  images: string[];
  tags: string[];
  /** The first characters of the content. */
  excerpt: string;
  characters: number;
}

/** `at` is a day, or a month in a report of a year. */
export interface TaskFacts {
  at: string;
  category: string;
  completed: number;
  total: number;
}

interface PointFacts {
  at: string;
  earned: number;
  spent: number;
}

/** The mood of a day, or of its diary when the day has none of its own. */
export interface MoodFacts {
  date: string;
  mood: string;
}

interface Facts {
  mood: MoodFacts;
  account: AccountFacts;
  diary: DiaryFacts;
  task: TaskFacts;
  points: PointFacts;
  goals: Goal[];
}

/** What a report is made of. */
export interface ReportFacts {
  account: AccountFacts;
  diaries: DiaryFacts[];
  /** Oldest first, at most one a day. */
  moods: MoodFacts[];
  tasks: TaskFacts[];
  points: PointFacts[];
  goals: Goal[];
}

type Row = { [Kind in keyof Facts]: { kind: Kind; row: Facts[Kind] } }[keyof Facts];

export interface ReportQuery {
  period: Period;
  previous: Period;
  /** Last day of the period that is not in the future. */
  end: string;
  /** What tasks and points are grouped by. */
  by: 'day' | 'month';
  /** How many characters of each diary are read. */
  excerpt: number;
}

const BEIJING_DAY = 'DATE(created_at + INTERVAL 8 HOUR)';
const groups = {
  day: { task: 'CAST(task_date AS CHAR)', record: `CAST(${BEIJING_DAY} AS CHAR)` },
  month: { task: "DATE_FORMAT(task_date, '%Y-%m')", record: `DATE_FORMAT(${BEIJING_DAY}, '%Y-%m')` },
};

const PUBLISHED = 'deleted_at IS NULL AND NOT is_draft';
const EARNED = 'COALESCE(SUM(IF(amount > 0, amount, 0)), 0)';

/** Everything of a report in one trip. */
export async function selectReport(db: Database, account: Account, query: ReportQuery): Promise<ReportFacts> {
  const { period, previous, end, by, excerpt } = query;
  const { userId } = account;
  const { task, record } = groups[by];
  const [from, until] = [startOfDay(period.from), startOfDay(addDays(period.to, 1))];
  const rows = await db.rows<Row>(
    'report.facts',
    `SELECT 'account' AS kind, JSON_OBJECT('nickname', u.nickname,
        'sharesDiary', COALESCE(JSON_VALUE(u.settings, '$.shareDiary') = 'true', 0),
        'balance', u.points - COALESCE((SELECT SUM(amount) FROM point_records WHERE user_id = u.id AND created_at >= ?), 0),
        'lastDay', (SELECT MAX(diary_date) FROM diaries FORCE INDEX (idx_user_day) WHERE user_id = u.id AND diary_date <= ? AND ${PUBLISHED}),
        'runStart', (SELECT d.diary_date FROM diaries d FORCE INDEX (idx_user_day)
                       LEFT JOIN diaries earlier FORCE INDEX (idx_user_day) ON earlier.user_id = d.user_id AND earlier.diary_date = d.diary_date - INTERVAL 1 DAY
                         AND earlier.deleted_at IS NULL AND NOT earlier.is_draft
                      WHERE d.user_id = u.id AND d.diary_date <= ? AND d.deleted_at IS NULL AND NOT d.is_draft AND earlier.id IS NULL
                      ORDER BY d.diary_date DESC LIMIT 1),
        'previousDiaries', (SELECT COUNT(*) FROM diaries FORCE INDEX (idx_user_day) WHERE user_id = u.id AND diary_date BETWEEN ? AND ? AND ${PUBLISHED}),
        'previousTasks', (SELECT COUNT(*) FROM tasks WHERE user_id = u.id AND task_date BETWEEN ? AND ? AND is_completed AND deleted_at IS NULL),
        'previousEarned', (SELECT ${EARNED} FROM point_records WHERE user_id = u.id AND created_at >= ? AND created_at < ?)) AS \`row\`
       FROM users u WHERE ${guard('u')}
     UNION ALL
     SELECT 'diary', JSON_OBJECT('id', id, 'date', diary_date, 'mood', mood, 'images', images, 'tags', tags,
        'excerpt', LEFT(content, ?), 'characters', CHAR_LENGTH(content))
       FROM diaries WHERE user_id = ? AND diary_date BETWEEN ? AND ? AND ${PUBLISHED}
     UNION ALL
     SELECT 'mood', JSON_OBJECT('date', mood_date, 'mood', mood) FROM moods WHERE user_id = ? AND mood_date BETWEEN ? AND ?
     UNION ALL
     SELECT 'task', JSON_OBJECT('at', at, 'category', category, 'completed', completed, 'total', total) FROM (
       SELECT ${task} AS at, category, SUM(is_completed) AS completed, COUNT(*) AS total
         FROM tasks WHERE user_id = ? AND task_date BETWEEN ? AND ? AND deleted_at IS NULL GROUP BY at, category) AS task_counts
     UNION ALL
     SELECT 'points', JSON_OBJECT('at', at, 'earned', earned, 'spent', spent) FROM (
       SELECT ${record} AS at, ${EARNED} AS earned, -COALESCE(SUM(IF(amount < 0, amount, 0)), 0) AS spent
         FROM point_records WHERE user_id = ? AND created_at >= ? AND created_at < ? GROUP BY at) AS point_sums
     UNION ALL
     SELECT 'goals', goals FROM report_goals WHERE user_id = ? AND week_start = ?`,
    [
      ...[until, end, end, previous.from, previous.to, previous.from, previous.to, startOfDay(previous.from), from],
      ...guardValues(account),
      ...[excerpt, userId, period.from, end],
      ...[userId, period.from, end],
      ...[userId, period.from, end],
      ...[userId, from, until],
      ...[userId, period.from],
    ],
  );
  return factsIn(rows);
}

function factsIn(rows: readonly Row[]): ReportFacts {
  const account = requireAccount(rows.flatMap((each) => (each.kind === 'account' ? [each.row] : [])));
  const facts: ReportFacts = { account, diaries: [], moods: [], tasks: [], points: [], goals: [] };
  for (const each of rows) {
    if (each.kind === 'diary') facts.diaries.push(each.row);
    else if (each.kind === 'mood') facts.moods.push(each.row);
    else if (each.kind === 'task') facts.tasks.push(each.row);
    else if (each.kind === 'points') facts.points.push(each.row);
    else if (each.kind === 'goals') facts.goals = each.row;
  }
  const recorded = new Set(facts.moods.map(({ date }) => date));
  for (const { date, mood } of facts.diaries) if (mood !== '' && !recorded.has(date)) facts.moods.push({ date, mood });
  facts.diaries.sort(byDate);
  facts.moods.sort(byDate);
  return facts;
}

const byDate = (a: { date: string }, b: { date: string }): number => (a.date < b.date ? -1 : 1);
