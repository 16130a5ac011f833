import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './check';
import type { Settings } from './settings';

/** The vendor's command line, as far as we use it. */
export interface Cli {
  /** Runs `tcb <words>` and answers what it printed; rejects when it fails. */
  run(words: readonly string[]): Promise<string>;
}

export const spell = (words: readonly string[]): string =>
  ['tcb', ...words].map((word) => (/^[\w@./:=-]+$/.test(word) ? word : `'${word}'`)).join(' ');

/** The one that is installed here. The settings reach it by its environment alone: on a command line everybody could read them. */
export const realCli = (settings: Settings): Cli => ({
  run: (words) =>
    new Promise((resolve, reject) => {
      const program = join(root, 'node_modules/@cloudbase/cli/bin/tcb');
      const child = spawn(process.execPath, [program, ...words], { cwd: root, env: { ...settings }, stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        process.stdout.write(chunk);
      });
      child.on('error', reject);
      child.on('close', (code) => {
        // It ends with 0 after some of its failures, and says ✖ then.
        if (code === 0 && !/^\s*✖/m.test(output)) resolve(output);
        else reject(new Error(`${spell(words)} failed (${code})`));
      });
    }),
});

/** Says what would be run. */
export const dryCli = (report: (line: string) => void): Cli => ({
  async run(words) {
    report(spell(words));
    return '';
  },
});
