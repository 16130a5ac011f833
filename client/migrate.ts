import { contentHash, hashText, xorHashes } from '../shared/sync/content-hash';
import type { ImportDay, ImportInput, ImportOutput, VerifyInput, VerifyOutput } from '../shared/sync/contract';
import { maxImportDays, maxImportItems, maxVerifyDays, maxVerifyMonths } from '../shared/sync/limits';
import type { Here } from './account';
import { CLAIM, childOf, claimOf } from './claim';
import type { refusal } from './error';
import type { uploadImage } from './image';
import { type Harvest, readLegacy } from './legacy';
import { MAX_CALL_BYTES } from './outbox';
import type { Session } from './session';
import type { Storage } from './storage';
import { byteLength, isBag } from './text';
import type { GrowthDiary, MigrationProgress, MigrationReport } from './types';

/*
 *   whose? ─► pictures ─► days ─► tasks, templates, draws ─► verified? ─► points ─► flag
 *                           ▲                                   │ no, once
 *                           └───────────────────────────────────┘
 *
 * What is done is written down after every step, and every step may be done twice: the server knows each text by its fingerprint. So a run that was
 * killed is simply started again. The old keys are read and never changed.
 */

type Item = 'tasks' | 'rules' | 'draws';

interface Progress {
  /** Outcome by fingerprint of a day, or by key of anything else. */
  done: Record<string, { status: string; reason?: string | undefined }>;
  /** File id by the phone's own name; empty where there is nothing to show. */
  pictures: Record<string, string>;
  /** Uploads that failed and might have gone. */
  failures: number;
}

const MOST_FAILURES = 5;

const PROGRESS = 'migrating';
const isProgress = (value: unknown): value is Progress =>
  isBag(value) && isBag(value.done) && isBag(value.pictures) && Number.isSafeInteger(value.failures);

const TEMPORARY = /^(wxfile:\/\/|https?:\/\/(tmp|usr|store)\/)/i;

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

interface Parts {
  enter(): Promise<Here>;
  session: Session;
  /** Shared by all accounts of the phone. */
  root: Storage;
  /** What is in the other file: an error has to be of its class. */
  core: { refusal: typeof refusal; uploadImage: typeof uploadImage };
}

const isString = (value: unknown): value is string => typeof value === 'string';

export { writeOldKeys } from './dual-write';

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
  const save = (): void => here.storage.write(PROGRESS, progress);
  const bring = (input: ImportInput): Promise<ImportOutput> => here.call('sync', 'import', input);
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

  async function bringPictures(): Promise<void> {
    const urls = [...new Set(([] as string[]).concat(...harvest.days.map(({ images }) => images)))];
    for (const [index, url] of urls.entries()) {
      if (TEMPORARY.test(url) && pictures[url] === undefined) {
        pictures[url] = await bringPicture(url);
        save();
      }
      tell('pictures', index + 1, urls.length);
    }
  }

  /** As it is sent: with the pictures that the server can show. */
  const ready = (day: ImportDay): ImportDay => ({
    ...day,
    images: day.images.map((url) => pictures[url] ?? url).filter((url) => url !== ''),
  });
  const all = (): ImportDay[] => harvest.days.map(ready);
  const keyOf = (day: ImportDay): string => `day:${contentHash(day)}`;

  /** A link that the server will not show must not keep the text away: what is refused with links goes once more without. */
  async function bringDays(again = true): Promise<void> {
    const missing = all().filter((day) => !done[keyOf(day)]);
    let count = harvest.days.length - missing.length;
    for (const chunk of chunksOf(missing, maxImportDays)) {
      const { days } = await bring({ days: chunk as object[] as ImportInput['days'] });
      chunk.forEach((day, index) => {
        const { status = 'invalid', reason } = days[index] ?? {};
        done[keyOf(day)] = { status, reason };
        if (status === 'invalid') for (const url of day.images) pictures[url] = pictures[url] ?? '';
      });
      save();
      count += chunk.length;
      tell('diaries', count, harvest.days.length);
    }
    if (again) await bringDays(false);
  }

  const itemKey = (kind: Item, item: { key: string; date?: string; drawnAt?: string }): string =>
    [kind, item.key, item.date ?? item.drawnAt ?? ''].join(':');

  async function bringItems(kind: Item): Promise<void> {
    const items: (object & { key: string })[] = harvest[kind];
    for (const chunk of chunksOf(
      items.filter((item) => !done[itemKey(kind, item)]),
      maxImportItems,
    )) {
      const answer = await bring({ [kind]: chunk });
      chunk.forEach((item, index) => {
        const { status = 'invalid', reason } = answer[kind][index] ?? {};
        done[itemKey(kind, item)] = { status, reason };
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
  const verified = different.length === 0;
  const { claimed, found } = harvest;
  const grant = isFinal && verified ? (await bring({ grant: { claimed } })).grant : undefined;
  tell('points', 1, 1);
  here.sync.wake();

  const statusOf = (day: ImportDay): string => done[keyOf(day)]?.status ?? 'invalid';
  const withStatus = (status: string): ImportDay[] => all().filter((day) => statusOf(day) === status);
  const counted = (kind: Item) => {
    const invalid = harvest[kind].filter((item) => done[itemKey(kind, item)]?.status === 'invalid').length;
    return { imported: harvest[kind].length - invalid, invalid };
  };
  const shown = ([] as [date: string, url: string][]).concat(
    ...harvest.days.map(({ date, images }) => images.map((url): [string, string] => [date, url])),
  );
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
    invalid: withStatus('invalid')
      .map((day) => ({ date: day.date, reason: done[keyOf(day)]?.reason ?? '' }))
      .concat(Array.from({ length: harvest.undated }, () => ({ date: '', reason: '日期无法识别' }))),
    lost: different.length,
    pictures: {
      uploaded: Object.keys(pictures).filter((url) => pictures[url] !== '').length,
      kept: shown.filter(([, url]) => pictures[url] === undefined).length,
      missing: shown.filter(([, url]) => pictures[url] === '').map(([date, url]) => ({ date, url })),
    },
    tasks: counted('tasks'),
    templates: counted('rules'),
    draws: counted('draws'),
    points: { claimed, granted: grant?.granted ?? 0, balance: grant?.balance ?? 0, found },
    keptOnPhone: harvest.keptOnPhone,
    verified,
  };
}
