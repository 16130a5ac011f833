import { expect, test } from 'vitest';
import { main as diary } from '../../functions/diary/index';
import { main as points } from '../../functions/points/index';
import { main } from '../../functions/sync/index';
import { main as task } from '../../functions/task/index';
import { addDays } from '../../shared/clock';
import type { Change, SyncOutput } from '../../shared/sync/contract';
import { newChild, ok, select, send, TODAY, withoutRateLimits } from '../harness';

withoutRateLimits();

const WRITERS = 12;
const WRITES = 12;

test('a reader of the feed during twelve concurrent writers misses no change, and sees no rev twice or out of order', async () => {
  const child = await newChild(1_000);
  const { openid, userId } = child;
  const cached = new Map<string, Change>();
  let writing = true;
  let cursor: string | null = null;
  let revSeen = 0;
  let pulls = 0;

  const pull = async (limit: number): Promise<boolean> => {
    const page: SyncOutput = await ok(main, openid, 'sync', { clientId: 'reader-of-the-feed', cursor, limit });
    for (const change of page.changes) {
      expect(change.rev).toBeGreaterThan(revSeen);
      cached.set(`${change.kind} ${change.key}`, change);
    }
    revSeen = page.changes.at(-1)?.rev ?? revSeen;
    cursor = page.cursor;
    pulls += 1;
    return page.hasMore;
  };
  const read = async () => {
    while (writing) await pull(1 + (pulls % 7));
    while (await pull(200));
  };

  const write = async (writer: number) => {
    for (let count = 0; count < WRITES; count += 1) {
      const date = addDays(TODAY, -(writer * WRITES + count));
      const kind = (writer + count) % 4;
      if (kind === 0) await ok(diary, openid, 'create', { date, content: `${writer} ${count}` });
      if (kind === 1) await ok(points, openid, 'deduct', { amount: 1, source: 'x' });
      if (kind === 2) await ok(task, openid, 'create', { title: `${writer} ${count}` });
      if (kind === 3) {
        const { diary: written } = await ok(diary, openid, 'create', { date, content: 'x', isDraft: true });
        await send(diary, openid, count % 2 === 0 ? 'delete' : 'update', {
          id: written.id,
          version: written.version,
          ...(count % 2 === 1 && { content: 'y' }),
        });
      }
    }
  };
  const reading = read();
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  writing = false;
  await reading;

  const rows = await select<{ name: string; rev: number }>(
    `SELECT CONCAT('diary ', diary_date) AS name, rev FROM diaries WHERE user_id = ?
     UNION ALL SELECT CONCAT('task ', id), rev FROM tasks WHERE user_id = ?
     UNION ALL SELECT CONCAT('record ', seq), rev FROM point_records WHERE user_id = ?
     UNION ALL SELECT 'profile me', rev FROM users WHERE id = ?`,
    [userId, userId, userId, userId],
  );
  expect(pulls).toBeGreaterThan(10);
  expect(rows.length).toBeGreaterThan(WRITERS * WRITES);
  expect(new Map([...cached].map(([name, { rev }]) => [name, rev]))).toEqual(new Map(rows.map(({ name, rev }) => [name, rev])));
});
