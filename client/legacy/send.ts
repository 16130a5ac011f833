import { contentHash } from '../../shared/sync/content-hash';
import type { ImportDay, ImportInput, ImportOutput } from '../../shared/sync/contract';
import { maxImportDays, maxImportItems } from '../../shared/sync/limits';
import type { Here } from '../account/here';
import { byteLength, isBag } from '../platform/text';
import { MAX_CALL_BYTES } from '../sync/entry';
import { dropPictures, imagesOf } from './pictures';
import { type ItemOutcome, type Move, saveProgress } from './progress';
import { listOf } from './read-old-keys';

export type ItemKind = 'tasks' | 'rules' | 'draws';

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
export const asSent = (move: Pick<Move, 'progress'>, day: ImportDay): ImportDay => ({ ...day, images: imagesOf(move, day) });

export const dayKey = (day: ImportDay): string => `day:${contentHash(day)}`;

/** Sends the days that are not done. A day that is refused for a picture goes again without it: the text must not wait for a picture. */
export async function sendDays(move: Move): Promise<void> {
  const { here, harvest, progress, tell } = move;
  const sent = harvest.days.map((day): [ImportDay, ImportDay] => [asSent(move, day), day]);
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

export async function sendItems(move: Move, kind: ItemKind): Promise<void> {
  const { here, harvest, progress, tell } = move;
  const items: (object & { key: string })[] = harvest[kind];
  const missing = items.filter((item) => !progress.done[itemKey(kind, item)]);
  for (const chunk of chunksOf(missing, maxImportItems)) {
    for (const [item, outcome] of await sendChunk(here, kind, chunk)) progress.done[itemKey(kind, item)] = outcome;
    saveProgress(move);
  }
  tell('tasks', items.length, items.length);
}
