import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { root } from './check';
import type { Settings } from './settings';

/** The vendor's command line. */
export interface Cli {
  /** Runs `tcb <words>` and answers what it printed; rejects when it fails. */
  run(words: readonly string[]): Promise<string>;
  /** As `run`, for output that holds secrets: nothing of it is shown. */
  read(words: readonly string[]): Promise<string>;
}

export const spell = (words: readonly string[]): string =>
  ['tcb', ...words].map((word) => (/^[\w@./:=-]+$/.test(word) ? word : `'${word}'`)).join(' ');

/** It ends with 0 after some of its failures: it then prints ✖, or only warns that a trigger was not created. */
const failureIn = (output: string): string =>
  stripVTControlCharacters(output)
    .split('\n')
    .filter((line) => /^\s*✖/.test(line) || /触发器更新失败|创建触发器失败/.test(line))
    .map((line) => line.trim())
    .join(' ');

/** The one that is installed here. The settings reach it by its environment alone: on a command line everybody could read them. */
export function realCli(settings: Settings): Cli {
  const program = join(root, 'node_modules/@cloudbase/cli/bin/tcb');

  const run = (words: readonly string[], show: boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...words], { cwd: root, env: { ...settings }, stdio: ['ignore', 'pipe', 'pipe'] });
      const output = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (text: string) => {
          output[name] += text;
          if (show) process[name].write(text);
        });
      }
      child.on('error', reject);
      child.on('close', (code) => {
        const failure = failureIn(`${output.stdout}\n${output.stderr}`);
        if (code === 0 && failure === '') resolve(output.stdout);
        else reject(new Error(`${spell(words)} failed (${code}): ${failure}`));
      });
    });

  return { run: (words) => run(words, true), read: (words) => run(words, false) };
}

/** Says what would be run. */
export function dryCli(report: (line: string) => void): Cli {
  const say = async (words: readonly string[]): Promise<string> => {
    report(spell(words));
    return '';
  };
  return { run: say, read: say };
}
