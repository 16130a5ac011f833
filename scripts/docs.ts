import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readApi } from './docs/api';
import { consoleEvents } from './docs/console-events';
import { apiMarkdown } from './docs/markdown';
import { openapi } from './docs/openapi';

const root = new URL('../', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
const api = await readApi();
const pages: Record<string, string> = {
  'docs/openapi.json': `${JSON.stringify(openapi(api, version), null, 2)}\n`,
  'docs/api.md': apiMarkdown(api),
  ...consoleEvents(api),
};

const current = (path: string): string => {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch {
    return '';
  }
};

const eventsFolder = 'docs/console-events';
mkdirSync(new URL(eventsFolder, root), { recursive: true });
const leftOver = readdirSync(new URL(eventsFolder, root))
  .map((name) => `${eventsFolder}/${name}`)
  .filter((path) => pages[path] === undefined);
const stale = Object.entries(pages).filter(([path, text]) => current(path) !== text);
if (process.argv.includes('--check')) {
  for (const path of [...stale.map(([path]) => path), ...leftOver]) console.error(`${path} is stale: run npm run docs`);
  process.exitCode = stale.length + leftOver.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of stale) {
    writeFileSync(new URL(path, root), text);
    console.log(`wrote ${path}`);
  }
  for (const path of leftOver) rmSync(new URL(path, root));
}
