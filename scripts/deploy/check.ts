import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { readConfig } from '../../shared/runtime/config';
import { runCommand } from '../command';
import { readSettings, type Settings } from './settings';

const MAX_ENV_BYTES = 4_096;

/** As the platform offers them. A runtime is fixed when a function is made; anything else passes the CLI and fails in the cloud. */
const runtimes = ['Nodejs20.19', 'Nodejs18.15'] as const;

const part = (from: number, to: number) =>
  z.string().refine((field) => {
    const numbers = field.match(/\d+/g)?.map(Number) ?? [];
    return /^(\*|\d+(-\d+)?(,\d+(-\d+)?)*|\*\/\d+|\d+-\d+\/\d+)$/.test(field) && numbers.every((each) => each >= from && each <= to);
  });

const weekday = z.string().regex(/^(\*|(SUN|MON|TUE|WED|THU|FRI|SAT)([-,](SUN|MON|TUE|WED|THU|FRI|SAT))*)$/);

/** Second, minute, hour, day, month, weekday, year; Beijing time. */
const cron = z.string().refine(
  (text) => {
    const fields = z.tuple([part(0, 59), part(0, 59), part(0, 23), part(1, 31), part(1, 12), weekday, part(1970, 2099)]);
    return fields.safeParse(text.split(' ')).success;
  },
  { error: 'seven fields: second minute hour day month weekday (SUN…SAT) year' },
);

const trigger = z.strictObject({ name: z.string().regex(/^[A-Za-z][\w-]{0,59}$/), type: z.literal('timer'), config: cron });

// The CLI puts [object Object] in place of anything but text.
const variables = z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string());

const settings = {
  runtime: z.enum(runtimes),
  handler: z.literal('index.main'),
  memorySize: z
    .int()
    .refine((mb) => mb === 64 || (mb % 128 === 0 && mb >= 128 && mb <= 3_072), { error: '64, or 128 to 3072 in steps of 128' }),
  timeout: z.int().min(5).max(900),
  installDependency: z.literal(false, { error: 'must be false: the bundles hold all they need' }),
  vpc: z.strictObject({ vpcId: z.string().min(1), subnetId: z.string().min(1) }),
  envVariables: variables,
};

const deployedFunction = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,59}$/),
  ...z.object(settings).partial().shape,
  triggers: z.array(trigger).optional(),
});

const deployment = z.strictObject({
  version: z.literal('2.0'),
  envId: z.string().regex(/^(\{\{env\.ENV_ID\}\}|[a-z0-9][a-z0-9-]{3,31})$/),
  functionRoot: z.literal('./dist/functions'),
  functionDefaultConfig: z.strictObject(settings),
  functions: z.array(deployedFunction).min(1),
});

export type Deployment = z.infer<typeof deployment>;

/** What a function will find in its environment: the CLI merges the default's variables with its own. */
const variablesOf = (plan: Deployment, name: string): Record<string, string> => ({
  ...plan.functionDefaultConfig.envVariables,
  ...plan.functions.find((each) => each.name === name)?.envVariables,
});

/** What nothing works without and the functions' own reading does not ask for. */
const NEEDED = ['ENV_ID', 'VPC_ID', 'SUBNET_ID', 'WX_APPID'];

const TEMPLATE = /\{\{\s*env\.(\w+)\s*\}\}/g;

const templatesIn = (value: unknown): string[] => [...JSON.stringify(value).matchAll(TEMPLATE)].map(([, name]) => name ?? '');

/** The CLI puts values into the text of the file before it reads it as JSON, and reads texts that are JSON once more. */
function problemOfValue(value: string): string | null {
  if (/["\n\r\t]/.test(value)) return 'holds a quote or a line break, which breaks the file: write line breaks as \\n, in one line';
  if (/\\(?!n)/.test(value)) return 'holds a backslash, which is lost';
  if (/^\s*[[{]/.test(value)) return 'looks like JSON, of which the CLI would make [object Object]';
  if (value !== value.trim()) return 'has a space at its end';
  return null;
}

const fill = (text: string, from: Settings): string =>
  text.replace(TEMPLATE, (_, name: string) => from[name] ?? '').replaceAll('\\n', '\n');

function problemsOfShape(plan: Deployment, names: readonly string[], timers: ReadonlyMap<string, readonly string[]>): string[] {
  const planned = plan.functions.map(({ name }) => name);
  const problems = [
    ...names.filter((name) => !planned.includes(name)).map((name) => `functions/${name} is not in cloudbaserc.json`),
    ...planned.filter((name) => !names.includes(name)).map((name) => `cloudbaserc.json names ${name}, which has no folder`),
    ...planned.filter((name, index) => planned.indexOf(name) !== index).map((name) => `${name} stands twice`),
  ];
  for (const { name, triggers = [] } of plan.functions) {
    const actions = timers.get(name) ?? [];
    const fired = triggers.map((each) => each.name);
    problems.push(
      ...fired.filter((each) => !actions.includes(each)).map((each) => `${name}: the trigger ${each} is no action of the timer`),
      ...actions.filter((each) => !fired.includes(each)).map((each) => `${name}: nothing triggers ${each}`),
    );
  }
  return problems;
}

function problemsOfValues(plan: Deployment, given: Settings): string[] {
  const used = [...new Set(templatesIn(plan))];
  const problems = used.flatMap((name) => {
    const problem = problemOfValue(given[name] ?? '');
    return problem === null ? [] : [`${name} ${problem}`];
  });
  problems.push(...NEEDED.filter((name) => used.includes(name) && !given[name]).map((name) => `${name} is not set`));
  const refusals = new Map<string, string[]>();
  for (const { name } of plan.functions) {
    const entries = Object.entries(variablesOf(plan, name)).map(([variable, text]) => [variable, fill(text, given)] as const);
    const bytes = entries.reduce((sum, [variable, value]) => sum + Buffer.byteLength(variable + value), 0);
    if (bytes > MAX_ENV_BYTES) problems.push(`${name}: its variables weigh ${bytes} bytes, ${MAX_ENV_BYTES} are allowed`);
    try {
      // As the function itself will read them.
      readConfig(Object.fromEntries(entries));
    } catch (error) {
      const refusal = error instanceof Error ? error.message : String(error);
      refusals.set(refusal, [...(refusals.get(refusal) ?? []), name]);
    }
  }
  return [...problems, ...[...refusals].map(([refusal, names]) => `${refusal} (${names.join(', ')})`)];
}

export interface Checked {
  plan: Deployment | null;
  problems: string[];
  /** Variables of the file that nothing fills. The functions take their defaults. */
  empty: string[];
}

interface Known {
  /** Folders of functions/. */
  names: readonly string[];
  /** Actions of the timer by function. */
  timers: ReadonlyMap<string, readonly string[]>;
}

/** Everything that the vendor's CLI takes without a word and that then fails in the cloud. */
export function checkDeployment(text: string, given: Settings, { names, timers }: Known): Checked {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { plan: null, problems: ['cloudbaserc.json is not JSON'], empty: [] };
  }
  const parsed = deployment.safeParse(json);
  if (!parsed.success) {
    return { plan: null, problems: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`), empty: [] };
  }
  const plan = parsed.data;
  const empty = [...new Set(templatesIn(plan))].filter((name) => !given[name]);
  return { plan, problems: [...problemsOfShape(plan, names, timers), ...problemsOfValues(plan, given)], empty };
}

export const root = fileURLToPath(new URL('../../', import.meta.url));

export async function knownFunctions(): Promise<Known> {
  const names = readdirSync(join(root, 'functions')).filter((name) => existsSync(join(root, 'functions', name, 'index.ts')));
  const timers = await Promise.all(
    names.map(async (name) => {
      const { main } = await import(`../../functions/${name}/index.ts`);
      const contracts: [string, { contract: { access: string } }][] = Object.entries(main.actions);
      return [name, contracts.filter(([, { contract }]) => contract.access === 'system').map(([action]) => action)] as const;
    }),
  );
  return { names, timers: new Map(timers) };
}

export async function checkHere(mode: string | undefined): Promise<Checked & { given: Settings }> {
  const given = readSettings(root, mode, process.env);
  const text = await readFile(join(root, 'cloudbaserc.json'), 'utf8');
  return { ...checkDeployment(text, given, await knownFunctions()), given };
}

export function reportCheck({ problems, empty }: Checked): void {
  for (const problem of problems) console.error(`✗ ${problem}`);
  if (empty.length > 0) console.log(`not set, defaults apply: ${empty.join(', ')}`);
  console.log(problems.length === 0 ? 'cloudbaserc.json and the settings are fit to deploy' : `${problems.length} problems`);
}

const usage = `Checks cloudbaserc.json and the settings: everything that the vendor's CLI accepts and that then fails in the cloud.

  npm run check:deploy -- --mode production      settings from .env, .env.local, .env.production and this shell

Exits with 1 when there are problems.`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runCommand({ usage, flags: { mode: { type: 'string' } } }, async ({ mode }) => {
    const checked = await checkHere(mode);
    reportCheck(checked);
    if (checked.problems.length > 0) process.exitCode = 1;
  });
}
