import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Main } from '../harness';

type FunctionName = 'diary' | 'login' | 'user';

/** A process that runs functions as an instance of the platform does, with memory and connections of its own. */
export interface Instance extends Record<FunctionName, Main> {
  /** Stops its clock and its sockets, as the platform does between calls. */
  freeze(): void;
  wake(): void;
  stop(): void;
}

export function startInstance(env: Record<string, string> = {}): Instance {
  const child = fork(fileURLToPath(new URL('./instance-process.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, (answer: unknown) => void>();
  let lastId = 0;
  child.on('message', ({ id, answer }: { id: number; answer: unknown }) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  const mainOf =
    (name: FunctionName): Main =>
    (event, context) => {
      lastId += 1;
      const id = lastId;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        child.send({ id, name, event, context: Object(context) });
      });
    };
  return {
    diary: mainOf('diary'),
    login: mainOf('login'),
    user: mainOf('user'),
    freeze: () => void child.kill('SIGSTOP'),
    wake: () => void child.kill('SIGCONT'),
    stop: () => void child.kill('SIGKILL'),
  };
}
