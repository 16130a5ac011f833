import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Contest, Measured } from './load';
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

const cpuOf = ({ cpu }: Measured): string => [cpu.product, cpu.mysqld, cpu.redis].map((value) => number(value)).join(' + ');

/** Names of the peers, and of the floor, in the order of their columns. */
const namesIn = (results: Result[]): string[] => [...new Set(results.flatMap(({ others }) => others.map(({ name }) => name)))];

/** Per row, callers and distance: calls a second, ratios, and CPU, which moves less than time on a machine that others use too. */
export function contestTable(results: Result[], rounds: number, roundMs: number): Table {
  const names = namesIn(results);
  return {
    title: 'Side by side',
    note: `Closed loop, ${rounds} rounds of ${roundMs} ms in turn, medians. ×: our calls a second to theirs. CPU in microseconds a call: process + mysqld + Redis. Floor: the same SQL text, prepared and run by the same driver in the process that measures.`,
    head: [
      '',
      'callers',
      'ms a trip',
      'ours/s',
      'p50 ms',
      'p99 ms',
      'CPU',
      ...names.flatMap((name) => [`${name}/s`, '×', 'CPU']),
      'errors',
    ],
    rows: results.map(({ row, callers, tripMs, ours, others }) => [
      row.name,
      String(callers),
      String(tripMs),
      number(ours.perSecond),
      number(ours.p50, 2),
      number(ours.p99, 1),
      cpuOf(ours),
      ...names.flatMap((name) => {
        const other = others.find((each) => each.name === name);
        return other ? [number(other.measured.perSecond), number(other.ratio, 2), cpuOf(other.measured)] : ['', '', ''];
      }),
      [ours, ...others.map(({ measured }) => measured)].map(({ errors }) => errors).join(' / '),
    ]),
  };
}

export const tripsTable = (peers: readonly string[], counted: { row: Row; ours: Trips; peers: Trips[] }[]): Table => ({
  title: 'Round trips of one call, warm',
  note: "Counted by the servers: MySQL's Questions and Redis' MONITOR.",
  head: ['', 'MySQL', 'Redis', ...peers.flatMap((name) => [`${name}: MySQL`, 'Redis'])],
  rows: counted.map(({ row, ours, peers: theirs }) => [
    row.name,
    ...[ours, ...theirs].flatMap(({ mysql, redis }) => [number(mysql, 1), number(redis, 1)]),
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
    // The paths of this machine's servers are left out.
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
