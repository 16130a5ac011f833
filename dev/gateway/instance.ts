import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { transform } from 'esbuild';
import type { Invocation, Limits } from './context';

export interface WorkerInput {
  file: string;
  /** One shared counter, on which the worker sleeps between calls. */
  callsPosted: Int32Array;
}

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'log'; text: string }
  | { kind: 'answer'; body: string }
  | { kind: 'answer'; fault: string };

/** The platform's error for a function that gave no answer. */
interface PlatformError {
  errorCode: 1;
  errorMessage: string;
  stackTrace?: string;
}

export interface Instance {
  readonly alive: boolean;
  /** One call at a time. Never rejects: a crash or a timeout is answered with a PlatformError, and ends the instance. */
  run(invocation: Invocation): Promise<unknown>;
  stop(): Promise<void>;
}

export interface InstanceOptions {
  /** The bundle. */
  file: string;
  workerCode: string;
  /** The function's own configuration: its process.env, with nothing of ours in it. */
  env: Record<string, string>;
  limits: Limits;
  onLog: (text: string, requestId: string | undefined) => void;
}

/** The worker's source as plain JavaScript: a thread that first loads a TypeScript loader starts three times as slowly. */
export async function loadWorkerCode(): Promise<string> {
  const source = await readFile(new URL('./worker.ts', import.meta.url), 'utf8');
  const { code } = await transform(source, { loader: 'ts', format: 'cjs', target: 'node20' });
  return code;
}

export function startInstance({ file, workerCode, env, limits, onLog }: InstanceOptions): Instance {
  const callsPosted = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const input: WorkerInput = { file, callsPosted };
  const worker = new Worker(workerCode, {
    eval: true,
    env,
    workerData: input,
    execArgv: ['--enable-source-maps'],
    resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb },
  });
  let alive = true;
  let requestId: string | undefined;
  let answer: ((result: unknown) => void) | undefined;
  let timer: NodeJS.Timeout | undefined;

  function settle(result: unknown): void {
    clearTimeout(timer);
    answer?.(result);
    answer = undefined;
  }

  function end(errorMessage: string): void {
    alive = false;
    settle({ errorCode: 1, errorMessage } satisfies PlatformError);
  }

  function startTimer(): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      end(`Invoking task timed out after ${limits.timeoutSeconds} seconds`);
      void worker.terminate();
    }, limits.timeoutSeconds * 1000);
  }

  function onReady(): void {
    // The time-out applies to the call; loading the bundle has its own.
    if (answer) startTimer();
  }

  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'log') onLog(message.text, requestId);
    else if (message.kind === 'ready') onReady();
    else if ('fault' in message) settle({ errorCode: 1, errorMessage: 'user code exception caught', stackTrace: message.fault });
    else settle(JSON.parse(message.body));
  });
  worker.on('error', (error) => {
    onLog(`${error.stack ?? error.message}\n`, requestId);
    end(error.message);
  });
  worker.on('exit', () => end('the instance ended before it answered'));

  return {
    get alive() {
      return alive;
    },
    run(invocation) {
      if (!alive) return Promise.resolve({ errorCode: 1, errorMessage: 'the instance has ended' } satisfies PlatformError);
      requestId = invocation.context.request_id;
      return new Promise((resolve) => {
        answer = resolve;
        startTimer();
        worker.postMessage(invocation);
        Atomics.add(callsPosted, 0, 1);
        Atomics.notify(callsPosted, 0);
      });
    },
    async stop() {
      alive = false;
      await worker.terminate();
    },
  };
}
