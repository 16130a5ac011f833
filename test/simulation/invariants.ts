import { expect } from 'vitest';
import { select } from '../harness';
import { mismatches } from '../reconcile';
import type { Device, Stage } from './stage';

interface Row {
  key: string;
  rev: number;
  /** What anybody can see of it; null for a deletion. */
  shows: unknown;
}

interface Stored {
  rev: number;
  row: Record<string, unknown> | 'deleted' | 'evicted';
}

async function serverRows(userId: number): Promise<Row[]> {
  const diaries = await select<{ key: string; rev: number; content: string; draft: 0 | 1; comment: string | null; deleted: 0 | 1 }>(
    `SELECT CONCAT('diary:', diary_date) AS \`key\`, rev, content, is_draft AS draft, ai_comment AS comment, deleted_at IS NOT NULL AS deleted
       FROM diaries WHERE user_id = ?`,
    [userId],
  );
  const tasks = await select<{ key: string; rev: number; done: 0 | 1; deleted: 0 | 1 }>(
    "SELECT CONCAT('task:', id) AS `key`, rev, is_completed AS done, deleted_at IS NOT NULL AS deleted FROM tasks WHERE user_id = ?",
    [userId],
  );
  const records = await select<{ key: string; rev: number; amount: number }>(
    "SELECT CONCAT('record:', seq) AS `key`, rev, amount FROM point_records WHERE user_id = ?",
    [userId],
  );
  return [
    ...diaries.map(({ key, rev, content, draft, comment, deleted }) => ({
      key,
      rev,
      shows: deleted ? null : [content, draft === 1, comment],
    })),
    ...tasks.map(({ key, rev, done, deleted }) => ({ key, rev, shows: deleted ? null : done === 1 })),
    ...records.map(({ key, rev, amount }) => ({ key, rev, shows: amount })),
  ];
}

function showsOf(key: string, row: Record<string, unknown>): unknown {
  if (key.startsWith('diary:')) return [row.content, row.isDraft, row.aiComment];
  return key.startsWith('task:') ? row.isCompleted : row.amount;
}

/** A row that the history spoiled: fetched again when it is looked at. */
const RUBBISH: Stored = { rev: 0, row: 'evicted' };
const isRubbish = (value: unknown): boolean => value === 'rubbish';

interface Holding {
  cursorRev: number | null;
  rows: Map<string, Stored>;
}

/** What lies in a phone's storage, read past the SDK. */
function holdingOf({ phone }: Device): Holding {
  const keys = [...phone.storage.keys()];
  const root = keys.find((key) => /^gd:[^:]+:meta$/.test(key))?.slice(0, -'meta'.length) ?? 'gd:';
  const read = (key: string) => JSON.parse(String(phone.storage.get(key)));
  const { cursor = null, sweeping = false } = phone.storage.has(`${root}meta`) ? read(`${root}meta`) : {};
  const rows = keys
    .filter((key) => key.startsWith(`${root}row:`))
    .map((key) => [key.slice(root.length + 'row:'.length), isRubbish(phone.storage.get(key)) ? RUBBISH : read(key)] as const);
  return { cursorRev: cursor === null || sweeping ? null : Number(cursor.split('.')[1]), rows: new Map(rows) };
}

/** PX: a phone whose cursor stands at c has every row as of c. */
export async function expectPrefix({ devices, userId }: Stage): Promise<void> {
  const rows = await serverRows(userId);
  const [user] = await select<{ gc_rev: number; rev: number }>('SELECT gc_rev, rev FROM users WHERE id = ?', [userId]);
  for (const device of devices) {
    const { cursorRev, rows: held } = holdingOf(device);
    if (cursorRev === null || !user) continue;
    expect(cursorRev, `PX: ${device.name}'s cursor`).toBeLessThanOrEqual(user.rev);
    for (const { key, rev, shows } of rows) {
      if (rev > cursorRev) continue;
      const stored = held.get(key);
      if (stored === RUBBISH) continue;
      const living = stored && typeof stored.row === 'object' ? showsOf(key, stored.row) : null;
      // A row may be newer than the cursor: rows are stored first.
      if (stored && stored.rev > rev) continue;
      expect(living, `PX: ${device.name} at ${cursorRev} lacks ${key} of ${rev}`).toEqual(shows);
    }
  }
}

/** CV, GH: every phone holds exactly what the server does, and shows it. */
async function expectConverged({ devices, userId }: Stage): Promise<void> {
  const standing = (await serverRows(userId)).filter(({ shows }) => shows !== null);
  for (const device of devices) {
    const { rows } = holdingOf(device);
    const living = [...rows].flatMap(([key, { row }]) =>
      typeof row === 'object' && !/^(profile|draw|job):/.test(key) ? [[key, showsOf(key, row)]] : [],
    );
    expect(new Map(living as [string, unknown][]), `CV: ${device.name}`).toEqual(new Map(standing.map(({ key, shows }) => [key, shows])));
    const { diaries } = await device.app.diary.list({ limit: 100 }, { prefer: 'cache' });
    const shown = diaries.map(({ date, content, isDraft, aiComment }) => [`diary:${date}`, [content, isDraft, aiComment]] as const);
    expect(new Map(shown), `CV: ${device.name} shows`).toEqual(
      new Map(standing.flatMap(({ key, shows }) => (key.startsWith('diary:') ? [[key, shows] as const] : []))),
    );
    expect(device.app.sync.status().pending, `${device.name}'s queue`).toBe(0);
  }
}

/** NL, DL: a text that was reported saved stands, is kept, or was given up by somebody who saw it. */
async function expectNothingLost({ devices, userId, story }: Stage): Promise<void> {
  const found = new Set(
    (
      await select<{ content: string }>(
        'SELECT content FROM diaries WHERE user_id = ? UNION SELECT content FROM diary_revisions WHERE user_id = ?',
        [userId, userId],
      )
    ).map(({ content }) => content),
  );
  for (const { app } of devices) {
    for (const { mine } of app.sync.conflicts()) if (mine) found.add(mine.content);
    for (const { args } of app.sync.setAside()) found.add(String(args.content));
  }
  for (const [content, { by }] of story.texts) {
    if (!story.seenOff.has(content)) expect(found, `NL: ${by} wrote ${content}`).toContain(content);
  }
}

/** EO, OR: what was spent was spent once, in the order in which each phone spent. */
async function expectSpentOnce({ devices, userId, story }: Stage): Promise<void> {
  const ledger = await select<{ source: string }>('SELECT source FROM point_records WHERE user_id = ? AND amount < 0 ORDER BY seq', [
    userId,
  ]);
  const sources = ledger.map(({ source }) => source);
  expect(sources, 'EO').toEqual([...new Set(sources)]);
  const aside = new Set(devices.flatMap(({ app }) => app.sync.setAside().map(({ args }) => String(args.source))));
  for (const source of story.spends.keys()) {
    if (!aside.has(source) && !story.seenOff.has(source)) expect(sources, `EO: ${source} was reported saved`).toContain(source);
  }
  for (const { name } of devices) {
    const own = [...story.spends].filter(([source, { by }]) => by === name && sources.includes(source)).map(([source]) => source);
    expect(
      sources.filter((source) => own.includes(source)),
      `OR: ${name}`,
    ).toEqual(own);
  }
}

/** What must hold once all is quiet. */
export async function expectInvariants(stage: Stage): Promise<void> {
  await expectPrefix(stage);
  await expectConverged(stage);
  await expectNothingLost(stage);
  await expectSpentOnce(stage);
  // LG, ST: ledger, totals and streaks are what the rows say.
  expect((await mismatches()).filter(({ subject }) => subject === stage.userId)).toEqual([]);
}
