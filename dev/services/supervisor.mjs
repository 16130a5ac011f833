// Owns the servers of one run. It outlives the requesting process only until the servers have ended.
// Requests come over stdin, one JSON object per line; stdin closes when the requesting process ends for any reason.
// It runs in its own session, so that Ctrl-C reaches the requesting process only.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 20_000;
const RESTARTS = { atMost: 5, withinMs: 60_000, pauseMs: 200 };
const [runFile, folderToRemove] = process.argv.slice(2);
const servers = new Map();
/** Times of the restarts of each server that was ready once. */
const restarts = new Map();
let stopping = false;

process.stdout.on('error', () => {});
writeRunFile();
const requests = createInterface({ input: process.stdin });
requests.on('line', (line) => {
  const request = JSON.parse(line);
  if (request.isReady === undefined) start(request, 'w');
  else restarts.set(request.isReady, []);
});
requests.on('close', stop);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop);

function start(plan, logMode) {
  if (stopping) return;
  const { id, command, arguments: args, cwd, logFile, mark, endWith, shutdownPort } = plan;
  const log = openSync(logFile, logMode);
  const child = spawn(command, args, { cwd, stdio: ['ignore', log, log], windowsHide: true });
  closeSync(log);
  servers.set(id, { child, mark, endWith, shutdownPort });
  const gone = (how) => {
    if (!servers.delete(id)) return;
    const again = !stopping && mayRestart(plan);
    process.stdout.write(`${JSON.stringify({ id, how, again })}\n`);
    if (again) setTimeout(start, RESTARTS.pauseMs, plan, 'a');
    if (stopping && servers.size === 0) finish();
    else if (!stopping) writeRunFile();
  };
  child.on('error', (error) => gone(error.message));
  child.on('exit', (code, signal) => gone(signal ?? `exit code ${code}`));
  writeRunFile();
}

/** A server that crashes repeatedly is not restarted any more: another restart would not help. */
function mayRestart({ id, restart }) {
  const times = restart ? restarts.get(id)?.filter((at) => Date.now() - at < RESTARTS.withinMs) : undefined;
  if (times === undefined || times.length >= RESTARTS.atMost) return false;
  restarts.set(id, [...times, Date.now()]);
  return true;
}

function stop() {
  if (stopping) return;
  stopping = true;
  if (servers.size === 0) finish();
  for (const server of servers.values()) end(server);
  setTimeout(() => {
    for (const { child } of servers.values()) child.kill('SIGKILL');
  }, PATIENCE_MS);
}

async function end({ child, endWith, shutdownPort }) {
  // Windows has no SIGTERM: kill() ends a process at once, which a durable database should not see.
  if (process.platform === 'win32' && endWith === 'SIGTERM' && shutdownPort) {
    try {
      const { createConnection } = await import('mysql2/promise');
      const connection = await createConnection({ host: '127.0.0.1', port: shutdownPort, user: 'root' });
      await connection.query('SHUTDOWN');
      return;
    } catch {}
  }
  child.kill(endWith);
}

function finish() {
  if (folderToRemove) rmSync(folderToRemove, { recursive: true, force: true, maxRetries: 5 });
  rmSync(runFile, { force: true });
  process.exit(0);
}

function writeRunFile() {
  const { owner } = JSON.parse(readFileSync(runFile, 'utf8'));
  const started = [...servers.values()].map(({ child, mark }) => ({ pid: child.pid, mark }));
  const record = { owner, supervisor: { pid: process.pid, mark: runFile }, servers: started };
  writeFileSync(`${runFile}.new`, JSON.stringify(record));
  renameSync(`${runFile}.new`, runFile);
}
