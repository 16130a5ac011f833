import type { Here } from '../account/here';
import { invalid } from '../platform/error';
import { isDay, isText } from '../platform/text';
import { moodsOf } from '../sync/mood-view';
import type { GrowthDiary, PointRecord } from '../types';
import { requireApplied } from './applied';

/** Records the mood of a day; offline the change is queued for that day. */
export const recordMood =
  (enter: () => Promise<Here>): GrowthDiary['diary']['recordMood'] =>
  async ({ date: given, mood }) => {
    const here = await enter();
    const date = given ?? here.today();
    if (!isDay(date)) throw invalid('date', '日期应为 YYYY-MM-DD');
    if (!isText(mood) || mood.trim() === '') throw invalid('mood', '不能为空');
    const isFirstRecord = !moodsOf(here).has(date);
    const outcome = await here.submit({ type: 'diary.recordMood', args: { date, mood } });
    if (outcome === null) return { date, mood, isFirstRecord, points: null, pending: true };
    requireApplied(outcome);
    const balance = outcome.result.points;
    const record = here.cache.rows<PointRecord>('record').find((each) => each.relatedType === 'mood' && each.balanceAfter === balance);
    return { date, mood, isFirstRecord, points: balance !== undefined && record ? { awarded: record.amount, balance } : null };
  };
