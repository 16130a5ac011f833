import { CommandError, runCommand } from '../scripts/command';
import { startCloud } from './cloud';
import type { LogLine } from './gateway/logs';
import type { Services } from './services';
import { watchSources } from './watch';

const usage = `Runs the whole product on this machine: MySQL, Redis, the cloud functions and a page to try them on.

  npm start                  at http://127.0.0.1:3000
  npm run dev                the same, and builds again whenever a file is saved

  PORT=3001        another port
  DATA_DIR=/path   another folder for data, default .data; one run per folder
  DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME, REDIS_URL   servers of your own
  HOST=0.0.0.0     also for other devices, such as a real phone: prints the address and its token
  INSTANCES=4      how many instances of a function run at once`;

// As in the cloud. Threads take the zone of their process, not of their own environment.
process.env.TZ = 'UTC';

const report = (line: string): void => console.log(line);

/** What has to be ended, last started first. */
const cleanups: (() => Promise<void>)[] = [];

let stopping: Promise<void> | undefined;

function stop(): Promise<void> {
  stopping ??= (async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup().catch((error: unknown) => console.error(error));
  })();
  return stopping;
}

function stopOnSignals(): void {
  let firstAt = 0;
  const onSignal = (): void => {
    // Both npm and the terminal pass Ctrl-C on: two signals mean one request.
    if (firstAt > 0 && performance.now() - firstAt > 500) process.exit(130);
    if (firstAt > 0) return;
    firstAt = performance.now();
    report('stopping (Ctrl-C again to stop at once)');
    stop().then(() => process.exit(0));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}

function printLog({ functionName, text }: LogLine): void {
  console.log(`${functionName.padEnd(8)}│ ${text}`);
}

function banner(url: string, services: Services, addresses: string[]): string {
  const { mysql, redis } = services;
  const cache = redis ? `${new URL(redis.url).host} (${redis.source})` : 'none: limits and caches are per instance';
  return `
Growth Diary is ready at ${url}: open it in a browser to see two phones, a console and charts
  MySQL ${mysql.host}:${mysql.port} (${mysql.source}), Redis ${cache}
${addresses.map((address) => `  From another device: ${address}\n`).join('')}
Try, as the mini-program's user oAlice:
  curl -s ${url}/invoke/login -d '{"as":{"openid":"oAlice"},"data":{"action":"login"}}'
  curl -s ${url}/invoke/diary -d '{"as":{"openid":"oAlice"},"data":{"action":"list"}}'
or over HTTP, where the code dev-<openid> signs in:
  curl -s ${url}/api/auth/login -H 'content-type: application/json' -d '{"code":"dev-oAlice"}'
A child with eight weeks of diaries: npm run seed

Stop with Ctrl-C.`;
}

function plain(error: unknown): unknown {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return new CommandError(`Port ${process.env.PORT || 3000} is taken. Stop what listens there, or choose another: PORT=3001 npm start`);
  }
  return error;
}

await runCommand({ usage, flags: { watch: { type: 'boolean', default: false } } }, async ({ watch }) => {
  stopOnSignals();
  try {
    const onStop = (cleanup: () => Promise<void>) => cleanups.push(cleanup);
    const { gateway, services, addresses, bundles } = await startCloud({ report, onLog: printLog, onStop, isWatched: watch });
    report(`built ${bundles.map(({ name }) => name).join(', ')}`);
    if (watch) cleanups.push(watchSources({ gateway, report }));
    report(banner(gateway.url, services, addresses));
  } catch (error) {
    await stop();
    throw plain(error);
  }
});
// What a failed start has left open must not keep the process.
if (process.exitCode) process.exit();
