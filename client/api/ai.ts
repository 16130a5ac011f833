import type { Here } from '../account/here';
import { GrowthDiaryError, noAnswer, refusal } from '../platform/error';
import { toId } from '../platform/id';
import type { Diary, GrowthDiary, Job } from '../types';
import { once } from './once';

interface Answer {
  job: Job;
}

const WAIT_MS = 120_000;
const INTERVAL_MS = 2_000;
const LONGEST_INTERVAL_MS = 10_000;

export function aiApi(enter: () => Promise<Here>): GrowthDiary['ai'] {
  /** The server needs the diary first: queued changes are sent before the call. */
  const idOnServer = async (here: Here, given: number | string): Promise<number> => {
    const id = toId(given, 'diaryId');
    if (id > 0) return id;
    const date = here.diaries.dateOf(id);
    if (here.outbox.all().length > 0) await here.sync.now();
    const row = date === null ? null : here.diaries.on(date);
    if (row === null || row === 'evicted' || row.id < 0) throw refusal('NOT_FOUND');
    return row.id;
  };

  const job = async (id: number | string): Promise<Answer> => (await enter()).call<Answer>('ai', 'job', { id: toId(id) });

  return {
    commentDiary: async ({ diaryId, again }) => {
      const here = await enter();
      const id = await idOnServer(here, diaryId);
      // Another comment uses another job of the day's quota, so that it is requested only once, even when the answer is lost.
      if (again) return once<Answer>(here, 'ai', 'commentDiary', { diaryId: id, again: true });
      return here.call<Answer>('ai', 'commentDiary', { diaryId: id });
    },

    likeComment: async ({ diaryId, liked }) => {
      const here = await enter();
      const answer = await here.call<{ diary: Diary }>('ai', 'likeComment', { diaryId: await idOnServer(here, diaryId), liked });
      here.sync.wake();
      return answer;
    },

    generateImage: async (input) => {
      const here = await enter();
      return once<Answer>(here, 'ai', 'generateImage', 'diaryId' in input ? { diaryId: await idOnServer(here, input.diaryId) } : input);
    },

    job: async ({ id }) => job(id),

    waitFor: async ({ id }, { timeoutMs = WAIT_MS, intervalMs = INTERVAL_MS } = {}) => {
      const here = await enter();
      const { phone } = here;
      const until = phone.now() + timeoutMs;
      for (let pause = intervalMs; ; pause = Math.min(pause * 1.5, Math.max(intervalMs, LONGEST_INTERVAL_MS))) {
        const answer = await job(id);
        const { status, error } = answer.job;
        if (status === 'done' || status === 'failed') here.sync.wake();
        if (status === 'done') return answer;
        if (status === 'failed') throw new GrowthDiaryError(error?.code ?? 'INTERNAL', { message: error?.message, details: answer });
        if (phone.now() + pause > until) throw noAnswer();
        await new Promise<void>((resolve) => {
          phone.schedule(resolve, pause);
        });
      }
    },
  };
}
