import { dayOf } from '../../../client/platform/text';
import { postJson } from '../post';
import type { ActionEntry } from './catalogue';

type Bag = Record<string, unknown>;

interface Known {
  id: number;
  version?: number;
  isSystem?: boolean;
  isCompleted?: boolean;
}

async function ask(openid: string, fn: string, action: string, data: object): Promise<Bag | null> {
  const response = await postJson(`/invoke/${fn}`, { as: { openid }, data: { action, data } });
  const { result }: { result?: { success?: boolean; data?: Bag } } = await response.json();
  return result?.success ? (result.data ?? null) : null;
}

async function diaryOf(openid: string): Promise<Known | null> {
  const answer = await ask(openid, 'diary', 'list', { limit: 1 });
  return (answer?.diaries as Known[] | undefined)?.[0] ?? null;
}

/** A task on which the action works: one's own to change, an open one to complete, a done one to reopen. */
async function taskOf(openid: string, action: string): Promise<Known | null> {
  const tasks = ((await ask(openid, 'task', 'list', {}))?.tasks as Known[] | undefined) ?? [];
  const fits: Record<string, (task: Known) => boolean> = {
    update: ({ isSystem }) => isSystem === false,
    delete: ({ isSystem }) => isSystem === false,
    complete: ({ isCompleted }) => isCompleted === false,
    uncomplete: ({ isCompleted }) => isCompleted === true,
  };
  return tasks.find(fits[action] ?? (() => true)) ?? null;
}

/** The days of the contract's examples are long ago: today stands for them, and this month for their month. */
function moveDays(value: unknown, today: string): unknown {
  if (value === '2025-01-18') return today;
  if (value === '2025-01') return today.slice(0, 7);
  return value;
}

/** The contract's example with ids that exist for this child, where there are any. */
export async function exampleFor({ fn, action, example, access }: ActionEntry, openid: string): Promise<Bag> {
  const today = dayOf(Date.now());
  const filled: Bag = Object.fromEntries(Object.entries(example).map(([name, value]) => [name, moveDays(value, today)]));
  if (access !== 'user') return filled;
  if ('diaryId' in filled) return { ...filled, ...withId('diaryId', await diaryOf(openid)) };
  if (!('id' in filled)) return filled;
  if (fn === 'task') return { ...filled, ...withId('id', await taskOf(openid, action)) };
  if (fn !== 'diary') return filled;
  const diary = await diaryOf(openid);
  return { ...filled, ...withId('id', diary), ...('version' in filled && diary && { version: diary.version }) };
}

const withId = (name: string, found: Known | null): Bag => (found === null ? {} : { [name]: found.id });
