import type { RowDataPacket } from 'mysql2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectTo } from '../../scripts/database';
import { migrate } from '../../scripts/migrate';
import { freshInstance } from '../fresh';
import { newOpenid, ok, send, TODAY } from '../harness';
import { DATABASE, deployFirst, type Field, nextVersion, openField, settingsFor } from './stage';

/** `npm run test:field` runs the long form. */
const UPGRADES = process.env.MODE === 'long' ? 20 : 3;
const CHILDREN = 4;

let field: Field;
beforeAll(async () => {
  field = await openField();
});
afterAll(() => field.stop());

type Instance = Awaited<ReturnType<typeof freshInstance>>;

/** Children who write until they are told to stop; each call's code and milliseconds. */
function keepWriting({ login, diary, user }: Instance) {
  const heard: { code: string; ms: number }[] = [];
  let isStopping = false;
  async function child(): Promise<{ openid: string; version: number; content: string }> {
    const openid = newOpenid();
    await ok(login, openid, 'login');
    const { diary: first } = await ok(diary, openid, 'create', { date: TODAY, content: '公园🌳 0' });
    let version: number = first.version;
    let content = '';
    for (let n = 1; !isStopping; n += 1) {
      const started = performance.now();
      const isWrite = n % 2 === 1;
      const answer = isWrite
        ? await send(diary, openid, 'update', { id: first.id, content: `公园🌳 ${n}`, version }, { requestId: `field-${openid}-${n}` })
        : await send(user, openid, 'profile');
      heard.push({ code: answer.success ? 'OK' : answer.error.code, ms: performance.now() - started });
      if (!answer.success || !isWrite) continue;
      ({ version, content } = (answer.data as { diary: { version: number; content: string } }).diary);
    }
    return { openid, version, content };
  }
  const children = Array.from({ length: CHILDREN }, child);
  return {
    heard,
    async stop() {
      isStopping = true;
      return Promise.all(children);
    },
  };
}

/** The rights of the runtime account, seen by itself. */
async function executable(): Promise<string[]> {
  const runtime = await connectTo(field.as('gd_runtime'), DATABASE);
  const [rows] = await runtime.query<RowDataPacket[]>(
    'SELECT routine_name AS name FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY 1',
  );
  await runtime.end();
  return rows.map(({ name }) => String(name));
}

describe.each(['stripped', 'full'] as const)('an administrator with %s rights', (kind) => {
  test(`deploys first, and gd_migrator upgrades ${UPGRADES} times while calls run: none is refused, none is lost`, async () => {
    await field.reset(kind, 'utf8mb3');
    await deployFirst(field);
    const procedures = await executable();
    expect(procedures).toContain('post_diary');

    // As on the platform, where an instance serves one call at a time: no call waits for the connection of another.
    const load = keepWriting(await freshInstance({ ...settingsFor(field), DB_POOL: String(CHILDREN) }));
    const times: number[] = [];
    for (let number = 1; number <= UPGRADES; number += 1) {
      const started = performance.now();
      await nextVersion(number, (sqlFolder) => migrate(field.as('gd_migrator'), { sqlFolder }));
      times.push(Math.round(performance.now() - started));
      expect(await executable()).toEqual(procedures);
    }
    const children = await load.stop();
    expect(load.heard.length).toBeGreaterThan(20);
    expect([...new Set(load.heard.map(({ code }) => code))]).toEqual(['OK']);
    for (const { openid, content } of children) {
      const [row] = await field.ask<{ content: string }>(
        `SELECT d.content FROM ${DATABASE}.diaries d JOIN ${DATABASE}.users u ON u.id = d.user_id WHERE u.openid = ?`,
        [openid],
      );
      expect(row?.content).toBe(content);
    }
    const slowest = Math.round(Math.max(...load.heard.map(({ ms }) => ms)));
    console.log(`${kind}: upgrades took ${times.join(', ')} ms, ${load.heard.length} calls meanwhile, the slowest ${slowest} ms`);
    expect(await field.ask("SELECT account_locked AS locked FROM mysql.user WHERE user = 'gd_owner'")).toEqual([{ locked: 'Y' }]);
  });
});
