// Owns the servers of one run and outlives the process that asked for them by just long enough to end them.
// Asked over stdin, one JSON object a line; stdin closes when the asker is gone, however it went.
// It stands in a session of its own: a Ctrl-C reaches the asker alone, which decides.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 20_000;
const [runFile, folderToRemove] = process.argv.slice(2);
const servers = new Map();
let stopping = false;

process.stdout.on('error', () => {});
writeRunFile();
const requests = createInterface({ input: process.stdin });
requests.on('line', (line) => start(JSON.parse(line)));
requests.on('close', stop);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop);

function start({ id, command, arguments: args, cwd, logFile, mark, endWith, shutdownPort }) {
  if (stopping) return;
  const log = openSync(logFile, 'w');
  const child = spawn(command, args, { cwd, stdio: ['ignore', log, log], windowsHide: true });
  closeSync(log);
  servers.set(id, { child, mark, endWith, shutdownPort });
  const gone = (how) => {
    if (!servers.delete(id)) return;
    process.stdout.write(`${JSON.stringify({ id, how })}\n`);
    if (stopping && servers.size === 0) finish();
    else if (!stopping) writeRunFile();
  };
  child.on('error', (error) => gone(error.message));
  child.on('exit', (code, signal) => gone(signal ?? `exit code ${code}`));
  writeRunFile();
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
