import type { Here } from '../account/here';
import type { Session } from '../account/session';
import { uploadImage } from '../api/image';
import { refusal } from '../platform/error';
import type { Storage } from '../platform/storage';
import { type Bag, isBag } from '../platform/text';
import type { GrowthDiary } from '../types';
import { CLAIM } from './claim';

/** Built to a file of its own: a mini-program that has no former version leaves it out. */
const load = () => import('./import');

interface Parts {
  enter(): Promise<Here>;
  session: Session;
  root: Storage;
}

export function migrationApi({ enter, session, root }: Parts): GrowthDiary['migration'] {
  let api: Promise<GrowthDiary['migration']> | null = null;
  const loaded = (): Promise<GrowthDiary['migration']> => {
    api ??= load().then((file) => file.migrationApi({ enter, session, root, core: { refusal, uploadImage } }));
    return api;
  };
  return {
    status: async () => (await loaded()).status(),
    run: async (options) => (await loaded()).run(options),
    exportChild: async (child) => (await loaded()).exportChild(child),
  };
}

/** Keeps a diary for the former version too, should the app go back to it. It is saved already: nothing here may fail it. */
export function keepForFormerVersion(here: Pick<Here, 'phone' | 'storage'>, session: Session, diary: Bag): void {
  Promise.resolve()
    .then(() => here.storage.read(CLAIM, isBag) && load())
    .then((file) => file?.writeOldKeys(here, session.migrationMode(), diary))
    .catch(() => undefined);
}
