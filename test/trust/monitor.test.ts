import mysql from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { type FakeWebhook, startFakeWebhook } from '../../dev/fakes/webhook';
import { main as diary } from '../../functions/diary/index';
import { main as login } from '../../functions/login/index';
import { main as monitor } from '../../functions/monitor/index';
import { main as user } from '../../functions/user/index';
import { postPoints } from '../../shared/database/procedures';
import type { Changes } from '../../shared/monitor/contract';
import { rules } from '../../shared/monitor/rules';
import { config } from '../../shared/runtime/config';
import { countCall, reportCalls } from '../../shared/runtime/metrics';
import { db, fire, grant, newOpenid, newRequest, ok, select, send, testDatabase, withoutRateLimits } from '../harness';

withoutRateLimits();

let webhook: FakeWebhook;
beforeAll(async () => {
  webhook = await startFakeWebhook();
  config().webhookUrl = `${webhook.url}/cgi-bin/webhook/send?key=test`;
});
afterAll(async () => {
  config().webhookUrl = null;
  await webhook.stop();
});
afterEach(() => vi.restoreAllMocks());

/** Each test has hours of its own, far from where other suites stand. */
let start = Date.parse('2025-06-01T00:00:00Z');
let told = 0;
beforeEach(async () => {
  start += 24 * 3_600_000;
  webhook.answer(0);
  // What other suites have left to do is done, and what it rang for is forgotten.
  await select('DELETE FROM content_checks');
  await collect(-10);
  await select('DELETE FROM incidents');
  told = webhook.messages.length;
});

const after = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();
const messages = (): readonly string[] => webhook.messages.slice(told);

const collect = async (minutes: number) => {
  await reportCalls(true);
  const envelope = await fire(monitor, 'collect', after(minutes));
  if (!envelope.success) throw new Error(envelope.error.code);
  return envelope.data as Changes;
};

const onlyOf = async (rule: string) =>
  select<{ opened_at: Date; closed_at: Date | null; detail: string }>(
    'SELECT opened_at, closed_at, detail FROM incidents WHERE rule = ? ORDER BY opened_at',
    [rule],
  );

/** Breaks something, mends it, and expects one incident with one message for its begin and one for its end. */
async function expectOneIncident(
  rule: string,
  title: string,
  breakIt: () => Promise<unknown>,
  mendIt: () => Promise<unknown>,
): Promise<void> {
  expect(await collect(0)).toMatchObject({ opened: [] });
  await breakIt();
  expect((await collect(2)).opened).toEqual([rule]);
  await collect(3);
  expect(messages().filter((message) => message.includes(title))).toEqual([expect.stringContaining('告警')]);
  await mendIt();
  await collect(30);
  await collect(31);
  expect(await onlyOf(rule)).toEqual([expect.objectContaining({ opened_at: new Date(after(2)), closed_at: expect.any(Date) })]);
  const heard = messages().filter((message) => message.includes(title));
  expect(heard).toEqual([expect.stringContaining('告警'), expect.stringContaining('恢复')]);
  expect(heard[0]).toContain(`#${rule}`);
}

const nothing = async () => {};

/** Every statement fails with this error. */
async function failEveryStatement(error: object): Promise<void> {
  const connection = await db().getConnection();
  connection.release();
  const prototype: mysql.Connection = Object.getPrototypeOf(Object.getPrototypeOf(connection));
  vi.spyOn(prototype, 'execute').mockRejectedValue(Object.assign(new Error('broken'), error));
}

const cutEveryLine = () => failEveryStatement({ code: 'ECONNRESET' });

const facts = { action: 'diary.list', code: 'OK', ms: 3, mysql: { ms: 1, waitMs: 0, slow: 0 }, redisMs: 1 };
const count = (times: number, given: Partial<Parameters<typeof countCall>[0]>) => {
  for (let each = 0; each < times; each += 1) countCall({ ...facts, now: new Date(after(1)), ...given });
};

test('failing calls open one incident, and it ends when calls go well', () =>
  expectOneIncident(
    'errors',
    '错误率过高',
    async () => {
      const openid = newOpenid();
      await ok(login, openid, 'login', {}, { now: after(1) });
      const list = () => send(diary, openid, 'list', {}, { now: after(1) });
      for (let each = 0; each < 20; each += 1) await list();
      await failEveryStatement({ errno: 1146, code: 'ER_NO_SUCH_TABLE' });
      for (let each = 0; each < 5; each += 1) expect((await list()).success).toBe(false);
      vi.restoreAllMocks();
    },
    nothing,
  ));

test('slow calls open one incident', () => expectOneIncident('latency', '响应变慢', async () => count(40, { ms: 2_400 }), nothing));

test('slow statements open one incident', () =>
  expectOneIncident(
    'slow-queries',
    '慢查询',
    async () => {
      const openid = newOpenid();
      await ok(login, openid, 'login');
      const { slowMs } = config().database;
      config().database.slowMs = 0;
      for (let each = 0; each < 30; each += 1) await ok(diary, openid, 'stats', {}, { now: after(1) });
      config().database.slowMs = slowMs;
    },
    nothing,
  ));

test('a pool that makes callers wait opens one incident', () =>
  expectOneIncident(
    'pool',
    '连接池不够用',
    async () => {
      count(30, {});
      count(10, { mysql: { ms: 150, waitMs: 140, slow: 0 } });
    },
    nothing,
  ));

// A server that was given may serve others as well.
test.runIf(inject('services').runtime.user === 'gd_runtime')('a server that runs out of connections opens one incident', () => {
  const { admin } = inject('services');
  const idle: mysql.Connection[] = [];
  return expectOneIncident(
    'connections',
    '数据库连接将满',
    async () => {
      const [{ max = 0 } = {}] = await select<{ max: number }>('SELECT @@max_connections AS max');
      while (idle.length < max * 0.8) idle.push(...(await Promise.all(Array.from({ length: 10 }, () => mysql.createConnection(admin)))));
    },
    async () => {
      await Promise.all(idle.map((connection) => connection.end()));
    },
  );
});

test('a database near its quota opens one incident', () => {
  const { databaseQuotaMb } = config();
  return expectOneIncident(
    'storage',
    '数据库空间将满',
    async () => {
      config().databaseQuotaMb = 0.01;
    },
    async () => {
      config().databaseQuotaMb = databaseQuotaMb;
    },
  );
});

test('one statement for which the server had no room to prepare it opens an incident', () => {
  const calls = new Map([['diary.create', { calls: 3, unprepared: 1 }]]);
  const rule = rules.find(({ name }) => name === 'prepared-statements');
  expect(rule).toMatchObject({ opensAt: 1, title: '预处理语句用尽' });
  expect(rule?.read({ ...quiet, calls })).toMatchObject({ value: 1 });
});

/** What a run sees when there is nothing to see. */
const quiet = {
  calls: new Map(),
  connections: { used: 0, max: 1 },
  databaseMb: 0,
  quotaMb: 1,
  busyUsers: [],
  jobs: { ended: 0, failed: 0 },
  ledgerMismatches: 0,
  pendingChecks: 0,
  checksLateMinutes: 0,
  garbageHours: 0,
  overdueErasures: 0,
};

test('checks that fail for want of a right open an incident and name the code; texts that cannot be checked do not', () => {
  const rule = rules.find(({ name }) => name === 'content-check');
  const of = (counts: Record<string, number>) => rule?.read({ ...quiet, calls: new Map([['safety.check', counts]]) });
  expect(of({ events: 5, 'event:OK': 1, 'event:setup:40164': 4 })).toMatchObject({
    value: 0.8,
    detail: expect.stringContaining('40164×4'),
  });
  expect(of({ events: 4, 'event:outage:0': 3, 'event:OK': 1 })).toMatchObject({ value: 0.75 });
  for (const counts of [{ events: 50, 'event:TEXT': 50 }, { events: 2, 'event:outage:0': 2 }, {}])
    expect(of(counts)).toMatchObject({ value: 0 });
});

test('clean-up that falls behind opens an incident, and it ends once the rows are gone', async () => {
  const { userInfo } = await ok(login, newOpenid(), 'login');
  const madeAt = new Date(start - 31 * 24 * 3_600_000);
  await select("INSERT INTO requests (user_id, request_id, hash, created_at) VALUES (?, 'a-call-of-last-month', REPEAT('x', 32), ?)", [
    userInfo.id,
    madeAt,
  ]);
  expect((await collect(2)).opened).toEqual(['garbage']);
  expect((await collect(3)).closed).toEqual(['garbage']);
});

test('overdue re-checks of children’s texts open one incident; imported texts may wait', async () => {
  const { userInfo } = await ok(login, newOpenid(), 'login');
  const wait = (diaryId: number, priority: number) =>
    select('INSERT INTO content_checks (user_id, diary_id, priority, due_at) VALUES (?, ?, ?, ?)', [
      userInfo.id,
      diaryId,
      priority,
      new Date(start - 3_600_000),
    ]);
  await wait(1, 1);
  await expectOneIncident(
    'late-checks',
    '内容复查滞后',
    () => wait(2, 0),
    () => select('DELETE FROM content_checks WHERE user_id = ?', [userInfo.id]),
  );
});

test('a chore that fails keeps no other from running; the timer answers INTERNAL and names it, and an incident opens', async () => {
  const { userInfo } = await ok(login, newOpenid(), 'login');
  const due = new Date(Date.parse(after(0)) - 60_000);
  await select('INSERT INTO erased_files (user_id, file_id, due_at) VALUES (?, ?, ?)', [userInfo.id, 'cloud://gone/users/x/a.jpg', due]);
  await select("INSERT INTO requests (user_id, request_id, hash, created_at) VALUES (?, 'an-old-call-of-this', REPEAT('x', 32), ?)", [
    userInfo.id,
    new Date(start - 31 * 24 * 3_600_000),
  ]);
  try {
    for (const minute of [0, 1, 2, 3]) {
      await reportCalls(true);
      expect(await fire(monitor, 'collect', after(minute))).toMatchObject({
        success: false,
        error: { code: 'INTERNAL', details: [{ path: 'due-files' }] },
      });
    }
    expect(await select("SELECT 1 FROM requests WHERE request_id = 'an-old-call-of-this'")).toEqual([]);
    await reportCalls(true);
    await fire(monitor, 'collect', after(4));
    expect(await onlyOf('chores')).toHaveLength(1);
  } finally {
    await select('DELETE FROM erased_files WHERE user_id = ?', [userInfo.id]);
  }
});

test('a queue of unchecked texts that grows long opens an incident', () => {
  const rule = rules.find(({ name }) => name === 'pending-checks');
  expect(rule?.read({ ...quiet, pendingChecks: 1_500 })?.value).toBeGreaterThanOrEqual(rule?.opensAt ?? 0);
});

test('of two users, the one who draws far more is reported as the outlier', () => {
  const busyUsers = [70, 3].map((draws, index) => ({ userId: index + 1, earned: 0, draws }));
  expect(rules.find(({ name }) => name === 'users')?.read({ ...quiet, busyUsers })).toMatchObject({ value: 1 });
});

test('a user who earns far more than anybody opens one incident that names the user, and operators’ gifts do not', async () => {
  const earn = async (amount: number, actor: string | null) => {
    const { userInfo } = await ok(login, newOpenid(), 'login');
    const points = { amount, source: '规则', description: '', relatedId: null, relatedType: null, actor };
    await postPoints(testDatabase(), { userId: userInfo.id, epoch: null, ...newRequest(), ...points, now: new Date(after(1)) });
    return userInfo.id;
  };
  let cheat = 0;
  await expectOneIncident(
    'users',
    '用户行为异常',
    async () => {
      for (const amount of [10, 20, 30, 15]) await earn(amount, null);
      await earn(5_000, 'alice');
      cheat = await earn(900, null);
    },
    async () => {
      const [incident] = await onlyOf('users');
      expect(incident?.detail).toBe(`1 小时内积分或抽奖远超常人的用户：${cheat}`);
      await select('UPDATE point_records SET created_at = created_at - INTERVAL 2 HOUR WHERE user_id = ?', [cheat]);
    },
  );
});

test('failing AI jobs open one incident', async () => {
  const { userInfo } = await ok(login, newOpenid(), 'login');
  const end = (status: string, from: number, to: number, minutes: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_, index) =>
        select(
          "INSERT INTO ai_jobs (user_id, id, kind, status, quota_day, rev, created_at, finished_at) VALUES (?, ?, 'comment', ?, '2025-01-01', 0, NOW(3), ?)",
          [userInfo.id, from + index, status, new Date(after(minutes))],
        ),
      ),
    );
  await expectOneIncident(
    'ai-jobs',
    'AI 任务失败',
    () => end('failed', 1, 9, 1),
    () => end('done', 20, 120, 29),
  );
});

test('a balance that its ledger does not explain opens an incident that time does not end, but an audit without findings does', async () => {
  const openid = newOpenid();
  const { userInfo } = await ok(login, openid, 'login');
  await grant(userInfo.id, 20);
  await select('UPDATE point_records SET created_at = ? WHERE user_id = ?', [new Date(after(1)), userInfo.id]);
  await select('UPDATE users SET points = 21 WHERE id = ?', [userInfo.id]);
  expect((await collect(2)).opened).toEqual(['ledger']);
  await collect(120);
  await fire(monitor, 'audit', after(130));
  expect(await onlyOf('ledger')).toEqual([expect.objectContaining({ closed_at: null })]);
  expect(messages()).toHaveLength(1);
  await select('UPDATE users SET points = 20 WHERE id = ?', [userInfo.id]);
  expect(await fire(monitor, 'audit', after(140))).toMatchObject({ success: true, data: { closed: ['ledger'] } });
  expect(messages()).toEqual([expect.stringContaining('告警：'), expect.stringContaining('恢复：')]);
});

test('an erasure that storage holds up opens one incident, and both end when storage is back', async () => {
  const openid = newOpenid();
  const { userInfo } = await ok(login, openid, 'login');
  await ok(user, openid, 'erase', { confirm: '注销账号' }, { now: after(-90) });
  await select('INSERT INTO erased_files (user_id, file_id, due_at) VALUES (?, ?, NOW(3))', [
    userInfo.id,
    `cloud://gone/users/${userInfo.id}/a.jpg`,
  ]);
  for (const minute of [0, 1]) {
    expect(await fire(monitor, 'collect', after(minute))).toMatchObject({ success: false, error: { details: [{ path: 'erasures' }] } });
  }
  expect(await onlyOf('erasures')).toHaveLength(1);
  await select('DELETE FROM erased_files WHERE user_id = ?', [userInfo.id]);
  expect((await collect(2)).closed).toEqual(['erasures']);
  expect(await select('SELECT 1 FROM erasures WHERE user_id = ? AND finished_at IS NOT NULL', [userInfo.id])).toHaveLength(1);
});

test('a database outage is reported once, and so is its end', async () => {
  await cutEveryLine();
  for (const minute of [0, 1, 2]) expect(await fire(monitor, 'collect', after(minute))).toMatchObject({ success: false });
  expect(messages()).toEqual([expect.stringContaining('数据库没有回应')]);
  vi.restoreAllMocks();
  await collect(3);
  await collect(4);
  expect(messages().filter((message) => message.includes('数据库'))).toEqual([
    expect.stringContaining('告警'),
    expect.stringContaining('恢复'),
  ]);
});

test('a timer that fires twice, and two at once, tell once', async () => {
  count(40, { code: 'INTERNAL' });
  await reportCalls(true);
  await Promise.all([1, 2, 3, 4].map(() => fire(monitor, 'collect', after(2))));
  await fire(monitor, 'collect', after(2));
  expect(await onlyOf('errors')).toHaveLength(1);
  expect(messages()).toEqual([expect.stringContaining('错误率过高')]);
});

test.each([
  ['refuses the message', 45_009],
  ['is down', 'down'],
] as const)('while the robot %s the message waits, and is then sent once', async (_, how) => {
  webhook.answer(how);
  count(40, { code: 'INTERNAL' });
  await collect(2);
  await collect(3);
  expect(messages()).toEqual([]);
  webhook.answer(0);
  await collect(4);
  await collect(5);
  expect(messages()).toEqual([expect.stringContaining('错误率过高')]);
});

test('a rate on the brink does not ring again and again', async () => {
  count(94, {});
  count(6, { code: 'UNAVAILABLE' });
  await collect(2);
  for (const [minute, failed] of [
    [12, 4],
    [22, 6],
    [32, 3],
  ] as const) {
    count(100 - failed, { now: new Date(after(minute - 1)) });
    count(failed, { now: new Date(after(minute - 1)), code: 'UNAVAILABLE' });
    await collect(minute);
  }
  expect(messages()).toHaveLength(1);
  expect(await onlyOf('errors')).toEqual([expect.objectContaining({ closed_at: null })]);
});

test('few calls prove nothing', async () => {
  count(5, { code: 'INTERNAL' });
  expect(await collect(2)).toEqual({ opened: [], closed: [] });
});

test('counts of the instances are in the table once, however often they are collected', async () => {
  count(7, {});
  count(3, { code: 'NOT_FOUND', ms: 30 });
  await collect(2);
  count(5, {});
  await collect(3);
  await collect(4);
  const [row] = await select<{ counts: Record<string, number>; source: string }>(
    "SELECT counts, source FROM call_minutes WHERE minute = ? AND action = 'diary.list'",
    [new Date(after(1))],
  );
  expect(row).toMatchObject({ source: 'redis', counts: { calls: 15, 'code:OK': 12, 'code:NOT_FOUND': 3, 'le:5': 12, 'le:50': 3 } });
});

test('without Redis the counts still reach the table', async () => {
  const { redis } = config();
  config().redis = null;
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  try {
    count(4, {});
    vi.setSystemTime(Date.now() + 20_000);
    await reportCalls();
  } finally {
    vi.useRealTimers();
    config().redis = redis;
  }
  const rows = await select<{ counts: { calls: number } }>("SELECT counts FROM call_minutes WHERE minute = ? AND action = 'diary.list'", [
    new Date(after(1)),
  ]);
  expect(rows.map(({ counts }) => counts.calls)).toEqual([4]);
});

test('health is for operators, and says what is wrong', async () => {
  const token = 'operator-token-of-the-tests';
  await collect(0);
  await collect(1);
  const well = await ok(monitor, null, 'health', {}, { token, now: after(1) });
  expect(well).toMatchObject({
    status: 'ok',
    checks: expect.arrayContaining([expect.objectContaining({ name: 'database', status: 'ok' })]),
  });
  expect(await ok(monitor, null, 'health', {}, { token, now: after(60) })).toMatchObject({ status: 'degraded' });
  count(40, { code: 'INTERNAL' });
  await collect(2);
  expect(await ok(monitor, null, 'health', {}, { token, now: after(2) })).toMatchObject({ status: 'degraded' });
  await cutEveryLine();
  expect(await ok(monitor, null, 'health', {}, { token, now: after(2) })).toMatchObject({ status: 'down' });
});
