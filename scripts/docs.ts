import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { runCommand } from './command';
import { readApi } from './docs/api';
import { consoleEvents } from './docs/console-events';
import { withLicences } from './docs/licences';
import { apiMarkdown } from './docs/markdown';
import { openapi } from './docs/openapi';

const usage = `Writes docs/api.md, docs/openapi.json and docs/console-events from the contracts, and the licences in docs/dependencies.md from the lockfile.

  npm run docs
  npm run docs -- --check      writes nothing; exits with 1 when a page is stale`;

const root = new URL('../', import.meta.url);
const eventsFolder = 'docs/console-events';

const current = (path: string): string => {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch {
    return '';
  }
};

async function pages(): Promise<Record<string, string>> {
  const { version } = JSON.parse(current('package.json')) as { version: string };
  const api = await readApi();
  return {
    'docs/openapi.json': `${JSON.stringify(openapi(api, version), null, 2)}\n`,
    'docs/api.md': apiMarkdown(api),
    'docs/dependencies.md': withLicences(current('docs/dependencies.md'), JSON.parse(current('package-lock.json'))),
    ...consoleEvents(api),
  };
}

await runCommand({ usage, flags: { check: { type: 'boolean', default: false } } }, async ({ check }) => {
  const wanted = await pages();
  mkdirSync(new URL(eventsFolder, root), { recursive: true });
  const leftOver = readdirSync(new URL(eventsFolder, root))
    .map((name) => `${eventsFolder}/${name}`)
    .filter((path) => wanted[path] === undefined);
  const stale = Object.entries(wanted).filter(([path, text]) => current(path) !== text);
  if (check) {
    for (const path of [...stale.map(([path]) => path), ...leftOver]) console.error(`${path} is stale: run npm run docs`);
    process.exitCode = stale.length + leftOver.length > 0 ? 1 : 0;
    return;
  }
  for (const [path, text] of stale) {
    writeFileSync(new URL(path, root), text);
    console.log(`wrote ${path}`);
  }
  for (const path of leftOver) rmSync(new URL(path, root));
});
