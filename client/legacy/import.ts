import { contentHash, hashText, xorHashes } from '../../shared/sync/content-hash';
import type { ImportDay, ImportInput, ImportOutput, VerifyInput, VerifyOutput } from '../../shared/sync/contract';
import { maxImportDays, maxImportItems, maxVerifyDays, maxVerifyMonths } from '../../shared/sync/limits';
import type { Here } from '../account/open-account';
import type { Session } from '../account/session';
import type { uploadImage } from '../api/image';
import type { refusal } from '../platform/error';
import type { Storage } from '../platform/storage';
import { byteLength, isBag } from '../platform/text';
import { MAX_CALL_BYTES } from '../sync/outbox';
import type { GrowthDiary, MigrationProgress, MigrationReport } from '../types';
import { CLAIM, childOf, claimOf } from './claim';
import { type Harvest, isLink, isTemporary, listOf, MAX_IMAGES, MAX_URL, readLegacy } from './read-old-keys';

/*
 *   whose? ─► pictures ─► days ─► tasks, templates, draws ─► verified? ─► points ─► flag
 *                           ▲                                   │ no, once
 *                           └───────────────────────────────────┘
 *
 * What is done is written down after every step, and every step may be done twice: the server knows each text by its fingerprint. So a run that was
 * killed is simply started again. The old keys are read and never changed.
 */

type Item = 'tasks' | 'rules' | 'draws';

interface Outcome {
  status: string;
  reason?: string | undefined;
}

interface Progress {
  /** Outcome by fingerprint of a day, or by key of anything else. */
  done: Record<string, Outcome>;
  /** File id by the phone's own name; empty where there is nothing to show. */
  pictures: Record<string, string>;
  /** Uploads that failed and might have gone. */
  failures: number;
}

const MOST_FAILURES = 5;

const PROGRESS = 'migrating';
/** Of the diaries that the server takes. */
const FIRST_DAY = '2000-01-01';
const isProgress = (value: unknown): value is Progress =>
  isBag(value) && isBag(value.done) && isBag(value.pictures) && Number.isSafeInteger(value.failures);

/** What is larger than a call is alone in its chunk. */
function* chunksOf<Each>(all: readonly Each[], most: number): Generator<Each[]> {
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

/** The item of a chunk for which the whole call was refused; index -1: it was refused for something else. */
function culpritOf(error: unknown): { index: number; reason: string } {
  const [detail] = isBag(error) && error.code === 'INVALID_INPUT' ? listOf(error.details) : [];
  const { path, message } = isBag(detail) ? detail : {};
  const [, index = -1, field] = /^[a-z]+\.(\d+)\.?(.*)/.exec(String(path)) ?? [];
  return { index: Number(index), reason: [field, message].filter(Boolean).join('：') };
}

interface Parts {
  enter(): Promise<Here>;
  session: Session;
  /** Shared by all accounts of the phone. */
  root: Storage;
  /** What is in the other file: an error has to be of its class. */
  core: { refusal: typeof refusal; uploadImage: typeof uploadImage };
}

const isString = (value: unknown): value is string => typeof value === 'string';

export { writeOldKeys } from './write-old-keys';

export function migrationApi({ enter, session, root, core }: Parts): GrowthDiary['migration'] {
  const harvestOf = ({ phone: { wx } }: Here): Harvest => readLegacy(wx.getStorageSync, wx.getStorageInfoSync().keys);

  /** One child of the former version belongs to one account, whoever else signs in on this phone. */
  const isOthers = (here: Here): boolean => {
    const child = childOf(here);
    const owner = root.read(`migrated:${child}`, isString);
    const mine = claimOf(here)?.child;
    if (owner === null && mine === undefined) return here.phone.wx.getStorageSync('dataMigrated') === true;
    return (owner !== null && owner !== here.account.key) || (mine !== undefined && mine !== child);
  };

  const hasData = ({ days, tasks, rules, draws, claimed, undated }: Harvest): boolean =>
    days.length + tasks.length + rules.length + draws.length + claimed + undated > 0;

  let running: Promise<MigrationReport> | null = null;

  return {
    status: async () => {
      const here = await enter();
      await session.ensure();
      const mode = session.migrationMode();
      const hasLocalData = !isOthers(here) && hasData(harvestOf(here));
      const claim = claimOf(here);
      const state = claim?.verified ? 'verified' : mode === 'off' || !hasLocalData ? 'none' : claim ? 'started' : 'waiting';
      return { mode, hasLocalData, state };
    },

    run: ({ onProgress = () => undefined } = {}) => {
      const ended = (): void => {
        running = null;
      };
      if (running) return running;
      running = (async () => {
        const here = await enter();
        await session.ensure();
        if (session.migrationMode() === 'off' || isOthers(here)) throw core.refusal('FORBIDDEN');
        const child = childOf(here);
        const claim = claimOf(here);
        root.write(`migrated:${child}`, here.account.key);
        if (!claim) here.storage.write(CLAIM, { child, verified: false });
        const report = await migrate(here, core.uploadImage, harvestOf(here), session.migrationMode() !== 'shadow', onProgress);
        if (report.verified && session.migrationMode() !== 'shadow') {
          here.storage.write(CLAIM, { child, verified: true });
          here.phone.wx.setStorageSync('dataMigrated', true);
        }
        return report;
      })();
      running.then(ended, ended);
      return running;
    },
  };
}

async function migrate(
  here: Here,
  upload: typeof uploadImage,
  harvest: Harvest,
  isFinal: boolean,
  onProgress: (progress: MigrationProgress) => void,
): Promise<MigrationReport> {
  const progress = here.storage.read(PROGRESS, isProgress) ?? { done: {}, pictures: {}, failures: 0 };
  const { done, pictures } = progress;
  // What could not be taken then may be taken now: a day that was in the future, or by a newer server.
  for (const key of Object.keys(done)) if (done[key]?.status === 'invalid') delete done[key];
  const save = (): void => here.storage.write(PROGRESS, progress);
  const send = (input: ImportInput): Promise<ImportOutput> => here.call('sync', 'import', input);
  const tell = (phase: MigrationProgress['phase'], count: number, total: number): void => onProgress({ phase, done: count, total });

  /** One that is gone is reported; one that only failed is tried again with the next run, but not for ever: the texts wait for it. */
  async function bringPicture(url: string): Promise<string> {
    try {
      return await upload(here, url, { name: `old-${hashText(url)}` });
    } catch (error) {
      if (!isBag(error) || typeof error.retryable !== 'boolean') throw error;
      if (error.retryable && progress.failures < MOST_FAILURES) {
        progress.failures += 1;
        save();
        throw error;
      }
      return '';
    }
  }

  /** Each picture of each date: what did not fit on one page has the same. */
  const shown = ([] as [day: ImportDay, url: string][]).concat(
    ...harvest.days
      .filter(({ date }, index) => harvest.days[index - 1]?.date !== date)
      .map((day) => day.images.map((url): [ImportDay, string] => [day, url])),
  );

  /** As the server knows it; empty where it cannot show it. */
  const fileOf = (url: string): string => (isLink(url) ? (pictures[url] ?? url) : isTemporary(url) ? (pictures[url] ?? '') : '');
  /** What the server can show of a day's pictures, as far as one day holds them. */
  const imagesOf = ({ images }: ImportDay): string[] =>
    images
      .map(fileOf)
      .filter((file) => file !== '')
      .slice(0, MAX_IMAGES);

  async function bringPictures(): Promise<void> {
    for (const [index, [day, url]] of shown.entries()) {
      if (isTemporary(url) && pictures[url] === undefined && imagesOf(day).length < MAX_IMAGES) {
        pictures[url] = await bringPicture(url);
        save();
      }
      tell('pictures', index + 1, shown.length);
    }
  }

  /** Brings a chunk, without the items for which the server would refuse the whole of it. */
  async function bring<Each extends object>(
    kind: 'days' | Item,
    chunk: readonly Each[],
    settle: (each: Each, outcome: Outcome) => void,
  ): Promise<void> {
    const [first] = chunk;
    if (first === undefined) return;
    if (byteLength(JSON.stringify(first)) > MAX_CALL_BYTES) return settle(first, { status: 'invalid', reason: '内容过大' });
    try {
      const outcomes = (await send({ [kind]: chunk }))[kind];
      chunk.forEach((each, index) => {
        settle(each, outcomes[index] ?? { status: 'invalid' });
      });
    } catch (error) {
      const { index, reason } = culpritOf(error);
      const culprit = chunk[index];
      if (culprit === undefined) throw error;
      settle(culprit, { status: 'invalid', reason });
      const others = chunk.filter((each) => each !== culprit);
      await bring(kind, others, settle);
    }
  }

  /** As it is sent. */
  const ready = (day: ImportDay): ImportDay => ({ ...day, images: imagesOf(day) });
  const all = (): ImportDay[] => harvest.days.map(ready);
  const keyOf = (day: ImportDay): string => `day:${contentHash(day)}`;

  /** Gives up the pictures for which a day was refused as it was sent: its links first. False: it was sent without any. */
  function dropPictures(sent: ImportDay, { images }: ImportDay): boolean {
    const links = images.filter((url) => sent.images.includes(url));
    const dropped = links.length > 0 ? links : images.filter((url) => fileOf(url) !== '');
    for (const url of dropped) pictures[url] = '';
    return dropped.length > 0;
  }

  /** A picture that the server will not show must not keep the text away: what is refused for it goes once more without. */
  async function bringDays(): Promise<void> {
    const missing = new Map(harvest.days.map((day): [ImportDay, ImportDay] => [ready(day), day]).filter(([day]) => !done[keyOf(day)]));
    let count = harvest.days.length - missing.size;
    let isToRepeat = false;
    for (const chunk of chunksOf([...missing.keys()], maxImportDays)) {
      await bring('days', chunk, (day, outcome) => {
        done[keyOf(day)] = outcome;
        const found = missing.get(day);
        if (found && outcome.reason?.startsWith('images') && dropPictures(day, found)) isToRepeat = true;
      });
      save();
      count += chunk.length;
      tell('diaries', count, harvest.days.length);
    }
    if (isToRepeat) await bringDays();
  }

  const itemKey = (kind: Item, item: { key: string; date?: string; drawnAt?: string }): string =>
    [kind, item.key, item.date ?? item.drawnAt ?? ''].join(':');

  async function bringItems(kind: Item): Promise<void> {
    const items: (object & { key: string })[] = harvest[kind];
    const missing = items.filter((item) => !done[itemKey(kind, item)]);
    for (const chunk of chunksOf(missing, maxImportItems)) {
      await bring(kind, chunk, (item, outcome) => {
        done[itemKey(kind, item)] = outcome;
      });
      save();
    }
    tell('tasks', items.length, items.length);
  }

  const isTaken = (day: ImportDay): boolean => (done[keyOf(day)]?.status ?? 'invalid') !== 'invalid';

  /** The days of which the server has something else or nothing; first by month, then one by one. */
  async function differing(): Promise<ImportDay[]> {
    const verify = (input: VerifyInput): Promise<VerifyOutput> => here.call('sync', 'verify', input);
    const months = new Map<string, ImportDay[]>();
    for (const day of all().filter(isTaken)) months.set(day.date.slice(0, 7), (months.get(day.date.slice(0, 7)) ?? []).concat(day));
    const doubtful: ImportDay[] = [];
    for (const chunk of chunksOf([...months.keys()], maxVerifyMonths)) {
      const asked = chunk.map((month) => {
        const days = months.get(month) ?? [];
        return { month, count: days.length, xor: xorHashes(days.map(contentHash)) };
      });
      for (const { month, same } of (await verify({ months: asked })).months) if (!same) doubtful.push(...(months.get(month) ?? []));
    }
    const different: ImportDay[] = [];
    for (const chunk of chunksOf(doubtful, maxVerifyDays)) {
      const { days } = await verify({ days: chunk.map((day) => ({ date: day.date, hash: contentHash(day) })) });
      different.push(...chunk.filter((_, index) => days[index]?.status !== 'same' && days[index]?.status !== 'kept-server'));
    }
    return different;
  }

  await bringPictures();
  await bringDays();
  for (const kind of ['tasks', 'rules', 'draws'] as const) await bringItems(kind);
  tell('verifying', 0, 1);
  let different = await differing();
  if (different.length > 0) {
    for (const day of different) delete done[keyOf(day)];
    await bringDays();
    different = await differing();
  }
  tell('verifying', 1, 1);
  const { claimed, found } = harvest;
  // A text that the server will never take must not cost the child the points.
  const grant = isFinal && different.length === 0 ? (await send({ grant: { claimed } })).grant : undefined;
  tell('points', 1, 1);
  // Whoever is told that all has come over looks for it. A run that was under way may have passed it by.
  const isUnderWay = here.sync.isRunning();
  await here.sync.now().catch(() => undefined);
  if (isUnderWay) await here.sync.now().catch(() => undefined);

  const statusOf = (day: ImportDay): string => done[keyOf(day)]?.status ?? 'invalid';
  const withStatus = (status: string): ImportDay[] => all().filter((day) => statusOf(day) === status);
  const counted = (kind: Item) => {
    const invalid = harvest[kind].filter((item) => done[itemKey(kind, item)]?.status === 'invalid').length;
    return { imported: harvest[kind].length - invalid, invalid };
  };
  const invalid = withStatus('invalid')
    .map((day) => ({ date: day.date, reason: done[keyOf(day)]?.reason ?? '' }))
    .concat(Array.from({ length: harvest.undated }, () => ({ date: '', reason: '日期无法识别' })));
  const isSent = ([day, url]: [ImportDay, string]): boolean => imagesOf(day).includes(fileOf(url));
  return {
    textsIn: harvest.texts,
    daysOut: new Set(
      all()
        .filter(isTaken)
        .map(({ date }) => date),
    ).size,
    merged: harvest.merged,
    imported: withStatus('imported').length,
    same: withStatus('same').length,
    keptServer: withStatus('kept-server').map(({ date }) => date),
    invalid,
    lost: different.length,
    pictures: {
      uploaded: Object.keys(pictures).filter((url) => pictures[url] !== '').length,
      kept: shown.filter((each) => isSent(each) && fileOf(each[1]) === each[1]).length,
      // A data: url holds the whole picture.
      missing: shown.filter((each) => !isSent(each)).map(([{ date }, url]) => ({ date, url: url.slice(0, MAX_URL) })),
    },
    tasks: counted('tasks'),
    templates: counted('rules'),
    draws: counted('draws'),
    points: { claimed, granted: grant?.granted ?? 0, balance: grant?.balance ?? 0, found },
    keptOnPhone: harvest.keptOnPhone,
    // What can never be taken does not hold the move open for ever; what may still be does.
    verified: different.length === 0 && withStatus('invalid').every(({ date }) => date < FIRST_DAY),
  };
}
