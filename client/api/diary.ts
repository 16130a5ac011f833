import type { Here } from '../account/here';
import type { GrowthDiary } from '../types';
import { findDiary } from './diary-find';
import { calendarOf, listDays, statsOf } from './diary-read';
import { createDay, deleteDay, updateDay } from './diary-write';

export const diaryApi = (enter: () => Promise<Here>): Omit<GrowthDiary['diary'], 'recordMood'> => ({
  create: async (input) => createDay(await enter(), input),
  update: async (input) => updateDay(await enter(), input),
  delete: async (input) => deleteDay(await enter(), input),
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
