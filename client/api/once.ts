import { hashText } from '../../shared/sync/content-hash';
import type { Here } from '../account/here';
import { GrowthDiaryError } from '../platform/error';
import { isBag, isText, randomName } from '../platform/text';

const isRemembered = (value: unknown): value is { requestId: string } => isBag(value) && isText(value.requestId);

/** It is unknown whether the call was carried out. */
const isOpen = (error: unknown): boolean => !(error instanceof GrowthDiaryError) || error.retryable || error.code === 'INTERNAL';

const underWay = new WeakMap<Here, Map<string, Promise<unknown>>>();

/**
 * A call that costs something and cannot wait in the queue. Its request id is on the phone before it leaves, and stays there until the answer has
 * come: a retry after a failure or a killed app repeats the same request. Two at once are one.
 */
export function once<Answer>(here: Here, name: string, action: string, input: object): Promise<Answer> {
  const key = `once:${name}.${action}:${hashText(JSON.stringify(input))}`;
  const calls = underWay.get(here) ?? new Map<string, Promise<unknown>>();
  underWay.set(here, calls);
  const before = calls.get(key);
  if (before) return before as Promise<Answer>;

  async function ask(): Promise<Answer> {
    const { storage, phone, call } = here;
    try {
      const known = storage.read(key, isRemembered) ?? { requestId: randomName(24, phone.random) };
      storage.write(key, known);
      const answer = await call<Answer>(name, action, input, known.requestId).catch((error) => {
        if (!isOpen(error)) storage.remove(key);
        throw error;
      });
      storage.remove(key);
      return answer;
    } finally {
      calls.delete(key);
    }
  }

  const asked = ask();
  calls.set(key, asked);
  return asked;
}
