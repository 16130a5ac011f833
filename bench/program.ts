import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface Program {
  pid: number;
  ports: number[];
  stop(): Promise<void>;
}

/** Bundles a program of this folder to plain JavaScript: a TypeScript loader in its process would be counted as its memory and time. */
export async function compile(name: string, folder: string): Promise<string> {
  const outfile = join(folder, `${name}.cjs`);
  const entry = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'error' });
  return outfile;
}

interface Start {
  file: string;
  args?: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** What it prints goes here, as it would go to a log. */
  log: string;
}

export function startProcess({ file, args = [], env = {}, cwd, log }: Start): ChildProcess {
  const output = openSync(log, 'a');
  const flags = process.env.BENCH_NODE_FLAGS?.split(' ') ?? [];
  return spawn(process.execPath, [...flags, file, ...args], {
    env: { PATH: process.env.PATH ?? '', TZ: 'UTC', NODE_ENV: 'production', ...env },
    ...(cwd !== undefined && { cwd }),
    stdio: ['ignore', output, output, 'ipc'],
  });
}

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exited;
}

/** Starts one of our own programs, which tells its ports when it is ready. */
export async function startProgram(start: Start): Promise<Program> {
  const child = startProcess(start);
  const ports = await new Promise<number[]>((resolve, reject) => {
    child.once('message', (message: { ports: number[] }) => resolve(message.ports));
    child.once('exit', () => reject(new Error(`${start.file} ended: ${readFileSync(start.log, 'utf8').slice(-600)}`)));
  });
  return { pid: child.pid ?? 0, ports, stop: () => stopProcess(child) };
}

/** Microseconds of CPU that a process has used, all its threads; in steps of 10 ms. NaN where the system does not tell. */
export function cpuMicros(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return Number.NaN;
  }
}

export function memoryMb(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
  } catch {
    return Number.NaN;
  }
}
