// Runs before `npm start` and `npm test`, on plain Node: installs the packages when those in node_modules are not the ones wanted.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.growth-diary-stamp');

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Growth Diary needs Node 20 or later; this is ${process.version}.`);
  process.exit(1);
}

const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
const stamp = createHash('sha256').update([lock, process.version, process.arch, process.platform].join('\n')).digest('hex');

if (readOrNull(stampFile) !== stamp) {
  if (!isInstalled()) await install();
  writeFileSync(stampFile, stamp);
}

/** `npm ci` or `npm install` by hand leaves no stamp, but npm's own list of what lies in node_modules. */
function isInstalled() {
  const installed = JSON.parse(readOrNull(join(modules, '.package-lock.json')) ?? '{}').packages;
  if (!installed) return false;
  return Object.entries(JSON.parse(lock).packages).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    return found ? found.version === wanted.version && found.integrity === wanted.integrity : wanted.optional && !isForThisSystem(wanted);
  });
}

function isForThisSystem({ os, cpu, libc }) {
  return os?.includes(process.platform) && cpu?.includes(process.arch) && !libc;
}

async function install() {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const title = 'Installing packages (npm ci)';
  // --include=dev: with NODE_ENV=production npm would leave out the tools that start the product from its sources.
  const args = [npmProgram(), 'ci', '--include=dev', '--no-audit', '--no-fund', '--prefer-offline'];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  process.stdout.write(`${title} …`);
  const timer = setInterval(() => process.stdout.isTTY && process.stdout.write(`\r${title} … ${seconds()} s`), 500);
  const code = await new Promise((resolve) => child.on('error', () => resolve(1)).on('close', resolve));
  clearInterval(timer);
  process.stdout.write(process.stdout.isTTY ? `\r${title}: ${seconds()} s   \n` : ` ${seconds()} s\n`);
  if (code !== 0) {
    console.error(`${output.trim().split('\n').slice(0, 30).join('\n')}\nThe packages could not be installed.`);
    process.exit(1);
  }
}

/** npm's JavaScript, run by this Node: npm.cmd cannot be spawned without a shell on Windows. */
function npmProgram() {
  const bin = dirname(process.execPath);
  const candidates = [
    process.env.npm_execpath,
    join(bin, '../lib/node_modules/npm/bin/npm-cli.js'),
    join(bin, 'node_modules/npm/bin/npm-cli.js'),
    '/usr/share/nodejs/npm/bin/npm-cli.js',
    '/opt/homebrew/lib/node_modules/npm/bin/npm-cli.js',
    '/usr/local/lib/node_modules/npm/bin/npm-cli.js',
  ];
  const program = candidates.find((path) => path && basename(path) === 'npm-cli.js' && existsSync(path));
  if (program) return program;
  console.error("npm was not found beside Node: run 'npm ci' and then this again.");
  process.exit(1);
}

function readOrNull(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
