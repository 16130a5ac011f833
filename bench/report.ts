import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Contest } from './load';
import type { Trips } from './measure';
import type { Row } from './rows';
import type { Table } from './table';
import { toMarkdown } from './table';

export interface Result extends Contest {
  row: Row;
  callers: number;
  tripMs: number;
}

const number = (value: number, digits = 0): string => (Number.isNaN(value) ? '–' : value.toFixed(digits));

/** Per row, callers and distance: calls a second, their ratio, and CPU, which says more than time on a machine that others use too. */
export function contestTable(results: Result[], rounds: number, roundMs: number): Table {
  return {
    title: 'Side by side',
    note: `Closed loop, ${rounds} rounds of ${roundMs} ms in turn, medians. CPU in microseconds a call: the product's process + mysqld.`,
    head: [
      '',
      'callers',
      'ms a trip',
      'ours/s',
      "peer's/s",
      'ratio',
      'p50 ms',
      "peer's",
      'p99 ms',
      "peer's",
      'CPU',
      "peer's",
      'CPU ratio',
      'errors',
    ],
    rows: results.map(({ row, callers, tripMs, ours, peer, ratio }) => [
      row.name,
      String(callers),
      String(tripMs),
      number(ours.perSecond),
      peer ? number(peer.perSecond) : '',
      ratio === null ? '' : number(ratio, 2),
      number(ours.p50, 2),
      peer ? number(peer.p50, 2) : '',
      number(ours.p99, 1),
      peer ? number(peer.p99, 1) : '',
      `${number(ours.cpu.product)} + ${number(ours.cpu.mysqld)}`,
      peer ? `${number(peer.cpu.product)} + ${number(peer.cpu.mysqld)}` : '',
      peer ? number((peer.cpu.product + peer.cpu.mysqld) / (ours.cpu.product + ours.cpu.mysqld), 2) : '',
      `${ours.errors}${peer ? ` / ${peer.errors}` : ''}`,
    ]),
  };
}

export const tripsTable = (counted: { row: Row; ours: Trips; peer: Trips | null }[]): Table => ({
  title: 'Round trips of one call, warm',
  note: "Counted by the servers: MySQL's Questions and Redis' MONITOR.",
  head: ['', 'MySQL', "peer's", 'Redis', "peer's"],
  rows: counted.map(({ row, ours, peer }) => [
    row.name,
    number(ours.mysql, 1),
    peer ? number(peer.mysql, 1) : '',
    number(ours.redis, 1),
    peer ? number(peer.redis, 1) : '',
  ]),
});

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'no commit';
  }
}

const processor = (): string => `${cpus().length} × ${cpus()[0]?.model.trim() || 'an unnamed processor'}`;

/** The file of the day; a second run replaces it. */
export async function writeReport(
  tables: Table[],
  { command, sources, load }: { command: string; sources: string[]; load: string },
): Promise<string> {
  const folder = new URL('./results/', import.meta.url);
  const day = new Date().toISOString().slice(0, 10);
  const head = [
    `# Measured on ${day}`,
    '',
    `- \`${command}\` at ${commit()}`,
    `- ${processor()}, ${Math.round(totalmem() / 1_024 ** 3)} GB, ${type()} ${release()}, Node ${process.version}`,
    // Where this machine keeps its servers is nobody's business.
    ...sources.map((source) => `- ${source.replace(/ \/\S+/, '')}`),
    '- MySQL durable (a flush at each commit), 2 GB of buffer pool; client, products and servers share the machine',
    `- ${load}`,
    '',
  ];
  const file = fileURLToPath(new URL(`${day}.md`, folder));
  await mkdir(folder, { recursive: true });
  await writeFile(file, `${head.join('\n')}\n${tables.map(toMarkdown).join('\n')}`);
  return file;
}
