import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as z from 'zod';
import { runCommand } from './command';

/** As `npm audit --json` prints it. */
const audit = z.object({
  vulnerabilities: z.record(z.string(), z.object({ name: z.string(), severity: z.string(), range: z.string(), fixAvailable: z.unknown() })),
});

const SERIOUS = ['high', 'critical'];

/** Known vulnerabilities of the deployed packages in the lockfile; null when the registry does not answer that request. */
async function ask(): Promise<z.infer<typeof audit>['vulnerabilities'] | null> {
  const run = promisify(execFile)('npm', ['audit', '--json', '--omit=dev'], { maxBuffer: 32 * 1_024 * 1_024, timeout: 60_000 });
  // npm exits with 1 both for findings and for a failed request.
  const printed = await run.then(
    ({ stdout }) => stdout,
    (error: { stdout?: string }) => error.stdout ?? '',
  );
  try {
    return audit.parse(JSON.parse(printed)).vulnerabilities;
  } catch {
    return null;
  }
}

const usage = `Asks the registry what is known against the packages of the lockfile that are deployed.

  npm run audit

Exits with 1 on a weakness that is high or critical. Where the registry does not answer that question it says so and exits with 0.`;

await runCommand({ usage }, async () => {
  const found = await ask();
  if (found === null) {
    console.log('audit: skipped, the registry does not answer');
    return;
  }
  const list = Object.values(found);
  for (const { name, severity, range, fixAvailable } of list) {
    console.log(`${severity.padEnd(9)} ${name} ${range}${fixAvailable ? ' (a fix is available: npm audit fix)' : ''}`);
  }
  console.log(`audit: ${list.length} known weaknesses in packages that are deployed`);
  if (list.some(({ severity }) => SERIOUS.includes(severity))) process.exitCode = 1;
});
