import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { subjectOf } from '../../shared/runtime/identity';
import { openCache } from '../../shared/runtime/redis';
import type { Change, MutationResult, SyncInput, SyncOutput } from '../../shared/sync/contract';
import { type Child, db, grant, NOON, newChild, ok, refused, select, TODAY, withoutRateLimits, withSettings } from '../../test/harness';
import { main as diary } from '../diary/index';
import { main as points } from '../points/index';
import { main as task } from '../task/index';
import { main } from './index';

withoutRateLimits();

const newClient = () => `phone-${randomBytes(6).toString('hex')}`;
const minutesAfterNoon = (minutes: number) => new Date(Date.parse(NOON) + minutes * 60_000).toISOString();
const DAY = '2025-01-18';

interface Mutation {
  mid: number;
  type: string;
  args: Record<string, unknown>;
  modifiedAt: string;
  baseRev?: number;
  prev?: number;
  policy?: 'newest' | 'server' | 'ask';
}

const mutation = (mid: number, type: string, args: Record<string, unknown>): Mutation => ({ mid, type, args, modifiedAt: NOON });
const write = (mid: number, date: string, content: string, more: Partial<Mutation> = {}): Mutation => ({
  ...mutation(mid, 'diary.put', { date, content, mood: '', weather: '', images: [], tags: [], isDraft: false }),
  ...more,
});
const erase = (mid: number, date: string, more: Partial<Mutation> = {}): Mutation => ({
  ...mutation(mid, 'diary.put', { date, deleted: true }),
  ...more,
});

/** One installation of a child's: keeps its name and its cursor. */
function phoneOf({ openid }: Child) {
  const clientId = newClient();
  const phone = {
    clientId,
    cursor: null as string | null,
    async sync(mutations: Mutation[] = [], more: Partial<SyncInput> = {}, now: string = minutesAfterNoon(60)): Promise<SyncOutput> {
      const answer: SyncOutput = await ok(main, openid, 'sync', { clientId, cursor: phone.cursor, mutations, ...more }, { now });
      phone.cursor = answer.cursor;
      return answer;
    },
    send: async (mutations: Mutation[], more: Partial<SyncInput> = {}, now?: string): Promise<MutationResult[]> =>
      (await phone.sync(mutations, more, now)).results,
    async one(sent: Mutation, more: Partial<SyncInput> = {}, now?: string): Promise<MutationResult> {
      const [result] = await phone.send([sent], more, now);
      if (!result) throw new Error('no result');
      return result;
    },
  };
  return phone;
}

const standing = async ({ userId }: Child, date: string) => {
  const [row] = await select<{ content: string; content_rev: number; deleted: 0 | 1 }>(
    'SELECT content, content_rev, deleted_at IS NOT NULL AS deleted FROM diaries WHERE user_id = ? AND diary_date = ?',
    [userId, date],
  );
  return row ?? null;
};

const kept = ({ userId }: Child) =>
  select<{ reason: string; content: string; diary_date: string }>(
    "SELECT reason, content, diary_date FROM diary_revisions WHERE user_id = ? AND reason = 'conflict' ORDER BY id",
    [userId],
  );

const statuses = (results: MutationResult[]) => results.map(({ mid, status, code }) => [mid, code ?? status]);
const versionOf = (result: MutationResult): number => (result.row && 'version' in result.row ? result.row.version : 0);
const keysOf = (changes: Change[]) => changes.map(({ kind, key }) => `${kind} ${key}`);

describe('a mutation', () => {
  test('is done once: sent again it is answered as the first time', async () => {
    const child = await newChild(100);
    const phone = phoneOf(child);
    const batch = [
      write(1, TODAY, '今天'),
      mutation(2, 'points.deduct', { amount: 30, source: '家庭奖励' }),
      mutation(3, 'task.create', { title: '练琴' }),
    ];
    const first = await phone.send(batch);
    expect(statuses(first)).toEqual([
      [1, 'applied'],
      [2, 'applied'],
      [3, 'applied'],
    ]);
    const again = await phone.send(batch);
    expect(again).toEqual(first.map((result) => ({ ...result, replayed: true })));
    expect(await ok(points, child.openid, 'balance')).toEqual({ points: 75 });
    expect((await select('SELECT 1 FROM tasks WHERE user_id = ?', [child.userId])).length).toBe(1);
  });

  test('sent twice at the same moment is done once', async () => {
    const child = await newChild(100);
    const phone = phoneOf(child);
    const batch = [
      write(1, DAY, 'a'),
      mutation(2, 'points.deduct', { amount: 30, source: 'x' }),
      write(3, '2025-01-19', 'b'),
      mutation(4, 'points.deduct', { amount: 500, source: 'x' }),
    ];
    const answers = await Promise.all(Array.from({ length: 6 }, () => phone.send(batch)));
    for (const results of answers) {
      expect(statuses(results)).toEqual([
        [1, 'applied'],
        [2, 'applied'],
        [3, 'applied'],
        [4, 'POINTS_INSUFFICIENT'],
      ]);
    }
    expect(await ok(points, child.openid, 'balance')).toEqual({ points: 70 });
    expect(await kept(child)).toEqual([]);
  });

  test('whose number was used with other content is stale, and the batch stops', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    await phone.send([write(1, DAY, 'a')]);
    expect(statuses(await phone.send([write(1, DAY, 'b'), write(2, '2025-01-19', 'c')]))).toEqual([[1, 'stale']]);
    expect(await standing(child, DAY)).toMatchObject({ content: 'a' });
    expect(await standing(child, '2025-01-19')).toBeNull();
  });

  test('whose answer was acknowledged is applied again without its row', async () => {
    const child = await newChild(100);
    const phone = phoneOf(child);
    const tooMuch = mutation(2, 'points.deduct', { amount: 500, source: 'x' });
    const spend = mutation(3, 'points.deduct', { amount: 30, source: 'x' });
    await phone.send([write(1, DAY, 'a'), tooMuch, spend]);
    await phone.sync([], { ack: 3 });
    const answers = await select<{ receipt: string | null; hash: Buffer }>(
      'SELECT receipt, hash FROM requests WHERE user_id = ? AND request_id LIKE ? ORDER BY request_id',
      [child.userId, `~${phone.clientId}:%`],
    );
    expect(answers.map(({ receipt, hash }) => [receipt, hash.length])).toEqual([
      [null, 32],
      ['{"refused": "POINTS_INSUFFICIENT"}', 32],
      [null, 32],
    ]);
    expect(await phone.send([write(1, DAY, 'a'), tooMuch, spend])).toMatchObject([
      { mid: 1, status: 'applied', replayed: true },
      { mid: 2, status: 'rejected', code: 'POINTS_INSUFFICIENT', replayed: true },
      { mid: 3, status: 'applied', replayed: true },
    ]);
    expect(await ok(points, child.openid, 'balance')).toEqual({ points: 70 });
  });

  test('that lost is a conflict again, and not kept twice, though its answer was acknowledged', async () => {
    const child = await newChild();
    await phoneOf(child).send([write(1, DAY, '早')]);
    const phone = phoneOf(child);
    const mine = write(1, DAY, '晚', { policy: 'server' });
    const first = await phone.one(mine);
    await phone.sync([], { ack: 1 });
    expect(await phone.one(mine)).toEqual({ ...first, status: 'conflict', replayed: true });
    expect(await kept(child)).toEqual([{ reason: 'conflict', content: '晚', diary_date: DAY }]);
  });

  test('of a restored phone is not applied again; new content under used numbers is stale', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    await phone.send([write(1, DAY, 'a'), write(2, '2025-01-19', 'b')]);
    await phone.sync([], { ack: 2 });
    expect(statuses(await phone.send([write(1, DAY, 'a'), write(2, '2025-01-20', 'another life'), write(3, '2025-01-21', 'c')]))).toEqual([
      [1, 'applied'],
      [2, 'stale'],
    ]);
    expect(await standing(child, '2025-01-20')).toBeNull();
  });

  test('whose number is older than every stored request is stale', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    await phone.send([write(1, DAY, 'a'), write(2, '2025-01-19', 'b')]);
    await db().query('DELETE FROM requests WHERE user_id = ? AND request_id = ?', [child.userId, `~${phone.clientId}:0000000001`]);
    expect(statuses(await phone.send([write(1, DAY, 'a')]))).toEqual([[1, 'stale']]);
  });

  test('that jumps ahead is a gap that names the number expected, and the batch stops', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    await phone.send([write(1, DAY, 'a')]);
    expect(await phone.send([write(3, '2025-01-19', 'c'), write(4, '2025-01-20', 'd')])).toEqual([{ mid: 3, status: 'gap', expected: 2 }]);
    expect(await phone.send([write(2, '2025-01-19', 'b'), write(4, '2025-01-20', 'd')])).toMatchObject([
      { mid: 2, status: 'applied' },
      { mid: 4, status: 'gap', expected: 3 },
    ]);
    expect(await standing(child, '2025-01-20')).toBeNull();
  });

  test('is not disturbed by a caller’s request id that looks like its own', async () => {
    const child = await newChild(100);
    const phone = phoneOf(child);
    await phone.send([write(1, DAY, 'a')]);
    const [likeIts, its] = [`${phone.clientId}:0000000009`, `~${phone.clientId}:0000000009`];
    await ok(points, child.openid, 'deduct', { amount: 1, source: 'x' }, { requestId: likeIts });
    await ok(task, child.openid, 'create', { title: 'x' }, { requestId: likeIts });
    expect((await refused(task, child.openid, 'create', { title: 'x' }, { requestId: its })).code).toBe('INVALID_INPUT');
    expect(statuses(await phone.send([write(2, '2025-01-19', 'b'), mutation(3, 'points.deduct', { amount: 2, source: 'x' })]))).toEqual([
      [2, 'applied'],
      [3, 'applied'],
    ]);
  });

  test('repeated answers its effect with the task as it is now', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    const make = mutation(1, 'task.create', { title: '练琴', pointsReward: 7 });
    const done = mutation(2, 'task.complete', { ref: 1 });
    const [made, completed] = await phone.send([make, done]);
    expect(completed).toMatchObject({ status: 'applied', points: 7 });
    const { id } = (made as { row: { id: number } }).row;
    expect(await phone.send([make, done])).toMatchObject([
      { mid: 1, status: 'applied', replayed: true, row: { id, isCompleted: true } },
      { mid: 2, status: 'applied', replayed: true, points: 7, row: { id, isCompleted: true } },
    ]);
    await ok(task, child.openid, 'delete', { id });
    expect(await phone.send([make, done])).toMatchObject([
      { mid: 1, status: 'applied', replayed: true },
      { mid: 2, status: 'applied', replayed: true },
    ]);
  });

  test('numbers belong to one installation of one child', async () => {
    const [alice, bob] = [await newChild(), await newChild()];
    const clientId = newClient();
    for (const { openid } of [alice, bob]) {
      const { results } = await ok(main, openid, 'sync', { clientId, mutations: [write(1, DAY, openid)] });
      expect(results[0].status).toBe('applied');
    }
    expect(statuses(await phoneOf(alice).send([write(1, '2025-01-19', 'other phone')]))).toEqual([[1, 'applied']]);
  });

  test('that is invalid is rejected with its fields; the others are applied', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    const { results } = await phone.sync([
      mutation(1, 'diary.put', { date: DAY, content: '没有说标签' }),
      write(2, '2025-01-23', 'tomorrow'),
      mutation(3, 'diary.explode', {}),
      mutation(4, 'task.complete', { id: 99_999 }),
      mutation(5, 'task.create', { title: '', userId: 1 }),
      { ...write(6, DAY, ''), args: { ...write(6, DAY, '').args, images: ['http://tmp/a.jpg'] } },
      write(7, DAY, '好的'),
    ]);
    expect(statuses(results)).toEqual([
      [1, 'INVALID_INPUT'],
      [2, 'INVALID_INPUT'],
      [3, 'INVALID_INPUT'],
      [4, 'NOT_FOUND'],
      [5, 'INVALID_INPUT'],
      [6, 'INVALID_INPUT'],
      [7, 'applied'],
    ]);
    expect(results[0]?.details).toContainEqual({ path: 'tags', message: '必填' });
    expect(results.every(({ code, message }) => code === undefined || /[\u4e00-\u9fff]/.test(message ?? ''))).toBe(true);
  });

  test('that was refused stays refused, even when it could be done now', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    const spend = mutation(1, 'points.deduct', { amount: 30, source: 'x' });
    expect(statuses([await phone.one(spend)])).toEqual([[1, 'POINTS_INSUFFICIENT']]);
    await grant(child.userId, 100);
    expect(await phone.one(spend)).toMatchObject({ status: 'rejected', code: 'POINTS_INSUFFICIENT', replayed: true });
    const tomorrow = write(2, '2025-01-23', 'tomorrow');
    expect(await phone.one(tomorrow)).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await phone.one(tomorrow, {}, '2025-01-24T04:00:00.000Z')).toMatchObject({ code: 'INVALID_INPUT', replayed: true });
    expect(await ok(points, child.openid, 'balance')).toEqual({ points: 100 });
  });

  test('that fails unexpectedly is retried twice, then rejected, so that the queue continues', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    await db().query(`CREATE TRIGGER poison BEFORE INSERT ON diaries FOR EACH ROW
      IF NEW.content = '毒' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF`);
    try {
      const batch = [write(1, DAY, 'a'), write(2, '2025-01-19', '毒'), write(3, '2025-01-20', 'c')];
      for (let attempt = 0; attempt < 2; attempt += 1) {
        expect(statuses(await phone.send(batch))).toEqual([
          [1, 'applied'],
          [2, 'retry'],
        ]);
      }
      const last = [
        [1, 'applied'],
        [2, 'INTERNAL'],
        [3, 'applied'],
      ];
      expect(statuses(await phone.send(batch))).toEqual(last);
      expect(statuses(await phone.send(batch))).toEqual(last);
    } finally {
      await db().query('DROP TRIGGER poison');
    }
  });

  test('of every kind does what the direct call does', async () => {
    const child = await newChild(50);
    const phone = phoneOf(child);
    const [system] = (await ok(task, child.openid, 'list')).tasks;
    const results = await phone.send([
      mutation(1, 'task.create', { title: '练琴', pointsReward: 7 }),
      mutation(2, 'task.update', { ref: 1, title: '练琴30分钟', repeat: { kind: 'daily' } }),
      mutation(3, 'task.complete', { ref: 1, doneOn: TODAY }),
      mutation(4, 'task.uncomplete', { ref: 1 }),
      mutation(5, 'task.delete', { ref: 1 }),
      mutation(6, 'task.complete', { id: system.id }),
      mutation(7, 'points.deduct', { amount: 20, source: '家庭奖励' }),
      mutation(8, 'user.update', { nickname: '小明' }),
    ]);
    expect(results).toMatchObject([
      { status: 'applied', row: { title: '练琴', pointsReward: 7 } },
      { status: 'applied', row: { title: '练琴30分钟' } },
      { status: 'applied', row: { isCompleted: true }, points: 57 },
      { status: 'applied', row: { isCompleted: false }, points: 50 },
      { status: 'applied', deleted: true },
      { status: 'applied', row: { id: system.id, isCompleted: true }, points: 60 },
      { status: 'applied', row: { amount: -20 }, points: 40 },
      { status: 'applied', row: { nickname: '小明' } },
    ]);
  });

  test('finds the task an earlier one made, also after that answer was acknowledged', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    await phone.send([mutation(1, 'task.create', { title: '练琴' }), write(2, DAY, 'a')]);
    await phone.sync([], { ack: 2 });
    expect(statuses(await phone.send([mutation(3, 'task.complete', { ref: 1 }), mutation(4, 'task.complete', { ref: 2 })]))).toEqual([
      [3, 'applied'],
      [4, 'NOT_FOUND'],
    ]);
  });

  test('that another phone did first says so', async () => {
    const child = await newChild();
    const [system] = (await ok(task, child.openid, 'list')).tasks;
    await ok(task, child.openid, 'complete', { id: system.id });
    expect(statuses([await phoneOf(child).one(mutation(1, 'task.complete', { id: system.id }))])).toEqual([[1, 'TASK_ALREADY_COMPLETED']]);
  });

  test('pays, counts and publishes as a direct call does', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    const draft = write(1, TODAY, '草稿');
    draft.args.isDraft = true;
    const first = await phone.sync([draft]);
    expect(first.user).toMatchObject({ points: 0, totalDiaries: 0 });
    const second = await phone.sync([write(2, TODAY, '写好了', { prev: 1 })]);
    expect(second.results[0]).toMatchObject({ status: 'applied', points: 5 });
    expect(second.user).toEqual({ points: 5, totalDiaries: 1, continuousDays: 1, longestStreak: 1, lastDiaryDate: TODAY });
    const third = await phone.sync([erase(3, TODAY, { prev: 2 })]);
    expect(third.user).toMatchObject({ points: 5, totalDiaries: 0, continuousDays: 0 });
  });
});

describe('two phones on one day', () => {
  async function twoPhones() {
    const child = await newChild();
    const [a, b] = [phoneOf(child), phoneOf(child)];
    const base = versionOf(await a.one(write(1, DAY, '从前')));
    await b.sync();
    return { child, a, b, base };
  }

  test('newest: the later text wins in either order of arrival; the other is kept', async () => {
    const { child, a, b, base } = await twoPhones();
    await a.send([write(2, DAY, '早', { baseRev: base, modifiedAt: minutesAfterNoon(1) })]);
    expect(await b.one(write(1, DAY, '晚', { baseRev: base, modifiedAt: minutesAfterNoon(2) }))).toMatchObject({
      status: 'applied',
      row: { content: '晚' },
    });
    expect(await kept(child)).toEqual([{ reason: 'conflict', content: '早', diary_date: DAY }]);
  });

  test('newest: an earlier text that arrives later loses, is answered with the stored diary, and is kept', async () => {
    const { child, a, b, base } = await twoPhones();
    await a.send([write(2, DAY, '晚', { baseRev: base, modifiedAt: minutesAfterNoon(2) })]);
    const result = await b.one(write(1, DAY, '早', { baseRev: base, modifiedAt: minutesAfterNoon(1) }));
    expect(result).toMatchObject({ status: 'conflict', row: { content: '晚' } });
    expect(await standing(child, DAY)).toMatchObject({ content: '晚' });
    expect(await kept(child)).toEqual([{ reason: 'conflict', content: '早', diary_date: DAY }]);
  });

  test.each(['server', 'ask'] as const)('%s: what stands stays, however late the other was written; that is kept', async (policy) => {
    const { child, a, b, base } = await twoPhones();
    await a.send([write(2, DAY, '早', { baseRev: base, modifiedAt: minutesAfterNoon(1) })]);
    const mine = write(1, DAY, '晚', { baseRev: base, modifiedAt: minutesAfterNoon(2), policy });
    const result = await b.one(mine);
    expect(result).toMatchObject({ status: 'conflict', row: { content: '早' } });
    expect(await b.one(mine)).toEqual({ ...result, replayed: true });
    expect(await kept(child)).toEqual([{ reason: 'conflict', content: '晚', diary_date: DAY }]);
    const chosen = await b.one(write(2, DAY, '晚', { baseRev: versionOf(result), prev: 1, policy }));
    expect(chosen).toMatchObject({ status: 'applied', row: { content: '晚' } });
  });

  test('a phone’s draft that is published at another door, unseen there, is kept', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    const draft = write(1, DAY, '手机上的草稿');
    await phone.one({ ...draft, args: { ...draft.args, isDraft: true } });
    const publish = (content: string, isDraft: boolean) =>
      ok(diary, child.openid, 'create', { date: DAY, content, isDraft }, { now: minutesAfterNoon(61) });
    await publish('网页上写的草稿', true);
    await publish('网页上写的', false);
    expect(await standing(child, DAY)).toMatchObject({ content: '网页上写的' });
    expect(await kept(child)).toMatchObject([{ reason: 'conflict', content: '手机上的草稿' }]);
  });

  test('an equal text is no conflict', async () => {
    const { child, a, b, base } = await twoPhones();
    await a.send([write(2, DAY, '一样', { baseRev: base })]);
    const before = await standing(child, DAY);
    expect(await b.one(write(1, DAY, '一样', { baseRev: base, policy: 'ask' }))).toMatchObject({
      status: 'applied',
      row: { content: '一样' },
    });
    expect(await standing(child, DAY)).toEqual(before);
    expect(await kept(child)).toEqual([]);
  });

  test('a put that found the diary unchanged has seen that version, but no later one', async () => {
    const { child, a, b, base } = await twoPhones();
    await a.send([write(2, DAY, '一样', { baseRev: base })]);
    const edit = (mid: number, content: string) => write(mid, DAY, content, { baseRev: base, prev: mid - 1, policy: 'server' });
    await b.send([edit(1, '一样')]);
    await b.sync([], { ack: 1 });
    expect(await b.one(edit(2, '接着写'))).toMatchObject({ status: 'applied', row: { content: '接着写' } });
    expect(await kept(child)).toEqual([]);

    await a.send([write(3, DAY, '又一样', { baseRev: (await standing(child, DAY))?.content_rev ?? 0 })]);
    await b.send([edit(3, '又一样')]);
    await a.send([write(4, DAY, '没见过', { baseRev: base, prev: 3 })]);
    expect(await b.one(edit(4, '再写'))).toMatchObject({ status: 'conflict', row: { content: '没见过' } });
    expect(await b.one(edit(5, '还写'))).toMatchObject({ status: 'conflict' });
    expect((await kept(child)).map(({ content }) => content)).toEqual(['再写', '还写']);
  });

  test('a text its author had seen is written over and not kept', async () => {
    const { child, b, base } = await twoPhones();
    expect(await b.one(write(1, DAY, '后来', { baseRev: base, policy: 'server' }))).toMatchObject({ status: 'applied' });
    expect(await kept(child)).toEqual([]);
  });

  test('what a phone wrote itself is no conflict to it, what another wrote since is', async () => {
    const { child, a, b, base } = await twoPhones();
    const queue = [
      write(1, DAY, '一', { baseRev: base, policy: 'server' }),
      write(2, DAY, '二', { baseRev: base, prev: 1, policy: 'server' }),
      write(3, DAY, '三', { baseRev: base, prev: 2, policy: 'server' }),
    ];
    expect(statuses(await b.send(queue))).toEqual([
      [1, 'applied'],
      [2, 'applied'],
      [3, 'applied'],
    ]);
    expect(await a.one(write(2, DAY, '甲', { baseRev: base, prev: 1, policy: 'server' }))).toMatchObject({ status: 'conflict' });
    await a.send([write(3, DAY, '乙', { baseRev: (await standing(child, DAY))?.content_rev ?? 0 })]);
    expect(await b.one(write(4, DAY, '四', { baseRev: base, prev: 3, policy: 'server' }))).toMatchObject({
      status: 'conflict',
      row: { content: '乙' },
    });
    expect((await kept(child)).map(({ content }) => content)).toEqual(['甲', '四']);
  });

  test('an unseen earlier mutation of the same phone is a conflict too', async () => {
    const { b, base } = await twoPhones();
    await b.send([write(1, DAY, '一', { baseRev: base })]);
    expect(await b.one(write(2, DAY, '二', { baseRev: base, prev: 0, policy: 'server' }))).toMatchObject({ status: 'conflict' });
  });

  test('a comment of the AI is no conflict and is not lost', async () => {
    const { child, b, base } = await twoPhones();
    await db().query('UPDATE users SET rev = rev + 1 WHERE id = ?', [child.userId]);
    await db().query("UPDATE diaries SET ai_comment = '加油', rev = (SELECT rev FROM users WHERE id = ?) WHERE user_id = ?", [
      child.userId,
      child.userId,
    ]);
    expect(await b.one(write(1, DAY, '后来', { baseRev: base, policy: 'server' }))).toMatchObject({
      status: 'applied',
      row: { content: '后来', aiComment: '加油' },
    });
  });

  test('a version that the server never issued does not count as seen', async () => {
    const { child, a, b, base } = await twoPhones();
    await a.send([write(2, DAY, '早', { baseRev: base })]);
    expect(await b.one(write(1, DAY, '晚', { baseRev: 9_000_000_000, policy: 'server' }))).toMatchObject({ status: 'conflict' });
    expect((await kept(child)).length).toBe(1);
  });

  test('a clock that is ahead wins no conflict: times in the future count as now', async () => {
    const { child, a, b, base } = await twoPhones();
    await a.send([write(2, DAY, '真的', { baseRev: base, modifiedAt: '2031-01-01T00:00:00.000Z' })], {}, minutesAfterNoon(1));
    expect(await b.one(write(1, DAY, '后来', { baseRev: base, modifiedAt: minutesAfterNoon(2) }), {}, minutesAfterNoon(3))).toMatchObject({
      status: 'applied',
    });
    expect(await standing(child, DAY)).toMatchObject({ content: '后来' });
  });

  test('a phone whose clock shows 1970 loses no conflict when it sends its clock', async () => {
    const { child, a, b, base } = await twoPhones();
    await a.send([write(2, DAY, '早', { baseRev: base, modifiedAt: minutesAfterNoon(1) })]);
    const late = write(1, DAY, '晚', { baseRev: base, modifiedAt: '1970-01-01T00:10:00.000Z' });
    expect(await b.one(late, { sentAt: '1970-01-01T00:15:00.000Z' }, minutesAfterNoon(10))).toMatchObject({ status: 'applied' });
    expect(await standing(child, DAY)).toMatchObject({ content: '晚' });
  });

  test.each([
    ['9999-12-31T23:59:59.999Z', NOON],
    ['+010000-01-01T00:00:00.000Z', '+010000-01-01T00:00:00.000Z'],
    ['-271821-04-20T00:00:00.000Z', '+275760-09-13T00:00:00.000Z'],
  ])('a clock that says %s, and had said %s, holds up nothing', async (sentAt, modifiedAt) => {
    const { child, a, b, base } = await twoPhones();
    await a.send([write(2, DAY, '早', { baseRev: base })]);
    const queue = [
      write(1, DAY, '晚', { baseRev: base, modifiedAt, policy: 'server' }),
      write(2, '2025-01-19', '新的一天', { modifiedAt }),
    ];
    expect(statuses(await b.send(queue, { sentAt }))).toEqual([
      [1, 'conflict'],
      [2, 'applied'],
    ]);
    expect((await kept(child)).length).toBe(1);
  });

  test.each(['newest', 'server', 'ask'] as const)('%s: a deletion does not beat an edit it had not seen', async (policy) => {
    const { child, a, b, base } = await twoPhones();
    await a.send([write(2, DAY, '改了', { baseRev: base, modifiedAt: minutesAfterNoon(1) })]);
    const result = await b.one(erase(1, DAY, { baseRev: base, modifiedAt: minutesAfterNoon(2), policy }));
    expect(result).toMatchObject({ status: 'conflict', row: { content: '改了' } });
    expect(await standing(child, DAY)).toMatchObject({ content: '改了', deleted: 0 });
    expect(await kept(child)).toEqual([]);
  });

  test.each(['newest', 'server', 'ask'] as const)('%s: an edit brings back a day deleted elsewhere', async (policy) => {
    const { child, a, b, base } = await twoPhones();
    await a.send([erase(2, DAY, { baseRev: base, modifiedAt: minutesAfterNoon(2) })]);
    const result = await b.one(write(1, DAY, '改了', { baseRev: base, modifiedAt: minutesAfterNoon(1), policy }));
    expect(result).toMatchObject({ status: 'applied', row: { content: '改了' } });
    expect(await standing(child, DAY)).toMatchObject({ content: '改了', deleted: 0 });
  });

  test('both deleting is no conflict, nor is deleting what never was', async () => {
    const { a, b, base } = await twoPhones();
    await a.send([erase(2, DAY, { baseRev: base })]);
    expect(await b.send([erase(1, DAY, { baseRev: base }), erase(2, '2025-01-01')])).toEqual([
      { mid: 1, status: 'applied', deleted: true },
      { mid: 2, status: 'applied', deleted: true },
    ]);
  });

  test('start page counts the conflicts that were not shown yet', async () => {
    const { child, a, b, base } = await twoPhones();
    await a.send([write(2, DAY, '早', { baseRev: base })]);
    const { serverRev } = await b.sync([write(1, DAY, '晚', { baseRev: base, policy: 'server' })]);
    expect((await ok(main, child.openid, 'home')).unread).toEqual({ conflicts: 1 });
    await b.sync([], { conflictsSeen: serverRev - 1 });
    expect((await ok(main, child.openid, 'home')).unread).toEqual({ conflicts: 1 });
    await b.sync([], { conflictsSeen: serverRev });
    expect((await ok(main, child.openid, 'home')).unread).toEqual({ conflicts: 0 });
  });
});

describe('the feed', () => {
  test('brings every kind in rev order, deletions too, and then nothing until something changes', async () => {
    const child = await newChild(100);
    const [a, b] = [phoneOf(child), phoneOf(child)];
    await b.sync();
    await a.send([write(1, DAY, 'a'), write(2, '2025-01-19', 'b'), erase(3, DAY, { prev: 1 }), mutation(4, 'task.create', { title: 't' })]);
    await a.send([mutation(5, 'task.delete', { ref: 4 }), mutation(6, 'points.deduct', { amount: 1, source: 'x' })]);
    const { changes, hasMore, serverRev } = await b.sync();
    expect(keysOf(changes).sort()).toEqual([
      'diary 2025-01-18',
      'diary 2025-01-19',
      'profile me',
      'record 2',
      expect.stringMatching(/^task/),
    ]);
    expect(changes.map(({ rev }) => rev)).toEqual(changes.map(({ rev }) => rev).toSorted((x, y) => x - y));
    expect(changes.filter((change) => 'deleted' in change).map(({ kind }) => kind)).toEqual(['diary', 'task']);
    expect([hasMore, changes.at(-1)?.rev]).toEqual([false, serverRev]);
    expect((await b.sync()).changes).toEqual([]);
  });

  test('shows a diary as the diary function does', async () => {
    const child = await newChild();
    const { changes } = await phoneOf(child).sync([write(1, TODAY, '😀\n“引号” 100%_\\')]);
    const { diary: direct } = await ok(diary, child.openid, 'get', { date: TODAY });
    expect(changes.find(({ kind }) => kind === 'diary')).toMatchObject({ row: direct });
  });

  test('a page ends between two revs, and the pages together bring each change once', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    await ok(task, child.openid, 'list');
    for (let count = 0; count < 12; count += 1)
      await ok(diary, child.openid, 'create', { date: `2025-01-${String(10 + count)}`, content: `${count}` });
    // What one posting wrote: five rows of one rev.
    await db().query('UPDATE tasks SET rev = 5 WHERE user_id = ?', [child.userId]);
    const seen: string[] = [];
    const sizes: number[] = [];
    for (let hasMore = true; hasMore; ) {
      const page = await phone.sync([], { limit: 4 });
      const revs = page.changes.map(({ rev }) => rev);
      expect(revs.filter((rev) => rev === 5).length % 5).toBe(0);
      expect(page.reset).toBeUndefined();
      seen.push(...keysOf(page.changes));
      sizes.push(page.changes.length);
      hasMore = page.hasMore;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe(12 + 1 + 5 + (await select('SELECT 1 FROM point_records WHERE user_id = ?', [child.userId])).length);
    expect(sizes.length).toBeGreaterThan(3);
  });

  test('a page holds at most 256 KB', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    const days = Array.from({ length: 30 }, (_, index) => `2024-11-${String(index + 1).padStart(2, '0')}`);
    for (const date of days) await ok(diary, child.openid, 'create', { date, content: '😀'.repeat(10_000) });
    const seen: string[] = [];
    for (let hasMore = true; hasMore; ) {
      const page = await phone.sync();
      expect(Buffer.byteLength(JSON.stringify(page.changes))).toBeLessThan(257 * 1_024);
      seen.push(...page.changes.filter(({ kind }) => kind === 'diary').map(({ key }) => key));
      hasMore = page.hasMore;
    }
    expect(seen).toEqual(days);
  });

  test.each(['garbage', '0.5.5', '1.999999.0', "1.1.1' OR 1=1"])(
    'a cursor of no use (%s) is answered from the beginning',
    async (cursor) => {
      const child = await newChild();
      const phone = phoneOf(child);
      await phone.send([write(1, DAY, 'a')]);
      const answer: SyncOutput = await ok(main, child.openid, 'sync', { clientId: newClient(), cursor });
      expect(answer.reset).toBe(true);
      expect(keysOf(answer.changes).sort()).toEqual(['diary 2025-01-18', 'profile me']);
      expect((await ok(main, child.openid, 'sync', { clientId: newClient(), cursor: answer.cursor })).reset).toBeUndefined();
    },
  );

  test('a first reading is no reset', async () => {
    const child = await newChild();
    expect((await phoneOf(child).sync()).reset).toBeUndefined();
  });
});

describe('sync', () => {
  test('answers UPGRADE_REQUIRED to a client that is too old, and applies nothing', async () => {
    const child = await newChild();
    const error = await refused(main, child.openid, 'sync', { clientId: newClient(), contractVersion: 0, mutations: [write(1, DAY, 'a')] });
    expect(error.code).toBe('UPGRADE_REQUIRED');
    expect(await standing(child, DAY)).toBeNull();
  });

  test.each([
    ['clientId', { clientId: 'short' }],
    ['clientId', { clientId: 'has:colon:in:it' }],
    ['mutations', { mutations: Array.from({ length: 51 }, (_, index) => write(index + 1, DAY, 'x')) }],
    ['mutations.0.mid', { mutations: [write(0, DAY, 'x')] }],
    ['mutations.0.modifiedAt', { mutations: [{ ...write(1, DAY, 'x'), modifiedAt: 'yesterday' }] }],
    ['sentAt', { sentAt: '+275760-09-13T00:00:00.001Z' }],
    ['mutations.0.userId', { mutations: [{ ...write(1, DAY, 'x'), userId: 1 }] }],
    ['limit', { limit: 401 }],
    ['userId', { userId: 7 }],
  ])('refuses a wrong %s', async (path, wrong) => {
    const child = await newChild();
    const error = await refused(main, child.openid, 'sync', { clientId: newClient(), ...wrong });
    expect(error).toMatchObject({ code: 'INVALID_INPUT', details: [{ path }] });
  });

  test('another child’s client id gives no access to that child’s data', async () => {
    const [alice, bob] = [await newChild(), await newChild()];
    const phone = phoneOf(alice);
    await phone.send([write(1, DAY, '秘密'), mutation(2, 'task.create', { title: 't' })]);
    const answer: SyncOutput = await ok(main, bob.openid, 'sync', {
      clientId: phone.clientId,
      cursor: null,
      ack: 2,
      mutations: [mutation(1, 'task.complete', { ref: 2 })],
    });
    expect(JSON.stringify(answer)).not.toContain('秘密');
    expect(statuses(answer.results)).toEqual([[1, 'NOT_FOUND']]);
    expect(statuses(await phone.send([write(1, DAY, '秘密')]))).toEqual([[1, 'applied']]);
  });
});

describe('the start page', () => {
  test('holds profile, today’s tasks and the ten newest diaries', async () => {
    const child = await newChild(3);
    for (let count = 0; count < 12; count += 1)
      await ok(diary, child.openid, 'create', { date: `2025-01-${String(10 + count)}`, content: `${count}` });
    await ok(diary, child.openid, 'delete', { id: (await ok(diary, child.openid, 'get', { date: '2025-01-20' })).diary.id });
    const first = await ok(main, child.openid, 'home');
    expect(first.diaries.map((each: { date: string }) => each.date)).toEqual(
      [21, 19, 18, 17, 16, 15, 14, 13, 12, 11].map((d) => `2025-01-${d}`),
    );
    expect(first.profile).toMatchObject({ totalDiaries: 11, continuousDays: 1, points: 8 });
    expect(first.tasks).toMatchObject({ date: TODAY, completed: 0, total: 5 });
    expect(await ok(main, child.openid, 'home')).toEqual(first);
    expect(first.tasks).toEqual(await ok(task, child.openid, 'list'));
  });
});

describe("the day's allowance of writes", () => {
  /** 500 writes a day, of which 6 are left. */
  async function limited<Answer>({ openid }: Child, work: () => Promise<Answer>): Promise<Answer> {
    const key = `gd:{${subjectOf(openid)}}:write:86400`;
    await openCache().run((redis) => redis.set(key, 494, 'EX', 86_400));
    return withSettings({ rateLimitFactor: 1 }, work);
  }
  const day = (index: number) => `2025-01-${String(index).padStart(2, '0')}`;

  test('holds for mutations too: the batch is cut to the room, the rest answers retry with retryAfter and is applied later, none is lost', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    const batch = Array.from({ length: 10 }, (_, index) => write(index + 1, day(index + 1), `第${index + 1}天`));
    const results = await limited(child, () => phone.send(batch));
    expect(results.map(({ status }) => status)).toEqual([...Array(6).fill('applied'), 'retry']);
    expect(results.at(-1)).toMatchObject({ mid: 7, code: 'RATE_LIMITED', retryAfter: expect.any(Number) });
    expect(results.at(-1)?.retryAfter).toBeGreaterThan(80_000);
    expect(await select('SELECT 1 FROM requests WHERE user_id = ? AND request_id LIKE ?', [child.userId, '~%'])).toHaveLength(6);
    const rest = await phone.send(batch.slice(6));
    expect(rest.map(({ status }) => status)).toEqual(Array(4).fill('applied'));
  });

  test('is the same as that of direct writes, and a repeated mutation spends none of it', async () => {
    const child = await newChild();
    const phone = phoneOf(child);
    await limited(child, async () => {
      const batch = [1, 2, 3, 4, 5].map((index) => write(index, day(index), 'x'));
      for (const _ of [1, 2, 3]) expect((await phone.send(batch)).at(-1)?.status).toBe('applied');
      await phone.send([write(6, day(6), 'x')]);
      expect((await phone.send([write(7, day(7), 'x')])).map(({ status }) => status)).toEqual(['retry']);
    });
  });
});
