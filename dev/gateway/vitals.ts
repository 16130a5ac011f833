import * as z from 'zod';
import { type Counts, LATENCY_EDGES, type MinuteRow, minuteOf } from '../../shared/runtime/metrics';
import type { LogLine } from './logs';

export interface Incident {
  rule: string;
  openedAt: string;
  closedAt: string | null;
  detail: string;
}

interface SlowQuery {
  at: string;
  statement: string;
  ms: number;
}

export interface Vitals {
  /** Upper edges of the latency classes; the last class, above them all, has none. */
  edges: readonly number[];
  /** Oldest first; minutes without a call are left out. */
  minutes: { minute: string; calls: number; failed: number }[];
  /** Refusals and failures of all actions. */
  codes: Record<string, number>;
  actions: { action: string; calls: number; failed: number; meanMs: number; classes: number[] }[];
  slow: readonly SlowQuery[];
  incidents: readonly Incident[];
}

const line = z.union([
  z.object({ kind: z.literal('access'), at: z.string(), fn: z.string(), action: z.string().nullable(), code: z.string(), ms: z.number() }),
  z.object({ kind: z.literal('slow-query'), at: z.string(), statement: z.string(), ms: z.number() }),
]);

const keptMinutes = 60;
const keptSlow = 20;

function parse(text: string): z.infer<typeof line> | null {
  try {
    return line.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

const add = (counts: Counts, name: string, value: number): void => {
  counts[name] = (counts[name] ?? 0) + value;
};

export interface LiveVitals {
  hear(line: LogLine): void;
  minutes(): readonly MinuteRow[];
  slow(): readonly SlowQuery[];
}

/** Adds up the log of the last hour as it is written: the same rows that the functions send to the database a little later. */
export function listenForVitals(): LiveVitals {
  const rows = new Map<string, MinuteRow>();
  const slow: SlowQuery[] = [];

  function forget(): void {
    const oldest = minuteOf(new Date(Date.now() - keptMinutes * 60_000));
    for (const [key, { minute }] of rows) if (minute <= oldest) rows.delete(key);
  }

  return {
    hear({ text }) {
      const heard = parse(text);
      if (heard?.kind === 'slow-query') {
        slow.unshift({ at: heard.at, statement: heard.statement, ms: heard.ms });
        slow.splice(keptSlow);
      } else if (heard) {
        const { at, fn, code, ms } = heard;
        const action = `${fn}.${heard.action ?? '?'}`;
        const minute = minuteOf(new Date(at));
        const row = rows.get(`${minute} ${action}`) ?? { minute, action, counts: {} };
        rows.set(`${minute} ${action}`, row);
        add(row.counts, 'calls', 1);
        add(row.counts, 'us', Math.round(ms * 1_000));
        add(row.counts, `code:${code}`, 1);
        add(row.counts, `le:${LATENCY_EDGES.find((edge) => ms <= edge) ?? 'inf'}`, 1);
        forget();
      }
    },
    minutes: () => [...rows.values()],
    slow: () => slow,
  };
}

function sum(rows: readonly MinuteRow[]): Counts {
  const total: Counts = {};
  for (const { counts } of rows) for (const [name, value] of Object.entries(counts)) add(total, name, value);
  return total;
}

const failed = (counts: Counts): number => (counts.calls ?? 0) - (counts['code:OK'] ?? 0);

function byKey(rows: readonly MinuteRow[], key: (row: MinuteRow) => string): [string, Counts][] {
  const groups = new Map<string, MinuteRow[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return [...groups].map(([name, group]) => [name, sum(group)]);
}

interface Figures {
  minutes: readonly MinuteRow[];
  slow: readonly SlowQuery[];
  incidents: readonly Incident[];
}

/** The data of the charts, from either source. */
export function vitalsOf({ minutes, slow, incidents }: Figures): Vitals {
  // Events within calls are counted in rows of their own.
  const rows = minutes.filter(({ counts }) => counts.calls !== undefined);
  const codes = Object.entries(sum(rows)).flatMap(([name, value]) =>
    name.startsWith('code:') && name !== 'code:OK' ? [[name.slice('code:'.length), value] as const] : [],
  );
  return {
    edges: LATENCY_EDGES,
    minutes: byKey(rows, ({ minute }) => minute)
      .map(([minute, counts]) => ({ minute: `${minute.replace(' ', 'T')}Z`, calls: counts.calls ?? 0, failed: failed(counts) }))
      .sort((a, b) => a.minute.localeCompare(b.minute)),
    codes: Object.fromEntries(codes),
    actions: byKey(rows, ({ action }) => action)
      .map(([action, counts]) => ({
        action,
        calls: counts.calls ?? 0,
        failed: failed(counts),
        meanMs: Math.round((counts.us ?? 0) / (counts.calls || 1) / 100) / 10,
        classes: [...LATENCY_EDGES, 'inf'].map((edge) => counts[`le:${edge}`] ?? 0),
      }))
      .sort((a, b) => b.calls - a.calls),
    slow,
    incidents,
  };
}
