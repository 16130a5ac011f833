import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Home, sweep } from './home';
import { lastLines } from './process';

interface ServerPlan {
  title: string;
  command: string;
  arguments: string[];
  /** Text that only this server's command line contains. */
  mark: string;
  /** The line of its log that says it takes connections. */
  ready: RegExp;
  /** Started again when it ends by itself after it was ready. */
  restart?: boolean;
  /** SIGTERM keeps the data; SIGKILL is faster when they are thrown away anyway. */
  endWith: 'SIGTERM' | 'SIGKILL';
  /** Where a MySQL can be asked to end, on systems without SIGTERM. */
  shutdownPort?: number;
}

export interface Supervisor {
  /** Resolves when the server takes connections; rejects with the end of its log when it ends before. */
  start(plan: ServerPlan): Promise<void>;
  /** Ends every server and waits for it. */
  stop(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('./supervisor.mjs', import.meta.url));
const READY_MS = 120_000;

export function openSupervisor(home: Home, report: (line: string) => void): Supervisor {
  const child = spawn(process.execPath, [PROGRAM, home.runFile, home.removedAtEnd ? home.folder : ''], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ended = new Map<number, string>();
  const running = new Map<number, string>();
  let lastId = 0;
  let stopping: Promise<void> | undefined;

  child.once('exit', () => {
    if (!stopping) report('the supervisor of the servers was killed: stop and start again');
  });
  // A write to a supervisor that was just killed fails; the exit handler deals with it.
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, how, again }: { id: number; how: string; again: boolean } = JSON.parse(line);
    if (!again) ended.set(id, how);
    const title = running.get(id);
    if (title && !stopping) report(`${title} ended by itself (${how})${again ? ': starting it again' : ''}; its log is in ${home.folder}`);
  });

  async function start(plan: ServerPlan): Promise<void> {
    lastId += 1;
    const id = lastId;
    const logFile = join(home.folder, `${plan.title.toLowerCase()}.log`);
    // The log of the previous run contains 'ready' too.
    rmSync(logFile, { force: true });
    child.stdin.write(`${JSON.stringify({ ...plan, id, logFile, cwd: home.folder })}\n`);
    const deadline = Date.now() + READY_MS;
    while (!plan.ready.test(readLog(logFile))) {
      const how = ended.get(id) ?? (child.exitCode === null && child.signalCode === null ? undefined : 'its supervisor was killed');
      if (how) throw new Error(`${plan.title} did not start (${how}): ${lastLines(worstOf(readLog(logFile)), 6)}`);
      if (Date.now() > deadline) throw new Error(`${plan.title} did not start within ${READY_MS / 1000} s; its log is ${logFile}`);
      await sleep(20);
    }
    running.set(id, plan.title);
    child.stdin.write(`${JSON.stringify({ isReady: id })}\n`);
  }

  async function end(): Promise<void> {
    child.ref();
    child.stdin.end();
    await exited;
    await sweep(home);
  }

  // When the parent process ends, the pipe closes; that tells the supervisor to end.
  child.unref();
  for (const stream of [child.stdin, child.stdout]) if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
  return {
    start,
    stop: () => {
      stopping ??= end();
      return stopping;
    },
  };
}

function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function worstOf(log: string): string {
  return (
    log
      .split('\n')
      .filter((line) => /\[ERROR\]|^\*\*\*|[Ff]atal|error/.test(line))
      .join('\n') || log
  );
}
