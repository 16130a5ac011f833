import type { Here } from '../account/here';
import { invalid, requirePage } from '../platform/error';
import { isInteger, isText } from '../platform/text';
import type { GrowthDiary, Page, PointRecord } from '../types';
import { requireApplied } from './applied';
import { once } from './once';
import { partOf, quietly } from './read';

/** The balance minus queued spending. */
const left = ({ outbox }: Here, points: number): number =>
  Math.max(
    0,
    outbox.all().reduce((rest, { type, args }) => rest - (type === 'points.deduct' ? Number(args.amount) || 0 : 0), points),
  );

interface Numbered {
  id: number;
}

/** One page of the cached ledger, newest first. */
export function newest<Row extends Numbered>(
  rows: readonly Row[],
  { page = 1, limit = 20, cursor }: { page?: number | undefined; limit?: number | undefined; cursor?: string | undefined },
): Page & { rows: Row[] } {
  const all = [...rows].sort((a, b) => b.id - a.id);
  const rest = cursor === undefined ? all.slice((page - 1) * limit) : all.filter(({ id }) => id < Number(cursor));
  const shown = rest.slice(0, limit);
  const hasMore = rest.length > limit;
  const last = shown[shown.length - 1];
  return { rows: shown, limit, hasMore, nextCursor: hasMore && last ? String(last.id) : null, ...(cursor === undefined && { page }) };
}

export function pointsApi(enter: () => Promise<Here>): GrowthDiary['points'] {
  return {
    balance: async () => {
      const here = await enter();
      const seen = await quietly(
        here,
        () => here.call<{ points: number }>('points', 'balance', {}),
        () => {
          const { user } = here.meta.get();
          return user && { points: user.points };
        },
      );
      return { ...seen, points: left(here, seen.points) };
    },

    records: async (filter = {}) => {
      requirePage(filter);
      const here = await enter();
      const { type, source, from, to } = filter;
      return quietly(
        here,
        () => here.call<{ records: PointRecord[] } & Page>('points', 'records', filter),
        () => {
          if (!here.meta.get().complete || source || from || to) return null;
          const isWanted = ({ amount }: PointRecord): boolean => !type || amount > 0 === (type === 'earn');
          const { rows, ...page } = newest(here.cache.rows<PointRecord>('record').filter(isWanted), filter);
          return { records: rows, ...page, ...partOf(here, 'record') };
        },
      );
    },

    stats: async () => (await enter()).call('points', 'stats', {}),

    bonus: async (input) => {
      const here = await enter();
      const answer = await once<{ record: PointRecord; points: number }>(here, 'points', 'bonus', input);
      here.sync.wake();
      return answer;
    },

    deduct: async (input) => {
      if (!isInteger(input.amount) || input.amount < 1) throw invalid('amount', '应为不小于 1 的整数');
      if (!isText(input.source) || !input.source.trim()) throw invalid('source', '必填');
      const here = await enter();
      const outcome = await here.submit({ type: 'points.deduct', args: { ...input } });
      if (outcome === null) return { record: null, points: left(here, here.meta.get().user?.points ?? 0), pending: true };
      requireApplied(outcome);
      const { row = null, points = outcome.user.points } = outcome.result;
      return { record: row as PointRecord | null, points };
    },
  };
}
