import { stripVTControlCharacters } from 'node:util';
import * as z from 'zod';
import type { Cli } from './cli';
import { commands } from './commands';
import { type Deployment, fill, plannedFunction, variablesOf } from './plan';
import type { Problem } from './problem';
import type { Settings } from './settings';

/** As `tcb config pull` prints it: a cloudbaserc.json of what is deployed. */
const pulled = z.object({
  functions: z.array(
    z.object({
      name: z.string(),
      runtime: z.string().optional(),
      handler: z.string().optional(),
      timeout: z.number().optional(),
      memorySize: z.number().optional(),
      envVariables: z.record(z.string(), z.string()).default({}),
      triggers: z.array(z.object({ name: z.string(), type: z.string(), config: z.string() })).default([]),
    }),
  ),
});

type Deployed = z.infer<typeof pulled>['functions'][number];

/** The object that is printed between the CLI's own lines. */
function functionsIn(output: string): Deployed[] | null {
  const text = stripVTControlCharacters(output);
  try {
    return pulled.parse(JSON.parse(text.slice(text.indexOf('\n{'), text.lastIndexOf('\n}') + 2))).functions;
  } catch {
    return null;
  }
}

/** All with one command, which prints nothing when one of them is missing: then one by one. */
async function pullAll(cli: Cli, names: readonly string[], envId: string): Promise<Deployed[]> {
  const all = functionsIn(await cli.read(commands.pull(names, envId)).catch(() => ''));
  if (all !== null) return all;
  const found: Deployed[] = [];
  for (const name of names) found.push(...(functionsIn(await cli.read(commands.pull([name], envId)).catch(() => '')) ?? []));
  if (found.length === 0) throw new Error('what is deployed cannot be read back: look at it in the console before you release');
  return found;
}

/** The vendor's API answers a timer as `0 * * * * * *` or as `{"cron":"0 * * * * * *"}`. */
const cronOf = (config: string): string => /"cron"\s*:\s*"([^"]+)"/.exec(config)?.[1] ?? config;

const list = (names: readonly string[]): string => (names.length > 0 ? names.join(', ') : 'none');

/** Names that only one of two lists has. */
function differenceOf(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  const missing = wanted.filter((each) => !found.includes(each));
  const surplus = found.filter((each) => !wanted.includes(each));
  return [
    ...(missing.length > 0 ? [`${what} missing: ${list(missing)}`] : []),
    ...(surplus.length > 0 ? [`${what} that the plan does not have: ${list(surplus)}`] : []),
  ];
}

/** One sentence for each difference. Variables are compared with their values and told by their names. */
function differencesOf(plan: Deployment, name: string, found: Deployed, given: Settings): string[] {
  const wanted = plannedFunction(plan, name);
  const scalars = (['runtime', 'handler', 'timeout', 'memorySize'] as const).flatMap((key) =>
    found[key] === wanted[key] ? [] : [`${key} is ${found[key] ?? 'unknown'}, asked for was ${wanted[key]}`],
  );
  const hint =
    found.runtime === wanted.runtime ? [] : ['a runtime is fixed when a function is created: delete the function and deploy it again'];
  const variables = variablesOf(plan, name);
  const changed = Object.entries(variables).filter(
    ([variable, text]) => Object.hasOwn(found.envVariables, variable) && found.envVariables[variable] !== fill(text, given),
  );
  const timers = (triggers: readonly { name: string; config: string }[]) => triggers.map((each) => `${each.name} (${cronOf(each.config)})`);
  return [
    ...scalars,
    ...hint,
    ...differenceOf('variables', Object.keys(variables), Object.keys(found.envVariables)),
    ...(changed.length > 0 ? [`variables with another value: ${list(changed.map(([variable]) => variable))}`] : []),
    ...differenceOf('triggers', timers(wanted.triggers), timers(found.triggers)),
  ];
}

/** The network stands in a table in the language of the machine: the two ids are looked for, not the label. */
function networkProblem(table: string, vpcId: string, subnetId: string): string | null {
  const text = stripVTControlCharacters(table);
  const [, vpc, subnet] = /\b(vpc-\w+)\b.*?\/\s*(subnet-\w+)\b/.exec(text) ?? [];
  if (vpc === vpcId && subnet === subnetId) return null;
  if (vpc === undefined) return 'no network is shown: the function is outside the VPC, or this account may not list VPCs';
  return `the network is ${vpc}/${subnet}, asked for was ${vpcId}/${subnetId}`;
}

/**
 * What of the deployed functions differs from the plan. The CLI warns of a failed trigger and ends with 0; it never changes the runtime of a function
 * that exists, and never removes a trigger.
 */
export async function readBack(
  cli: Cli,
  { plan, names, envId, given }: { plan: Deployment; names: readonly string[]; envId: string; given: Settings },
): Promise<Problem[]> {
  const deployed = await pullAll(cli, names, envId);
  const problems: Problem[] = [];
  for (const name of names) {
    const found = deployed.find((each) => each.name === name);
    const { vpc } = plannedFunction(plan, name);
    const texts = found
      ? [
          ...differencesOf(plan, name, found, given),
          networkProblem(await cli.read(commands.detail(name, envId)), fill(vpc.vpcId, given), fill(vpc.subnetId, given)),
        ]
      : ['is not deployed'];
    problems.push(...texts.flatMap((text) => (text === null ? [] : [{ file: 'deployed', functions: [name], text }])));
  }
  return problems;
}
