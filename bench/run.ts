import { readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../scripts/command';
import { maxMutations } from '../shared/sync/limits';
import { measureDraws } from './draws';
import { measureFloors } from './floors';
import { measureGrowth } from './growth';
import { countTrips, measureRow, type Trips, warmUp } from './measure';
import { isWanted, type Options, readOptions, usage } from './options';
import { measureColdStarts, measureMemory, measurePipeline, memoryNow } from './parts';
import { writePicture } from './picture';
import { contestTable, type Result, tripsTable, writeReport } from './report';
import { type Row, readRows, writeRows } from './rows';
import { openStage, type Stage } from './stage';
import { measureSync } from './sync';
import { type Table, toMarkdown } from './table';

const say = (line: string): void => console.log(line);

async function measure(stage: Stage, options: Options): Promise<{ tables: Table[]; results: Result[] }> {
  const { rounds, roundMs: ms, callers, trips } = options;
  const offered = new Set(stage.bundles.map(({ name }) => name));
  const rows = [...readRows(stage), ...writeRows(stage)].filter((row) => offered.has(row.action.split('.')[0] ?? ''));
  const tables: Table[] = [];
  const part = async (name: string, work: () => Promise<Table>): Promise<void> => {
    if (!isWanted(options, name)) return;
    const table = await work();
    say(toMarkdown(table));
    tables.push(table);
  };
  const memoryAtStart = await memoryNow(stage);

  await part('cold', () => measureColdStarts(stage, Math.max(3, 2 * rounds)));
  await part('pipeline', () => measurePipeline(stage, ms, rounds));
  await part('floors', () => measureFloors(stage, { callers, trips, ms }));

  const counted: { row: Row; ours: Trips; peers: Trips[] }[] = [];
  const results: Result[] = [];
  for (const row of rows.filter(({ name }) => isWanted(options, name))) {
    counted.push({ row, ...(await countTrips(stage, row)) });
    for (const tripMs of trips) {
      await warmUp(stage, row, tripMs, ms);
      for (const count of callers)
        results.push({ row, callers: count, tripMs, ...(await measureRow(stage, row, { callers: count, tripMs, ms }, rounds)) });
    }
    const latest = results.filter((result) => result.row === row);
    say(toMarkdown({ ...contestTable(latest, rounds, ms), title: row.name }));
    for (const { ours, others } of latest)
      for (const { firstError } of [ours, ...others.map(({ measured }) => measured)]) if (firstError) say(`first error: ${firstError}`);
  }
  if (results.length > 0)
    tables.push(
      contestTable(results, rounds, ms),
      tripsTable(
        stage.peers.map(({ name }) => name),
        counted,
      ),
    );

  const draw = rows.find(({ name }) => name === 'draw');
  if (draw) await part('draw', () => measureDraws(stage, draw, { rounds, ms }));
  if (offered.has('sync')) await part('sync', () => measureSync(stage, { rounds, trips, batch: maxMutations }));
  if (options.long) await part('growth', () => measureGrowth(stage, { rounds, ms, report: say }));
  if (results.length > 0) await part('memory', () => measureMemory(stage, memoryAtStart));
  return { tables, results };
}

/** The product's log of a failure says more than its answer. */
function printLogs({ folder }: Stage): void {
  for (const file of readdirSync(folder).filter((name) => name.startsWith('ours-'))) {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n');
    console.error(
      lines
        .filter((line) => !/"kind":"(access|behaviour)"/.test(line))
        .slice(-5)
        .join('\n'),
    );
  }
}

await runCommand({ usage, maxWords: 20 }, async (_, words) => {
  const options = readOptions(words);
  const loadBefore = loadavg()[0] ?? 0;
  const stage = await openStage({ users: 1_000, perUser: 100, report: say });
  try {
    if (stage.peers.length === 0) say('PEERS names no other server: this product and the floors are measured alone.');
    const { tables, results } = await measure(stage, options);
    const command = ['npm run bench', ...(words.length > 0 ? ['--', ...words] : [])].join(' ');
    const load = `load average ${loadBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} at the end`;
    if (tables.length > 0) say(`written to ${await writeReport(tables, { command, sources: stage.sources, load })}`);
    const [reference] = stage.peers;
    if (options.only.length === 0 && results.length > 0 && reference) say(`drawn in ${await writePicture(results, reference.name)}`);
  } catch (error) {
    printLogs(stage);
    throw error;
  } finally {
    await stage.stop();
  }
});
