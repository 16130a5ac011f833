import { main as ai } from '../functions/ai/index';
import { main as diary } from '../functions/diary/index';
import { main as login } from '../functions/login/index';
import { main as lottery } from '../functions/lottery/index';
import { main as monitor } from '../functions/monitor/index';
import { main as points } from '../functions/points/index';
import { main as sync } from '../functions/sync/index';
import { main as task } from '../functions/task/index';
import { main as user } from '../functions/user/index';
import { config } from '../shared/runtime/config';
import { closeMysql } from '../shared/runtime/mysql';
import { closeRedis } from '../shared/runtime/redis';
import { createServer } from './server';
import { startTimers } from './timers';

const PATIENCE_MS = 25_000;

const number = (name: string, fallback: number): number => {
  const value = Number(process.env[name] || fallback);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} must be a whole number`);
  return value;
};

function start(): void {
  // Settings that are wrong end the process now, not each call later.
  config();
  const server = createServer({
    functions: [ai, diary, login, lottery, monitor, points, sync, task, user],
    trustedProxies: number('TRUSTED_PROXIES', 1),
    maxConnections: number('MAX_CONNECTIONS', 1_000),
  });
  const always = (): boolean => true;
  const timers = startTimers([
    { served: monitor, action: 'collect', isDue: always },
    { served: monitor, action: 'audit', isDue: (minute) => minute === 4 * 60 + 20 },
    { served: ai, action: 'work', isDue: always },
  ]);
  server.listen(number('PORT', 3000), () =>
    console.log(JSON.stringify({ at: new Date().toISOString(), kind: 'listening', on: server.address() })),
  );

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await Promise.all([server.stop(PATIENCE_MS), timers.stop()]);
    await Promise.all([closeMysql(), closeRedis()]);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
}

start();
