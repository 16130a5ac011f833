import { createRequire } from 'node:module';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Invocation } from './context';
import type { FromWorker, WorkerInput } from './instance';

// Runs in a thread of its own and does what the platform's bootstrap does: load the function once, then serve one call at a time.

const { file, callsPosted }: WorkerInput = workerData;
const maxResultBytes = 6 * 1024 * 1024;
let callsTaken = 0;

function send(message: FromWorker): void {
  parentPort?.postMessage(message);
}

// Log lines use the same channel as answers, so that none arrives after its answer or is lost in a crash.
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (chunk: Uint8Array | string) => {
    send({ kind: 'log', text: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString() });
    return true;
  };
}

/** Between calls the thread is blocked, like a frozen instance in the cloud: work that a function left running after its answer waits. */
function waitForCall(): void {
  Atomics.wait(callsPosted, 0, callsTaken);
  callsTaken += 1;
  const call: { message: Invocation } | undefined = parentPort ? receiveMessageOnPort(parentPort) : undefined;
  if (call) setImmediate(serve, call.message);
}

async function serve({ event, context }: Invocation): Promise<void> {
  // As in the platform's bootstrap, variables are set and never deleted, so that the previous caller's identity stays readable.
  for (const variable of context.environ.split(';')) {
    const [name, value] = variable.split('=', 2);
    if (name) process.env[name] = value;
  }
  send({ kind: 'answer', ...(await call(event, context)) });
  setImmediate(waitForCall);
}

async function call(event: unknown, context: unknown): Promise<{ body: string } | { fault: string }> {
  try {
    const returned: unknown = main(event, context);
    // A main that is not async has nothing to wait for, and the platform answers null.
    const body = isThenable(returned) ? (JSON.stringify(await returned) ?? 'null') : 'null';
    return body.length > maxResultBytes ? { fault: 'body size is too long' } : { body };
  } catch (error) {
    return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

const main: (event: unknown, context: unknown) => unknown = createRequire(file)(file).main;
send({ kind: 'ready' });
waitForCall();
