import type { ImportDay, ImportInput, ImportOutput } from '../../shared/import/contract';
import { contentHash } from '../../shared/sync/content-hash';
import { maxImportDays, maxImportItems } from '../../shared/sync/limits';
import type { Here } from '../account/here';
import { byteLength, isBag } from '../platform/text';
import { MAX_CALL_BYTES } from '../sync/entry';
import type { ItemKind, PhoneDay } from './harvest';
import { listOf } from './old-values';
import { dropPictures, imagesOf } from './pictures';
import { type ItemOutcome, type Move, saveProgress } from './progress';

export const importInto = ({ call }: Here, input: ImportInput): Promise<ImportOutput> => call('sync', 'import', input);

/** Chunks of at most `most` items and MAX_CALL_BYTES. An item larger than a call is alone in its chunk. */
export function* chunksOf<Each>(all: readonly Each[], most: number): Generator<Each[]> {
  let chunk: Each[] = [];
  let bytes = 0;
  for (const each of all) {
    const size = byteLength(JSON.stringify(each));
    if (chunk.length === most || (chunk.length > 0 && bytes + size > MAX_CALL_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(each);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}

/** The item of a chunk for which the whole call was refused; index −1: the call was refused for another reason. */
function culpritOf(error: unknown): { index: number; reason: string } {
  const [detail] = isBag(error) && error.code === 'INVALID_INPUT' ? listOf(error.details) : [];
  const { path, message } = isBag(detail) ? detail : {};
  const [, index = -1, field] = /^[a-z]+\.(\d+)\.?(.*)/.exec(String(path)) ?? [];
  return { index: Number(index), reason: [field, message].filter(Boolean).join('：') };
}

/** Sends one chunk; once more without an item for which the server refuses the whole of it. */
async function sendChunk<Each extends object>(here: Here, kind: 'days' | ItemKind, chunk: readonly Each[]): Promise<[Each, ItemOutcome][]> {
  const [first] = chunk;
  if (first === undefined) return [];
  if (byteLength(JSON.stringify(first)) > MAX_CALL_BYTES) return [[first, { status: 'invalid', reason: '内容过大' }]];
  try {
    const outcomes = (await importInto(here, { [kind]: chunk }))[kind];
    return chunk.map((each, index) => [each, outcomes[index] ?? { status: 'invalid' }]);
  } catch (error) {
    const { index, reason } = culpritOf(error);
    const culprit = chunk[index];
    if (culprit === undefined) throw error;
    const others = await sendChunk(
      here,
      kind,
      chunk.filter((each) => each !== culprit),
    );
    return [[culprit, { status: 'invalid', reason }], ...others];
  }
}

/** A day as it is sent: with the pictures that the server can show. */
export const asSent = (move: Pick<Move, 'progress'>, phoneDay: PhoneDay): ImportDay => {
  const { role: _, ...day } = phoneDay;
  return { ...day, images: imagesOf(move, day) };
};

export const dayKey = (day: ImportDay): string => `day:${contentHash(day)}`;

/** Sends the days that are not done. A day that is refused for a picture goes again without it: the text must not wait for a picture. */
export async function sendDays(move: Move): Promise<void> {
  const { here, harvest, progress, tell } = move;
  const sent = harvest.days.map((day): [ImportDay, PhoneDay] => [asSent(move, day), day]);
  const missing = new Map(sent.filter(([day]) => !progress.done[dayKey(day)]));
  let count = harvest.days.length - missing.size;
  let isToRepeat = false;
  for (const chunk of chunksOf([...missing.keys()], maxImportDays)) {
    for (const [day, outcome] of await sendChunk(here, 'days', chunk)) {
      progress.done[dayKey(day)] = outcome;
      const found = missing.get(day);
      if (found && outcome.reason?.startsWith('images') && dropPictures(move, day, found)) isToRepeat = true;
    }
    saveProgress(move);
    count += chunk.length;
    tell('diaries', count, harvest.days.length);
  }
  if (isToRepeat) await sendDays(move);
}

export const itemKey = (kind: ItemKind, item: { key: string; date?: string; drawnAt?: string }): string =>
  [kind, item.key, item.date ?? item.drawnAt ?? ''].join(':');

export async function sendItems(move: Move, kind: Exclude<ItemKind, 'prizes'>): Promise<void> {
  const { here, harvest, progress, tell } = move;
  const items: (object & { key: string })[] = harvest[kind];
  const missing = items.filter((item) => !progress.done[itemKey(kind, item)]);
  for (const chunk of chunksOf(missing, maxImportItems)) {
    for (const [item, outcome] of await sendChunk(here, kind, chunk)) progress.done[itemKey(kind, item)] = outcome;
    saveProgress(move);
  }
  tell('tasks', items.length, items.length);
}

/** The prizes and the cost of a draw go in one call: the server takes a list as a whole. */
export async function sendWheel({ here, harvest, progress, tell }: Move): Promise<void> {
  const { prizes, lotteryCost } = harvest;
  if (prizes.length === 0 && lotteryCost === null) return;
  if (prizes.some((prize) => !progress.done[itemKey('prizes', prize)])) {
    const outcomes = (await importInto(here, { prizes, lotteryCost })).prizes;
    for (const [index, prize] of prizes.entries()) progress.done[itemKey('prizes', prize)] = outcomes[index] ?? { status: 'invalid' };
  } else if (prizes.length === 0) await importInto(here, { lotteryCost });
  tell('tasks', prizes.length, prizes.length);
}
