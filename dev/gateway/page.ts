import { buildPage } from '../../scripts/build/page';
import { readCatalogue } from './catalogue';
import { createLocalRoutes, type LocalRoutes } from './local-routes';
import type { LogLine } from './logs';
import { type Account, readStoredVitals } from './stored-vitals';
import { listenForVitals, vitalsOf } from './vitals';

export interface PageOptions {
  database: Account;
  /** Where the pictures lie that the page uploads to cloud storage. */
  filesDir: string;
  /** What the functions have put there. */
  stored: (path: string) => Buffer | undefined;
  operator: { openid: string; token: string };
  logs: () => readonly LogLine[];
  demo?: () => Promise<unknown>;
  /** Holds the folder `page`, once built. Default: dist. */
  outDir?: string;
}

/** The page at `/` of a local gateway, with what it asks for; `hear` wants every log line. */
export async function openPage(options: PageOptions): Promise<{ routes: LocalRoutes; hear: (line: LogLine) => void }> {
  const { database, filesDir, stored, operator, logs, demo, outDir } = options;
  const live = listenForVitals();
  const startedAt = new Date();

  async function vitals() {
    const stored = await readStoredVitals(database, startedAt);
    return vitalsOf({ minutes: [...stored.minutes, ...live.minutes()], slow: live.slow(), incidents: stored.incidents });
  }

  const pageDir = await buildPage(outDir);
  return {
    routes: createLocalRoutes({ pageDir, filesDir, stored, logs, vitals, ...(demo && { demo }), catalogue: () => readCatalogue(operator) }),
    hear: live.hear,
  };
}
