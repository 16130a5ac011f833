import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand } from './command';
import { type Mutant, mutants } from './mutants/list';

const usage = `Makes one harmful change at a time in a copy of the tree and runs the tests that must notice it. Ends with 1 when a test did not notice.

  npm run test:mutants
  npm run test:mutants -- points       mutants whose file or promise contains one of these words`;

type Outcome = 'killed' | 'SURVIVED' | 'no test ran' | 'text not found once';

function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'mutants-'));
  const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0').filter(Boolean);
  for (const file of files) cpSync(file, join(copy, file), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

interface Report {
  numTotalTests: number;
  numPendingTests: number;
  numFailedTests: number;
}

/** What vitest says of the mutant's tests; null when it wrote no report. */
function runTests(copy: string, { tests, named }: Mutant): Report | null {
  const reportFile = join(copy, 'mutant-report.json');
  rmSync(reportFile, { force: true });
  const only = named === undefined ? [] : ['-t', named];
  spawnSync('npx', ['vitest', 'run', ...tests, ...only, '--retry', '0', '--bail', '1', '--reporter', 'json', '--outputFile', reportFile], {
    cwd: copy,
    stdio: 'ignore',
  });
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  } catch {
    return null;
  }
}

function tryMutant(copy: string, mutant: Mutant): Outcome {
  const path = join(copy, mutant.file);
  const original = readFileSync(path, 'utf8');
  if (original.split(mutant.before).length !== 2) return 'text not found once';
  try {
    writeFileSync(
      path,
      original.replace(mutant.before, () => mutant.after),
    );
    const report = runTests(copy, mutant);
    if (report === null || report.numTotalTests === report.numPendingTests) return 'no test ran';
    return report.numFailedTests > 0 ? 'killed' : 'SURVIVED';
  } finally {
    writeFileSync(path, original);
  }
}

await runCommand({ usage, flags: {}, maxWords: 100 }, async (_, words) => {
  const chosen = mutants.filter((mutant) => words.every((word) => `${mutant.file} ${mutant.promise}`.includes(word)));
  const copy = copyTree();
  let killed = 0;
  for (const [index, mutant] of chosen.entries()) {
    const outcome = tryMutant(copy, mutant);
    if (outcome === 'killed') killed += 1;
    console.log(`${index + 1}/${chosen.length} ${outcome}: ${dirname(mutant.file)} – ${mutant.promise}`);
  }
  rmSync(copy, { recursive: true, force: true });
  console.log(`killed ${killed} of ${chosen.length}`);
  process.exitCode = killed === chosen.length ? 0 : 1;
});
