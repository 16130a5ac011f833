import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOnce, withProgress } from './cache';
import { run } from './process';

const PROGRAM = fileURLToPath(new URL('./download-mysql.mjs', import.meta.url));
const RECIPE = 1;

/** MySQL's own build for this system, for those without a package that serves. Not tried yet on macOS and Windows. */
export async function downloadedMysql(report: (line: string) => void): Promise<string> {
  const folder = await buildOnce(`mysql-download${RECIPE}-${process.platform}-${process.arch}`, async (draft) => {
    report('MySQL: downloading the build of mysql.com for this system');
    // The downloader puts everything into the system's temporary folder; here that is the draft.
    const env = { TMPDIR: draft, TEMP: draft, TMP: draft };
    await withProgress(draft, (done) => report(`MySQL: ${done} MB`), run(process.execPath, [PROGRAM, draft], { env }));
  });
  return join(folder, 'mysql/bin', process.platform === 'win32' ? 'mysqld.exe' : 'mysqld');
}
