import type { Here } from '../account/here';
import { toId } from '../platform/id';
import type { GrowthDiary, WrittenDiary } from '../types';
import { findDiary } from './diary-find';
import { calendarOf, listDays, statsOf } from './diary-read';
import { appendToDay, createDay, deleteDay, updateDay } from './diary-write';
import { once } from './once';

export const diaryApi = (enter: () => Promise<Here>): Omit<GrowthDiary['diary'], 'recordMood'> => ({
  create: async (input) => createDay(await enter(), input),
  update: async (input) => updateDay(await enter(), input),
  delete: async (input) => deleteDay(await enter(), input),
  append: async (input) => appendToDay(await enter(), input),
  history: async (key) => (await enter()).call('diary', 'history', 'id' in key ? { id: toId(key.id) } : key),
  trash: async (filter = {}) => (await enter()).call('diary', 'trash', filter),
  restore: async (input) => {
    const here = await enter();
    const answer = await once<WrittenDiary>(here, 'diary', 'restore', { revisionId: toId(input.revisionId) });
    // Pages read the phone's own rows: the restored text is on the phone before the call resolves. Offline it comes with the next sync.
    await here.sync.now().catch(() => undefined);
    return answer;
  },
  search: async (input) => (await enter()).call('diary', 'search', input),
  onThisDay: async (input = {}) => (await enter()).call('diary', 'onThisDay', input),
  neighbours: async (input) => (await enter()).call('diary', 'neighbours', input),
  related: async ({ id, ...others }) => (await enter()).call('diary', 'related', { ...others, id: toId(id) }),
  get: async (key, options) => {
    const here = await enter();
    const seen = await here.refresh(options);
    const diary = await findDiary(here, key);
    if (diary) here.own.opened(diary.date, diary.version);
    return { diary, ...seen };
  },
  list: async (filter = {}, options) => listDays(await enter(), filter, options),
  calendar: async (input, options) => calendarOf(await enter(), input, options),
  stats: async (options) => statsOf(await enter(), options),
});
