import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectTo } from '../../scripts/database';
import { migrate } from '../../scripts/migrate';
import { freshInstance } from '../fresh';
import { newOpenid, ok, refused, TODAY } from '../harness';
import { DATABASE, deployFirst, type Field, openField, settingsFor } from './stage';

let field: Field;
beforeAll(async () => {
  field = await openField();
});
afterAll(() => field.stop());

const TEXT = '公园🌳 𠮷野家 👨‍👩‍👧';

/** A nickname, a diary with tags and a mood, and a mood alone come back as they were written. */
async function expectRoundTrips(): Promise<void> {
  const { login, diary, user } = await freshInstance(settingsFor(field));
  const openid = newOpenid();
  await ok(login, openid, 'login');
  await ok(user, openid, 'update', { nickname: '小𠮷😊' });
  expect((await ok(user, openid, 'profile')).nickname).toBe('小𠮷😊');
  const written = { content: TEXT, mood: '😊', tags: ['𠮷', '🌳'] };
  expect(await ok(diary, openid, 'create', { date: TODAY, ...written })).toMatchObject({ diary: written });
  expect(await ok(diary, openid, 'get', { date: TODAY })).toMatchObject({ diary: written });
}

const procedures = fileURLToPath(new URL('../../sql/procedures', import.meta.url));

/** What an earlier version left: procedures compiled under the database's own character set, a right on each instead of one on all. */
async function makeOld(charset: string): Promise<void> {
  await field.root.query(`USE ${DATABASE}`);
  await field.root.query(`ALTER DATABASE ${DATABASE} CHARACTER SET ${charset}`);
  await field.root.query(`DROP PROCEDURE open_owner`);
  await field.root.query(`REVOKE EXECUTE ON ${DATABASE}.* FROM gd_runtime`);
  for (const name of readdirSync(procedures)) {
    const procedure = name.replace('.sql', '');
    const [row] = await field.ask<{ 'Create Procedure': string }>(`SHOW CREATE PROCEDURE ${procedure}`);
    await field.root.query(`DROP PROCEDURE ${procedure}`);
    await field.root.query(String(row?.['Create Procedure']).replaceAll(/ (CHARACTER SET|CHARSET) utf8mb4( COLLATE \w+)?/g, ''));
    if (procedure.startsWith('post_')) await field.root.query(`GRANT EXECUTE ON PROCEDURE ${procedure} TO gd_runtime`);
  }
}

test.each(['gbk', 'latin1'])('a new deployment into a database of %s keeps emoji and rare characters', async (charset) => {
  await field.reset('stripped', charset);
  await deployFirst(field);
  await expectRoundTrips();
});

describe('a database that is in use', () => {
  beforeAll(async () => {
    await field.reset('stripped', 'utf8mb3');
    await deployFirst(field);
  });

  test('and was left in utf8mb3 by an earlier version: gd_migrator is refused and changes nothing, the administrator heals it', async () => {
    await makeOld('utf8mb3');
    const { login, diary } = await freshInstance(settingsFor(field));
    const openid = newOpenid();
    await ok(login, openid, 'login');
    expect((await refused(diary, openid, 'create', { date: TODAY, content: TEXT })).code).toBe('INTERNAL');
    const state = () =>
      field.ask(
        `SELECT routine_name AS name, last_altered AS altered FROM information_schema.routines WHERE routine_schema = '${DATABASE}'`,
      );
    const before = await state();
    await expect(migrate(field.as('gd_migrator'))).rejects.toThrow('run npm run db:migrate once as the administrator');
    expect(await state()).toEqual(before);

    const lines: string[] = [];
    await migrate(field.as('field_admin'), { report: (line) => lines.push(line) });
    expect(lines).toContain('applied procedures/post_diary.sql');
    await expectRoundTrips();
    await migrate(field.as('gd_migrator'));
  });

  test('and whose procedures were orphaned by a DROP USER is healed by an administrator who may not name a definer', async () => {
    await field.root.query('DROP USER gd_owner');
    await expect(migrate(field.as('gd_migrator'))).rejects.toThrow('run npm run db:migrate once as the administrator');
    await migrate(field.as('field_admin'));
    await expectRoundTrips();
  });

  test('regains a revoked EXECUTE right with the next upgrade by gd_migrator', async () => {
    await field.root.query(`REVOKE EXECUTE ON ${DATABASE}.* FROM gd_runtime`);
    await migrate(field.as('gd_migrator'));
    await expectRoundTrips();
  });

  test('does not count as migrated while the runtime account is missing', async () => {
    await field.root.query('RENAME USER gd_runtime TO gd_elsewhere');
    await expect(migrate(field.as('gd_migrator'))).rejects.toThrow('could not be granted');
    await field.root.query('RENAME USER gd_elsewhere TO gd_runtime');
  });

  test('lets only gd_migrator unlock the account of its procedures', async () => {
    for (const user of ['gd_runtime', 'field_admin']) {
      const connection = await connectTo(field.as(user), DATABASE);
      await expect(connection.query("CALL open_owner('Another-Passw0rd-1')")).rejects.toThrow('FORBIDDEN');
      await connection.end();
    }
  });
});
