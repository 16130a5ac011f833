import { randomBytes } from 'node:crypto';
import { addDays } from '../shared/clock';
import { median } from './load';
import { connectOurs } from './ours';
import { addWriters, openidOf } from './seed';
import { OUR_DATABASE, type Stage } from './stage';
import type { Table } from './table';

interface Answer {
  data: { results: { status: string }[]; cursor: string; hasMore: boolean; changes: unknown[] };
}

const QUEUED = 50;
const CHANGES = 1_000;

/** A phone that comes back with fifty diaries in its queue, and one that has missed a thousand changes. The peer has nothing of the kind. */
export async function measureSync(
  stage: Stage,
  { rounds, trips, batch }: { rounds: number; trips: number[]; batch: number },
): Promise<Table> {
  const rows: string[][] = [];
  for (const tripMs of trips) {
    const arena = await stage.arena(tripMs, 16);
    const client = await connectOurs(arena.ours.ports[0] ?? 0);
    const ask = async (openid: string, data: object): Promise<Answer['data']> => {
      const answer: Answer = JSON.parse(await client.call({ action: 'sync.sync', openid, data }));
      return answer.data;
    };
    const pushes: number[] = [];
    const pulls: number[] = [];
    const calls = { push: 0, pull: 0 };
    for (let round = 0; round < rounds; round += 1) {
      const openid = openidOf(await addWriters(stage.admin, OUR_DATABASE, 1));
      const clientId = randomBytes(8).toString('hex');
      await ask(openid, { clientId, cursor: null });
      const started = performance.now();
      calls.push = 0;
      for (let sent = 0; sent < QUEUED; sent += batch) {
        const mutations = Array.from({ length: Math.min(batch, QUEUED - sent) }, (_, index) => mutation(sent + index + 1));
        const { results } = await ask(openid, { clientId, ack: sent, cursor: null, limit: 1, mutations });
        if (results.length < mutations.length || results.some(({ status }) => status !== 'applied'))
          throw new Error(JSON.stringify(results));
        calls.push += 1;
      }
      pushes.push(performance.now() - started);
      pulls.push(await pull(ask, openidOf(stage.size.users + 1), calls));
    }
    client.close();
    rows.push([`${QUEUED} queued diaries written`, String(tripMs), String(calls.push), median(pushes).toFixed(0)]);
    rows.push([`${CHANGES} changes fetched`, String(tripMs), String(calls.pull), median(pulls).toFixed(0)]);
  }
  return { title: 'Sync', head: ['', 'ms a trip', 'calls', 'ms in all'], rows };
}

const mutation = (mid: number) => ({
  mid,
  type: 'diary.put',
  args: {
    date: addDays('2024-01-01', mid),
    content: '在车上写的日记',
    mood: 'happy',
    weather: 'sunny',
    images: [],
    tags: [],
    isDraft: false,
  },
  modifiedAt: '2024-03-01T10:00:00.000Z',
});

async function pull(
  ask: (openid: string, data: object) => Promise<Answer['data']>,
  openid: string,
  calls: { pull: number },
): Promise<number> {
  const clientId = randomBytes(8).toString('hex');
  const started = performance.now();
  let cursor: string | null = null;
  let fetched = 0;
  calls.pull = 0;
  while (fetched < CHANGES) {
    const page: Answer['data'] = await ask(openid, { clientId, cursor });
    cursor = page.cursor;
    fetched += page.changes.length;
    calls.pull += 1;
    if (!page.hasMore) break;
  }
  return performance.now() - started;
}
