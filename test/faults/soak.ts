import { setTimeout as wait } from 'node:timers/promises';
import type { Cluster } from '../../dev/services/cluster';
import { addDays } from '../../shared/clock';
import type { Mismatch } from '../../shared/upkeep/queries';
import { readSessions } from '../sessions';
import { ask, type Child, type FunctionName, type Heard, hearLogs, type Instance, newChild, type Stage, stockPrizes, TODAY } from './stage';

export interface SoakReport {
  seconds: number;
  calls: number;
  /** Of `calls`, the same request asked once more, as a phone does that had no definite answer. */
  askedAgain: number;
  codes: Record<string, number>;
  slowestMs: number;
  /** Calls whose answer came after the platform would have ended them: the process itself had to wait for its turn. */
  late: number;
  /** The longest time in which no write of anybody succeeded. */
  longestSilenceMs: number;
  faults: Record<string, number>;
  /** Why calls were UNAVAILABLE, by the innermost cause's code. */
  causes: Record<string, number>;
  writesDone: number;
  mismatches: Mismatch[];
  /** What a user was told and the database does not say, or the other way round. */
  lost: string[];
}

interface SoakOptions {
  stage: Stage;
  cluster: Cluster;
  seconds: number;
  users: number;
  instances: number;
  /** What the platform gives each call; short by default, so that faults are felt. */
  callSeconds?: number;
  /** In place of the random ones: each strikes once, in this order, at even distances. */
  faults?: Record<string, Fault>;
  report?: (line: string) => void;
}

const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)] as T;
const count = (counts: Record<string, number>, name: string, by = 1) => {
  counts[name] = (counts[name] ?? 0) + by;
};

export type Fault = (struck: () => Promise<unknown>) => Promise<void>;

function faultsOf(
  { lines: { mysql, redis, wechat, coze }, select, mysqlTarget }: Stage,
  { members: [server] }: Cluster,
): Record<string, Fault> {
  const refusing =
    (line: typeof mysql): Fault =>
    async (struck) => {
      await line.refuse();
      await struck();
      await line.listen();
    };
  const dead =
    (line: typeof mysql): Fault =>
    async (struck) => {
      line.blackHole = true;
      await struck();
      line.blackHole = false;
      line.reset();
    };
  const slow =
    (line: typeof mysql): Fault =>
    async (struck) => {
      line.latencyMs = 5 + Math.random() * 150;
      await struck();
      line.latencyMs = 0;
    };
  const cut =
    (line: typeof mysql): Fault =>
    async (struck) => {
      const bytes = Math.floor(Math.random() * 20_000);
      line.cutAfter(Math.random() < 0.5 ? { toServer: bytes } : { toClient: bytes });
      line.reset();
      await struck();
      line.cutAfter(null);
    };
  const outside = [wechat, coze];
  return {
    'mysql refuses': refusing(mysql),
    'mysql line dead': dead(mysql),
    'mysql line slow': slow(mysql),
    'mysql cut at any byte': cut(mysql),
    'mysql reset': async () => mysql.reset(),
    'mysql answers lost': async (struck) => {
      // Somewhere in each posting stands its request id.
      for (let times = 0; times < 12; times += 1) {
        mysql[pick(['loseAnswer', 'loseRequest'] as const)]('soak-');
        await wait(40);
      }
      await struck();
    },
    'mysql sessions killed': async () => {
      for (const { id, user } of await readSessions((sql) => select(sql))) {
        if (user === 'gd_runtime') await select(`KILL ${pick(['CONNECTION', 'QUERY'])} ${id}`).catch(() => {});
      }
    },
    'mysql read-only': async (struck) => {
      await select('SET GLOBAL super_read_only = ON');
      await struck();
      await select('SET GLOBAL read_only = OFF');
    },
    'mysql hangs': async (struck) => {
      server.signal('SIGSTOP');
      await struck();
      server.signal('SIGCONT');
    },
    'mysql elsewhere': async (struck) => {
      const { port } = mysqlTarget;
      mysqlTarget.port = 1;
      mysql.reset();
      await struck();
      mysqlTarget.port = port;
    },
    'redis refuses': refusing(redis),
    'redis line dead': dead(redis),
    'redis line slow': slow(redis),
    'redis cut at any byte': cut(redis),
    'coze and wechat away': async (struck) => {
      await Promise.all(outside.map((line) => line.refuse()));
      await struck();
      await Promise.all(outside.map((line) => line.listen()));
    },
    'coze cut at any byte': cut(coze),
  };
}

/** One child with a phone: asks one thing after the other, each until there is a definite answer, and remembers what it was told. */
interface Player {
  child: Child;
  instance: Instance;
  /** What the child believes, from the answers alone. */
  diaries: Map<string, { id: number; version: number; content: string }>;
  completed: Set<number>;
  done: Set<string>;
  spent: number;
  drawn: number;
  /** What sync has brought. */
  replica: Map<string, string>;
  cursor: string | null;
  step: number;
}

interface Hands {
  settle(player: Player, fn: FunctionName, action: string, input: object): Promise<Heard>;
  askOnce(player: Player, fn: FunctionName, action: string, input: object, requestId?: string): Promise<Heard>;
  pull(player: Player): Promise<boolean>;
  expectCode(player: Player, what: string, heard: Heard, expected: string): void;
}

const textOf = ({ step }: Player): string =>
  `第 ${step} 步 ${'今天很开心。'.repeat(Math.floor(Math.random() * 30))}${pick(['', '', '', '#html', '#500', '#truncated'])}`;

/** What a child may do next, each as often as it stands here. */
function movesOf({ settle, askOnce, pull, expectCode }: Hands): ((player: Player) => Promise<unknown>)[] {
  const write = async (player: Player) => {
    const date = addDays(TODAY, -Math.floor(Math.random() * 60));
    const content = textOf(player);
    const heard = await settle(player, 'diary', 'create', { date, content });
    expectCode(player, 'a diary written', heard, player.diaries.has(date) ? 'DIARY_EXISTS' : 'OK');
    if (heard.code === 'OK') player.diaries.set(date, { ...heard.data.diary, content });
  };
  const edit = async (player: Player) => {
    const [date, diary] = pick([...player.diaries]) ?? [];
    if (!date || !diary) return;
    const content = textOf(player);
    const heard = await settle(player, 'diary', 'update', { id: diary.id, version: diary.version, content });
    expectCode(player, 'a diary changed', heard, 'OK');
    if (heard.code === 'OK') player.diaries.set(date, { ...heard.data.diary, content });
  };
  const remove = async (player: Player) => {
    const [date, diary] = pick([...player.diaries]) ?? [];
    if (!date || !diary) return;
    const heard = await settle(player, 'diary', 'delete', { id: diary.id });
    expectCode(player, 'a diary deleted', heard, 'OK');
    if (heard.code === 'OK') player.diaries.delete(date);
  };
  const complete = async (player: Player) => {
    const id = pick(player.child.taskIds);
    const heard = await settle(player, 'task', 'complete', { id });
    expectCode(player, 'a task completed', heard, player.completed.has(id) ? 'TASK_ALREADY_COMPLETED' : 'OK');
    player.completed.add(id);
  };
  const reopen = async (player: Player) => {
    const id = pick(player.child.taskIds);
    const heard = await settle(player, 'task', 'uncomplete', { id });
    expectCode(player, 'a task reopened', heard, player.completed.has(id) ? 'OK' : 'TASK_NOT_COMPLETED');
    player.completed.delete(id);
  };
  const spend = async (player: Player) => {
    const amount = 1 + Math.floor(Math.random() * 9);
    const heard = await settle(player, 'points', 'deduct', { amount, source: '兑换' });
    expectCode(player, 'points spent', heard, 'OK');
    player.spent += amount;
  };
  const draw = async (player: Player) => {
    expectCode(player, 'a draw', await settle(player, 'lottery', 'draw', {}), 'OK');
    player.drawn += 1;
  };
  const comment = async (player: Player) => {
    const [, diary] = pick([...player.diaries]) ?? [];
    if (diary) await askOnce(player, 'ai', 'commentDiary', { diaryId: diary.id });
  };
  const reads = [
    (player: Player) => askOnce(player, 'user', 'profile', {}),
    (player: Player) => askOnce(player, 'diary', 'list', { limit: 10 }),
    (player: Player) => askOnce(player, 'points', 'records', {}),
  ];
  return [write, write, write, edit, edit, remove, complete, complete, reopen, spend, spend, draw, draw, comment, pull, pull, ...reads];
}

const MUST_NOT_HAPPEN = new Set(['INTERNAL', 'FORBIDDEN', 'UNAUTHENTICATED', 'IDEMPOTENCY_MISMATCH', 'RATE_LIMITED']);

export async function soak({
  stage,
  cluster,
  seconds,
  users,
  instances,
  callSeconds = 3,
  faults: given,
  report = () => {},
}: SoakOptions): Promise<SoakReport> {
  await stockPrizes(stage);
  const result: SoakReport = {
    seconds,
    calls: 0,
    askedAgain: 0,
    codes: {},
    slowestMs: 0,
    late: 0,
    longestSilenceMs: 0,
    faults: {},
    causes: {},
    writesDone: 0,
    mismatches: [],
    lost: [],
  };
  const moves = movesOf({ settle, pull, askOnce, expectCode });
  let lastWriteAt = 0;
  const stopHearing = hearLogs((line) => {
    if (line.kind === 'error') count(result.causes, String(line.causes.at(-1)?.code ?? line.causes.at(-1)?.name));
  });
  try {
    const copies = Array.from({ length: instances }, () => stage.newInstance());
    const players = await Promise.all(
      Array.from({ length: users }, async (_, index): Promise<Player> => {
        const instance = copies[index % instances] as Instance;
        const child = await newChild(instance, 100_000);
        return {
          child,
          instance,
          diaries: new Map(),
          completed: new Set(),
          done: new Set(),
          spent: 0,
          drawn: 0,
          replica: new Map(),
          cursor: null,
          step: 0,
        };
      }),
    );
    const endsAt = Date.now() + seconds * 1_000;
    lastWriteAt = Date.now();
    await Promise.all([given ? strikeOnce(given, endsAt) : strikeUntil(endsAt), ...players.map((player) => playUntil(endsAt, player))]);
    report('healed; comparing what the children were told with what stands');
    for (const player of players) await compare(player);
    result.mismatches = await stage.mismatches();
    return result;
  } finally {
    stopHearing();
  }

  async function strikeUntil(endsAt: number): Promise<void> {
    const faults = Object.entries(faultsOf(stage, cluster));
    let order: typeof faults = [];
    while (Date.now() < endsAt - 1_000) {
      // Each comes once before any comes again.
      if (order.length === 0) order = [...faults].sort(() => Math.random() - 0.5);
      const [name, strike] = order.pop() ?? pick(faults);
      await wait(100 + Math.random() * 500);
      await strike(() => wait(Math.min(200 + Math.random() * 1_300, Math.max(0, endsAt - Date.now()))));
      count(result.faults, name);
    }
  }

  async function strikeOnce(faults: Record<string, Fault>, endsAt: number): Promise<void> {
    const pauseMs = (endsAt - Date.now()) / (Object.keys(faults).length + 1);
    for (const [name, strike] of Object.entries(faults)) {
      await wait(pauseMs);
      await strike(async () => {});
      count(result.faults, name);
    }
  }

  async function askOnce(player: Player, fn: FunctionName, action: string, input: object, requestId?: string): Promise<Heard> {
    const heard = await ask(player.instance[fn], player.child.openid, action, input, { requestId, seconds: callSeconds });
    result.calls += 1;
    result.slowestMs = Math.max(result.slowestMs, heard.ms);
    count(result.codes, heard.code);
    if (MUST_NOT_HAPPEN.has(heard.code)) result.lost.push(`${fn}.${action} answered ${heard.code}`);
    if (heard.ms > callSeconds * 1_000) result.late += 1;
    return heard;
  }

  /** Asks until there is a definite answer; null for a read that has none. */
  async function settle(player: Player, fn: FunctionName, action: string, input: object): Promise<Heard> {
    player.step += 1;
    const requestId = `soak-${player.step}`;
    for (;;) {
      const heard = await askOnce(player, fn, action, input, requestId);
      if (heard.code !== 'UNAVAILABLE') {
        if (heard.code === 'OK') {
          player.done.add(requestId);
          result.writesDone += 1;
          result.longestSilenceMs = Math.max(result.longestSilenceMs, Date.now() - lastWriteAt);
          lastWriteAt = Date.now();
        }
        return heard;
      }
      result.askedAgain += 1;
      await wait(20 * Math.random());
    }
  }

  function expectCode(player: Player, what: string, { code }: Heard, expected: string): void {
    if (code !== expected) result.lost.push(`user ${player.child.userId}: ${what} answered ${code} where ${expected} was due`);
  }

  async function playUntil(endsAt: number, player: Player): Promise<void> {
    while (Date.now() < endsAt) {
      await pick(moves)(player);
      // A child is not a benchmark.
      await wait(30 * Math.random());
    }
  }

  async function pull(player: Player): Promise<boolean> {
    const heard = await askOnce(player, 'sync', 'sync', { clientId: 'soak-phone', cursor: player.cursor });
    if (heard.code !== 'OK') return false;
    for (const { kind, key, row, deleted } of heard.data.changes) {
      if (kind !== 'diary') continue;
      if (deleted) player.replica.delete(key);
      else player.replica.set(key, row.content);
    }
    player.cursor = heard.data.cursor;
    return !heard.data.hasMore;
  }

  /** What the child was told must be what stands, to the letter, and nothing else. */
  async function compare(player: Player): Promise<void> {
    const { userId } = player.child;
    const complain = (what: string, told: unknown, stands: unknown) => {
      if (JSON.stringify(told) !== JSON.stringify(stands))
        result.lost.push(`user ${userId}: ${what}: told ${JSON.stringify(told)}, stands ${JSON.stringify(stands)}`);
    };
    const told = [...player.diaries].map(([date, { content }]) => [date, content]).sort();
    const rows = await stage.select<{ date: string; content: string }>(
      'SELECT diary_date AS date, content FROM diaries WHERE user_id = ? AND deleted_at IS NULL ORDER BY diary_date',
      [userId],
    );
    complain(
      'diaries',
      told,
      rows.map(({ date, content }) => [date, content]),
    );
    const completed = await stage.select<{ id: number }>('SELECT id FROM tasks WHERE user_id = ? AND is_completed ORDER BY id', [userId]);
    complain(
      'tasks',
      [...player.completed].sort((a, b) => a - b),
      completed.map(({ id }) => id),
    );
    // A ledger row and a draw carry their request id themselves.
    const requests = await stage.select<{ id: string }>(
      `SELECT request_id AS id FROM requests WHERE user_id = :u AND request_id LIKE 'soak-%'
       UNION ALL SELECT SUBSTRING(source_key, 5) FROM point_records WHERE user_id = :u AND source_key LIKE 'req:soak-%'
       UNION ALL SELECT request_id FROM lottery_records WHERE user_id = :u AND request_id LIKE 'soak-%'`.replaceAll(':u', String(userId)),
    );
    complain('requests', [...player.done].sort(), requests.map(({ id }) => id).sort());
    const [ledger] = await stage.select<{ spent: number; drawn: number }>(
      `SELECT CAST(COALESCE(-SUM(IF(source_key LIKE 'req:soak-%', amount, 0)), 0) AS SIGNED) AS spent,
              CAST(COALESCE(SUM(source_key LIKE 'draw:%:cost'), 0) AS SIGNED) AS drawn FROM point_records WHERE user_id = ?`,
      [userId],
    );
    complain('ledger', { spent: player.spent, drawn: player.drawn }, ledger);
    for (let tries = 0; !(await pull(player)) && tries < 50; tries += 1) await wait(50);
    complain('sync', told, [...player.replica].sort());
  }
}
