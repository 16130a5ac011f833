import { LATENCY_EDGES } from '../runtime/metrics';
import { CHORES } from '../upkeep/chores';

/** The readings of one run. Calls are those of the last five minutes. */
export interface Measurements {
  /** Counts by `function.action`. */
  calls: ReadonlyMap<string, Readonly<Record<string, number>>>;
  connections: { used: number; max: number };
  databaseMb: number;
  quotaMb: number;
  /** The users with the most ledger rows in the last hour. */
  busyUsers: readonly { userId: number; earned: number; draws: number }[];
  /** AI jobs that ended in the last half hour. */
  jobs: { ended: number; failed: number };
  /** Users among the latest writers whose balance differs from their ledger. */
  ledgerMismatches: number;
  /** Texts that are published and could not be checked yet. */
  pendingChecks: number;
  /** Delay of the re-check of children's texts, in minutes. */
  checksLateMinutes: number;
  /** Hours by which the oldest row that clean-up should have removed is overdue. */
  garbageHours: number;
  /** Accounts whose erasure began more than an hour ago and is not complete. */
  overdueErasures: number;
}

export interface Reading {
  value: number;
  detail: string;
}

/**
 * An incident opens when the value reaches `opensAt` and ends when it falls below `closesBelow`. In between nothing changes (hysteresis), so that a
 * value near the threshold does not alert every minute.
 */
export interface Rule {
  name: string;
  title: string;
  opensAt: number;
  closesBelow: number;
  /** null: no reading; an open incident stays open. */
  read(seen: Measurements): Reading | null;
}

/** A share of fewer calls than this is not significant. */
const MIN_CALLS = 20;
const FAILURES = ['code:INTERNAL', 'code:UNAVAILABLE'];

const percent = (share: number): string => `${Math.round(share * 1_000) / 10}%`;

const NONE: Reading = { value: 0, detail: '' };

/** The action with the worst value of a measure. */
function worst({ calls }: Measurements, measure: (counts: Readonly<Record<string, number>>, action: string) => Reading): Reading {
  const readings = [...calls].filter(([, counts]) => (counts.calls ?? 0) >= MIN_CALLS).map(([action, counts]) => measure(counts, action));
  return readings.reduce((found, reading) => (reading.value > found.value ? reading : found), NONE);
}

/** 95th percentile of the latency in milliseconds, by latency class. */
function percentile95(counts: Readonly<Record<string, number>>): number {
  const wanted = (counts.calls ?? 0) * 0.95;
  let seen = 0;
  for (const edge of LATENCY_EDGES) {
    seen += counts[`le:${edge}`] ?? 0;
    if (seen >= wanted) return edge;
  }
  return Number.POSITIVE_INFINITY;
}

/** Limits of the 95th percentile by function; `ai` waits for providers. */
const patienceMs: Readonly<Record<string, number>> = { ai: 10_000, sync: 2_500, monitor: 20_000 };
const DEFAULT_PATIENCE_MS = 1_000;

/** Lower median: of two users, the larger value must not be the reference. */
const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
};

/** An outlier: above what the rules of the product allow in an hour, and many times the median of the busy users. */
function outliers(numbers: readonly { userId: number; count: number }[], floor: number): number[] {
  const active = numbers.filter(({ count }) => count > 0);
  const line = Math.max(floor, 5 * median(active.map(({ count }) => count)));
  return active.filter(({ count }) => count > line).map(({ userId }) => userId);
}

/** Fewer failed checks than this in five minutes may be chance. */
const MIN_FAILED_CHECKS = 3;
const MOST_PENDING_CHECKS = 1_000;

const MAX_EARNED = 300;
const MAX_DRAWS = 50;

export const rules: readonly Rule[] = [
  {
    name: 'errors',
    title: '错误率过高',
    opensAt: 0.05,
    closesBelow: 0.02,
    read: (seen) =>
      worst(seen, (counts, action) => {
        const failed = FAILURES.reduce((sum, code) => sum + (counts[code] ?? 0), 0);
        const share = failed / (counts.calls ?? 1);
        return { value: share, detail: `${action} 5 分钟内 ${counts.calls} 次调用，失败 ${failed} 次（${percent(share)}）` };
      }),
  },
  {
    name: 'latency',
    title: '响应变慢',
    opensAt: 1,
    closesBelow: 0.5,
    read: (seen) =>
      worst(seen, (counts, action) => {
        const ms = percentile95(counts);
        const patience = patienceMs[action.split('.')[0] ?? ''] ?? DEFAULT_PATIENCE_MS;
        return { value: ms / patience, detail: `${action} 5 分钟内 95% 的调用不超过 ${ms} 毫秒，允许 ${patience} 毫秒` };
      }),
  },
  {
    name: 'slow-queries',
    title: '慢查询',
    opensAt: 30,
    closesBelow: 10,
    read: ({ calls }) => {
      const slow = [...calls.values()].reduce((sum, counts) => sum + (counts.slow ?? 0), 0);
      return { value: slow, detail: `5 分钟内 ${slow} 条慢查询` };
    },
  },
  {
    name: 'prepared-statements',
    title: '预处理语句用尽',
    opensAt: 1,
    closesBelow: 1,
    read: ({ calls }) => {
      const unprepared = [...calls.values()].reduce((sum, counts) => sum + (counts.unprepared ?? 0), 0);
      return { value: unprepared, detail: `5 分钟内 ${unprepared} 条语句因 max_prepared_stmt_count 已满而未预处理` };
    },
  },
  {
    name: 'pool',
    title: '连接池不够用',
    opensAt: 0.05,
    closesBelow: 0.01,
    read: (seen) =>
      worst(seen, (counts, action) => {
        const share = (counts.waited ?? 0) / (counts.calls ?? 1);
        return { value: share, detail: `${action} 5 分钟内 ${percent(share)} 的调用等待数据库连接` };
      }),
  },
  {
    name: 'connections',
    title: '数据库连接将满',
    opensAt: 0.8,
    closesBelow: 0.7,
    read: ({ connections: { used, max } }) => ({ value: used / max, detail: `已用 ${used} 个连接，上限 ${max}` }),
  },
  {
    name: 'storage',
    title: '数据库空间将满',
    opensAt: 0.8,
    closesBelow: 0.75,
    read: ({ databaseMb, quotaMb }) => ({ value: databaseMb / quotaMb, detail: `已用 ${Math.round(databaseMb)} MB，配额 ${quotaMb} MB` }),
  },
  {
    name: 'users',
    title: '用户行为异常',
    opensAt: 1,
    closesBelow: 1,
    read: ({ busyUsers }) => {
      const earners = outliers(
        busyUsers.map(({ userId, earned }) => ({ userId, count: earned })),
        MAX_EARNED,
      );
      const drawers = outliers(
        busyUsers.map(({ userId, draws }) => ({ userId, count: draws })),
        MAX_DRAWS,
      );
      const found = [...new Set([...earners, ...drawers])];
      return { value: found.length, detail: `1 小时内积分或抽奖远超常人的用户：${found.slice(0, 20).join('、')}` };
    },
  },
  {
    name: 'ai-jobs',
    title: 'AI 任务失败',
    opensAt: 0.3,
    closesBelow: 0.1,
    read: ({ jobs: { ended, failed } }) => ({
      value: failed >= 5 ? failed / ended : 0,
      detail: `半小时内结束 ${ended} 个任务，失败 ${failed} 个`,
    }),
  },
  {
    name: 'content-check',
    title: '内容安全检查失败',
    opensAt: 0.5,
    closesBelow: 0.2,
    read: ({ calls }) => {
      const { events = 0, ...counts } = calls.get('safety.check') ?? {};
      // `outage:` and `setup:` mean that the check itself does not work; `text:` concerns a single text only.
      const failures = Object.entries(counts).filter(([name]) => /^event:(outage|setup):/.test(name));
      const failed = failures.reduce((sum, [, count]) => sum + count, 0);
      const codes = failures.map(([name, count]) => `${name.split(':').at(-1)}×${count}`).join('、');
      return {
        value: failed >= MIN_FAILED_CHECKS ? failed / events : 0,
        detail: `5 分钟内 ${events} 次检查，失败 ${failed} 次（${codes}）`,
      };
    },
  },
  {
    name: 'pending-checks',
    title: '待检查的内容积压',
    opensAt: MOST_PENDING_CHECKS,
    closesBelow: MOST_PENDING_CHECKS / 2,
    read: ({ pendingChecks: value }) => ({ value, detail: `${value} 条已发布的内容还没有通过检查` }),
  },
  {
    name: 'late-checks',
    title: '内容复查滞后',
    opensAt: 30,
    closesBelow: 5,
    read: ({ checksLateMinutes: value }) => ({ value, detail: `最早一条应在 ${Math.round(value)} 分钟前复查` }),
  },
  {
    name: 'garbage',
    title: '清理积压',
    opensAt: 6,
    closesBelow: 1,
    read: ({ garbageHours: value }) => ({ value, detail: `最早一行应在 ${Math.round(value)} 小时前清理` }),
  },
  {
    name: 'chores',
    title: '定时任务失败',
    opensAt: 3,
    closesBelow: 1,
    read: ({ calls }) => {
      const failures = Object.entries(calls.get(CHORES) ?? {}).filter(([name]) => name.startsWith('event:failed:'));
      const total = failures.reduce((sum, [, count]) => sum + count, 0);
      const names = failures.map(([name, count]) => `${name.split(':').at(-1)}×${count}`).join('、');
      return { value: total, detail: `5 分钟内失败 ${total} 次（${names}）` };
    },
  },
  {
    name: 'ledger',
    title: '积分账目不符',
    opensAt: 1,
    closesBelow: 1,
    // Only the audit, which reads the whole ledger, can end this incident.
    read: ({ ledgerMismatches: value }) => (value > 0 ? { value, detail: `${value} 个用户的余额与账本不符` } : null),
  },
  {
    name: 'erasures',
    title: '注销未完成',
    opensAt: 1,
    closesBelow: 1,
    read: ({ overdueErasures: value }) => ({ value, detail: `${value} 个账号注销超过 1 小时仍未清除` }),
  },
];
