import fc from 'fast-check';
import { expect, test } from 'vitest';
import { grant, select, withoutRateLimits } from '../harness';
import { between, broken, newWorld } from './world';
import { type App, type Phone, settle } from './wx';

withoutRateLimits();

const step = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), day: fc.integer({ min: 10, max: 13 }) }),
  fc.record({ kind: fc.constant('delete' as const), day: fc.integer({ min: 10, max: 13 }) }),
  fc.record({ kind: fc.constant('spend' as const) }),
  fc.record({ kind: fc.constant('sync' as const) }),
  fc.record({ kind: fc.constant('network' as const), isOn: fc.boolean() }),
  fc.record({ kind: fc.constant('lose' as const), what: fc.constantFrom('request', 'answer', 'nothing', 'nothing') }),
  fc.record({
    kind: fc.constant('kill' as const),
    write: fc.integer({ min: 1, max: 12 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  }),
  fc.record({ kind: fc.constant('fail' as const), share: fc.constantFrom(0, 0, 3) }),
  fc.record({ kind: fc.constant('restart' as const) }),
);

/** What the child knows of one thing it did: saved, or the app died or refused under its hands. */
interface Deed {
  text: string | null;
  isSaved: boolean;
}

test('killed at any write, with lost requests and answers and failing storage: every saved change is applied exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 18 }), async (steps) => {
      const world = newWorld();
      const phone = world.phone();
      let lost = 'nothing';
      between(phone, 'sync', async (_, pass) => {
        if (lost === 'request') return broken();
        const answer = await pass();
        return lost === 'answer' ? broken() : answer;
      });
      let app = phone.start();
      const { userInfo } = await app.login();
      await grant(userInfo.id, 1_000);
      const days = new Map<string, Deed[]>();
      const spends: Deed[] = [];
      let count = 0;

      const attempt = async (deed: Deed, list: Deed[], work: Promise<unknown>): Promise<void> => {
        list.push(deed);
        const done = work.then(
          () => {
            deed.isSaved = true;
          },
          () => undefined,
        );
        await endOf(done, app);
      };

      for (const each of steps) {
        if (app.isKilled()) app = restart(phone, app);
        count += 1;
        if (each.kind === 'write' || each.kind === 'delete') {
          const date = `2025-01-${each.day}`;
          const list = days.get(date) ?? [];
          days.set(date, list);
          const text = each.kind === 'write' ? `第${count}次` : null;
          await attempt({ text, isSaved: false }, list, text === null ? remove(app, date) : write(app, date, text));
        } else if (each.kind === 'spend') {
          const text = `花${count}`;
          await attempt({ text, isSaved: false }, spends, app.points.deduct({ amount: 1, source: text }));
        } else if (each.kind === 'sync') await endOf(app.sync.now(), app);
        else if (each.kind === 'network') app.network(each.isOn);
        else if (each.kind === 'lose') lost = each.what;
        else if (each.kind === 'kill') phone.killAt = { write: each.write, when: each.when };
        else if (each.kind === 'restart') app = restart(phone, app);
        else phone.onWrite = failing(each.share);
      }

      lost = 'nothing';
      phone.killAt = null;
      phone.onWrite = null;
      app = restart(phone, app);
      app.network(true);
      for (let round = 0; round < 5; round += 1) await app.sync.now();

      expect(app.sync.status()).toMatchObject({ pending: 0, setAside: 0, conflicts: 0, error: null });
      const rows = await select<{ diary_date: string; content: string }>(
        'SELECT diary_date, content FROM diaries WHERE user_id = ? AND deleted_at IS NULL',
        [userInfo.id],
      );
      const standing = new Map(rows.map((row) => [row.diary_date, row.content]));
      for (const [date, deeds] of days) {
        const lastSaved = deeds.map(({ isSaved }) => isSaved).lastIndexOf(true);
        const possible = deeds.slice(Math.max(0, lastSaved)).map(({ text }) => text);
        if (lastSaved < 0) possible.push(null);
        expect(possible).toContain(standing.get(date) ?? null);
      }
      const shown = new Map((await app.diary.list({ limit: 100 })).diaries.map(({ date, content }) => [date, content]));
      expect(shown).toEqual(standing);

      const ledger = await select<{ source: string; rows: number }>(
        'SELECT source, COUNT(*) AS `rows` FROM point_records WHERE user_id = ? AND amount < 0 GROUP BY source',
        [userInfo.id],
      );
      expect(ledger.filter((row) => row.rows !== 1)).toEqual([]);
      const spent = new Set(ledger.map(({ source }) => source));
      for (const { text, isSaved } of spends) if (isSaved) expect(spent).toContain(text);
      app.kill();
    }),
    { numRuns: Number(process.env.RUNS ?? 60), endOnFailure: false },
  );
}, 600_000);

/** A killed process settles none of its promises. */
async function endOf(work: Promise<unknown>, app: App): Promise<void> {
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  work.then(done, done);
  for (let turn = 0; !isDone && !app.isKilled(); turn += 1) {
    if (turn > 2_000) throw new Error('neither done nor killed');
    await (turn < 20 ? settle() : new Promise((resolve) => setTimeout(resolve, 5)));
  }
}

function restart(phone: Phone, app: App): App {
  app.kill();
  return phone.start();
}

const write = async (app: App, date: string, content: string): Promise<unknown> =>
  app.diary.create({ date, content }).catch((error) => {
    if (error.code !== 'DIARY_EXISTS') throw error;
    return app.diary.update({ date, version: error.details.diary.version, content });
  });

const remove = (app: App, date: string): Promise<unknown> => app.diary.delete({ date });

const failing = (share: number): Phone['onWrite'] => {
  let writes = 0;
  return () => {
    writes += 1;
    if (share > 0 && writes % share === 0) throw new Error('setStorage:fail');
  };
};
