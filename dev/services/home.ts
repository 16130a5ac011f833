import { existsSync, linkSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { birthOf, commandLine } from './process';

/** A folder with the data and logs of one run, claimed by its run file. */
export interface Home {
  folder: string;
  runFile: string;
  removedAtEnd: boolean;
}

interface RunRecord {
  owner: { pid: number; birth: string | null };
  supervisor: Witness | null;
  servers: Witness[];
}

/** Process ids are reused, so that a process counts as ours only while its command line contains the mark. */
interface Witness {
  pid: number;
  mark: string;
}

const RUN_FILE = 'run.json';
const TEST_PREFIX = 'growth-diary-test-';
const PATIENCE_MS = 30_000;
const LEAVE_MS = 2_000;
const DAY_MS = 86_400_000;

/** Claims a folder that is kept between runs. Refuses while another run has it; cleans up after one that was killed. */
export async function openKeptHome(path: string, report: (line: string) => void): Promise<Home> {
  const folder = resolve(path);
  await mkdir(folder, { recursive: true });
  const runFile = join(folder, RUN_FILE);
  const draft = `${runFile}.${process.pid}`;
  for (;;) {
    writeFileSync(draft, ownRecord());
    try {
      // A link is created atomically and never exposes a half-written file.
      linkSync(draft, runFile);
      return { folder, runFile, removedAtEnd: false };
    } catch (error) {
      if (!existsSync(runFile)) throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    await releaseStale(runFile, report);
  }
}

/** A fresh folder that its supervisor removes. Folders of killed test runs are removed first. */
export async function openTestHome(): Promise<Home> {
  await sweepTestHomes();
  const folder = await mkdtemp(join(tmpdir(), TEST_PREFIX));
  const runFile = join(folder, RUN_FILE);
  writeFileSync(runFile, ownRecord());
  return { folder, runFile, removedAtEnd: true };
}

/** Ends processes that a killed supervisor left running. Without a run file it does nothing. */
export async function sweep(home: Home): Promise<void> {
  const record = readRecord(home.runFile);
  if (!record) return;
  await endStrays(record);
  rmSync(home.runFile, { force: true });
  if (home.removedAtEnd) await rm(home.folder, { recursive: true, force: true });
}

async function releaseStale(runFile: string, report: (line: string) => void): Promise<void> {
  const record = readRecord(runFile);
  if (!record) return;
  // A process that was just killed may take a moment to exit.
  await until(() => !isOwnerAlive(record), LEAVE_MS);
  if (isOwnerAlive(record)) {
    throw new Error(
      `Growth Diary already runs on ${resolve(runFile, '..')} (process ${record.owner.pid}). Stop it first, or name another data folder.`,
    );
  }
  if (record.supervisor && isAlive(record.supervisor)) {
    const { supervisor } = record;
    report('waiting for the servers of the previous run to end');
    await until(() => !isAlive(supervisor), PATIENCE_MS);
    return;
  }
  await endStrays(record);
  removeIfUnchanged(runFile, record);
}

/** Two runs may find the same stale claim: the slower one must not remove the new claim of the faster one. */
function removeIfUnchanged(runFile: string, stale: RunRecord): void {
  if (JSON.stringify(readRecord(runFile)) === JSON.stringify(stale)) rmSync(runFile, { force: true });
}

async function endStrays(record: RunRecord): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const strays = record.servers.filter(isAlive);
    for (const { pid } of strays) process.kill(pid, signal);
    await until(() => !strays.some(isAlive), PATIENCE_MS);
  }
}

async function until(isSo: () => boolean, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!isSo() && Date.now() < deadline) await sleep(50);
}

async function sweepTestHomes(): Promise<void> {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(TEST_PREFIX));
  for (const folder of folders.map((name) => join(tmpdir(), name))) {
    try {
      const runFile = join(folder, RUN_FILE);
      const record = readRecord(runFile);
      const inUse = record
        ? isOwnerAlive(record) || (record.supervisor && isAlive(record.supervisor))
        : Date.now() - statSync(folder).mtimeMs < DAY_MS;
      if (inUse) continue;
      if (record) await endStrays(record);
      await rm(folder, { recursive: true, force: true });
    } catch {
      // Another user's folder, or one that another run is removing: both are ignored.
    }
  }
}

function isAlive({ pid, mark }: Witness): boolean {
  return commandLine(pid)?.includes(mark) ?? false;
}

function isOwnerAlive({ owner }: RunRecord): boolean {
  return owner.birth !== null && birthOf(owner.pid) === owner.birth;
}

function ownRecord(): string {
  const record: RunRecord = { owner: { pid: process.pid, birth: birthOf(process.pid) }, supervisor: null, servers: [] };
  return JSON.stringify(record);
}

function readRecord(runFile: string): RunRecord | null {
  try {
    const record: RunRecord = JSON.parse(readFileSync(runFile, 'utf8'));
    return record;
  } catch {
    return null;
  }
}
