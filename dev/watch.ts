import { watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { copySdkToExample } from '../scripts/build/example';
import { buildFunctions } from '../scripts/build/functions';
import { buildPage } from '../scripts/build/page';
import type { Gateway } from './gateway/gateway';

const root = fileURLToPath(new URL('..', import.meta.url));

/** An editor writes one save as several events. */
const QUIET_MS = 40;

const isSource = (name: string): boolean => /\.(ts|tsx|css|html|svg|json)$/.test(name) && !name.endsWith('.test.ts');

interface Work {
  gateway: Gateway;
  report: (line: string) => void;
  /** The page was built anew. */
  onPage?: () => void;
}

/** Builds again after each save and swaps the instances; a source that does not compile leaves the last good build running. */
export function watchSources({ gateway, report, onPage }: Work): () => Promise<void> {
  const changed = new Set<string>();
  let working: Promise<void> | null = null;

  async function rebuild(): Promise<void> {
    while (changed.size > 0) {
      await sleep(QUIET_MS);
      const names = [...changed];
      changed.clear();
      const startedAt = performance.now();
      const took = () => `${Math.round(performance.now() - startedAt + QUIET_MS)} ms`;
      try {
        if (names.some((name) => /^(functions|shared)\//.test(name))) {
          await buildFunctions({ minify: false, withParts: false });
          gateway.reload();
          report(`${names.join(', ')}: the functions run the new code after ${took()}`);
        }
        if (names.some((name) => /^(client|dev\/page)\//.test(name))) {
          await buildPage();
          await copySdkToExample();
          onPage?.();
          report(`${names.join(', ')}: the page is new after ${took()}`);
        }
      } catch (error) {
        report(`the last good build goes on running: ${error instanceof Error ? error.message : error}`);
      }
    }
    working = null;
  }

  const watchers = ['functions', 'shared', 'client', 'dev/page'].map((folder) =>
    watch(join(root, folder), { recursive: true }, (_, name) => {
      if (name === null || !isSource(name)) return;
      changed.add(`${folder}/${name.replaceAll('\\', '/')}`);
      working ??= rebuild();
    }),
  );
  report('watching functions, shared, client and dev/page');
  return async () => {
    for (const watcher of watchers) watcher.close();
    await working;
  };
}
