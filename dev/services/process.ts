import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, delimiter, join } from 'node:path';

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs a program to its end and returns its output; rejects with the last lines it printed. */
export function run(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C', ...options.env };
    const child = spawn(command, args, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('error', (error) => reject(new Error(`${basename(command)} cannot be run (${error.message})`)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output);
      reject(new Error(`${basename(command)} failed (${signal ?? `exit code ${code}`}): ${lastLines(errors || output, 6)}`));
    });
  });
}

export function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join('\n    ') || 'it printed nothing';
}

/** Every executable file of one of these names, in the order of PATH and then of `moreFolders`. */
export function findExecutables(names: string[], moreFolders: string[]): string[] {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...moreFolders];
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const paths = folders.flatMap((folder) => names.map((name) => join(folder, name + suffix)));
  return [...new Set(paths.filter(isExecutable).map((path) => realpathSync(path)))];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const probe = createServer();
      probe.on('error', reject);
      probe.listen(0, '127.0.0.1', () => {
        const address = probe.address();
        probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
      });
    });
    // Some systems assign low ports. A client's default port would hide a missing setting.
    if (port > 0 && port !== 3306 && port !== 6379) return port;
  }
}

/** The command line of a living process; null when there is none, or when this system (Windows) does not tell. */
export function commandLine(pid: number): string | null {
  if (process.platform === 'win32') return null;
  if (process.platform === 'linux') {
    const text = readOrNull(`/proc/${pid}/cmdline`);
    return text ? text.split('\0').join(' ') : null;
  }
  return spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() || null;
}

/** A value that differs between two processes with the same id, one after the other; null when none is alive. */
export function birthOf(pid: number): string | null {
  if (process.platform === 'linux') {
    const fields = readOrNull(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ');
    // A killed process whose parent has not waited for it is still listed, as Z.
    return fields && fields[0] !== 'Z' ? (fields[19] ?? null) : null;
  }
  if (process.platform === 'win32') return canSignal(pid) ? 'alive' : null;
  return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() || null;
}

function canSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
