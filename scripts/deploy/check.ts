import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, readConfig } from '../../shared/runtime/config';
import { runCommand } from '../command';
import { deployedSettings, readCertificate } from './certificate';
import { type Deployment, deployment, fill, readSketch, type Sketch, templatesIn, variablesOf } from './plan';
import { lineOf, type Problem } from './problem';
import { type GivenSettings, readSettings, type Settings } from './settings';

const MAX_ENV_BYTES = 4_096;
const PLAN = 'cloudbaserc.json';

/** Needed by the deployment itself; what the functions need they say by reading their settings. */
const NEEDED = ['ENV_ID', 'VPC_ID', 'SUBNET_ID', 'WX_APPID'];

/** Settings with commas (and colons) between their parts. */
const LISTS = [
  'DB_HOST',
  'REDIS_URL',
  'JWT_KEYS',
  'OPERATOR_OPENIDS',
  'OPERATOR_TOKENS',
  'IMAGE_HOSTS',
  'COZE_PICTURE_HOSTS',
  'AI_PICTURE_HOSTS',
];

/** In the README's table, and no matter of a deployment: for development, or set by the platform. */
const NOT_DEPLOYED = ['APP_ENV', 'WX_API_BASE', 'COS_ENDPOINT', 'PORT', 'DATA_DIR', 'TCB_ENV', 'TENCENTCLOUD_SECRETID'];

export interface Known {
  /** Folders of functions/. */
  names: readonly string[];
  /** Actions of the timer by function. */
  timers: ReadonlyMap<string, readonly string[]>;
  /** Settings that the README offers. */
  settings: readonly string[];
}

export interface Checked {
  /** Null when its shape is wrong. */
  plan: Deployment | null;
  problems: Problem[];
  /** Variables of the plan that nothing fills. The functions take their defaults. */
  empty: string[];
}

/** The CLI puts values into the text of the file before it reads it as JSON, and reads texts that are JSON once more. */
function problemOfValue(name: string, value: string): string | null {
  if (/["\n\r\t]/.test(value)) return 'holds a quote or a line break, which breaks the file: write line breaks as \\n, in one line';
  if (/\\(?!n)/.test(value)) return 'holds a backslash, which is lost';
  if (/^\s*[[{]/.test(value)) return 'looks like JSON, of which the CLI would make [object Object]';
  if (value !== value.trim()) return 'has a space at its end';
  if (LISTS.includes(name) && /[，、；：]/.test(value)) return 'holds a full-width comma, semicolon or colon: write , and :';
  return null;
}

function problemsOfShape(json: unknown, { functions }: Sketch): Problem[] {
  const parsed = deployment.safeParse(json);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => {
    const owner = path[0] === 'functions' && typeof path[1] === 'number' ? functions[path[1]]?.name : undefined;
    return { file: PLAN, functions: owner === undefined ? [] : [owner], text: `${path.join('.')}: ${message}` };
  });
}

function problemsOfFunctions({ functions }: Sketch, { names, timers }: Known): Problem[] {
  const planned = functions.map(({ name }) => name);
  const about = (name: string, text: string): Problem => ({ file: PLAN, functions: [name], text });
  return [
    ...names.filter((name) => !planned.includes(name)).map((name) => about(name, `functions/${name} is not in ${PLAN}`)),
    ...planned.filter((name) => !names.includes(name)).map((name) => about(name, `${PLAN} names ${name}, which has no folder`)),
    ...planned.filter((name, index) => planned.indexOf(name) !== index).map((name) => about(name, `${name} stands twice`)),
    ...functions.flatMap(({ name, triggers }) => {
      const actions = timers.get(name) ?? [];
      const fired = triggers.map((each) => each.name);
      return [
        ...fired.filter((each) => !actions.includes(each)).map((each) => about(name, `the trigger ${each} is no action of the timer`)),
        ...actions.filter((each) => !fired.includes(each)).map((each) => about(name, `nothing triggers ${each}`)),
      ];
    }),
  ];
}

/** A setting that the README offers and that the plan gives to no function would have no effect. */
function problemsOfReach(text: string, { settings }: Known, { values, fileOf }: GivenSettings): Problem[] {
  const reached = new Set([...templatesIn(text), ...NOT_DEPLOYED]);
  return settings
    .filter((name) => !reached.has(name))
    .map((name) => ({
      file: PLAN,
      functions: [],
      text: `no function receives ${name}, which the README offers${values[name] ? ` and ${fileOf(name)} sets` : ''}`,
    }));
}

/** What each function says of the settings it would get; the same sentence once, with the names of all that say it. */
function problemsOfSettings(plan: Sketch, { values, fileOf }: GivenSettings, pem: string | null): Problem[] {
  const deployed = deployedSettings(values);
  const problems: Problem[] = [];
  const refusals = new Map<string, string[]>();
  for (const { name } of plan.functions) {
    const entries = Object.entries(variablesOf(plan, name)).map(([variable, text]) => [variable, fill(text, deployed)] as const);
    const bytes = entries.reduce((sum, [variable, value]) => sum + Buffer.byteLength(variable + value), 0);
    if (bytes > MAX_ENV_BYTES) {
      problems.push({ file: PLAN, functions: [name], text: `its variables weigh ${bytes} bytes, ${MAX_ENV_BYTES} are allowed` });
    }
    try {
      readConfig({ ...Object.fromEntries(entries), DB_CA: pem ?? '' });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const refusal of error.problems) refusals.set(refusal, [...(refusals.get(refusal) ?? []), name]);
    }
  }
  const all = plan.functions.length;
  const refused = [...refusals].map(([text, names]): Problem => {
    const setting = /[A-Z][A-Z0-9]*_[A-Z0-9_]+/.exec(text)?.[0] ?? '';
    return { file: fileOf(setting), functions: names.length === all ? [] : names, text };
  });
  return [...problems, ...refused];
}

function problemsOfValues(used: readonly string[], plan: Sketch, given: GivenSettings, root: string): Problem[] {
  const { values, fileOf } = given;
  const certificate = readCertificate(root, values);
  const about = (name: string, text: string): Problem => ({ file: fileOf(name), functions: [], text });
  const missing = NEEDED.filter((name) => used.includes(name) && !values[name]).map((name) => about(name, `${name} is not set`));
  const spelled = used.flatMap((name) => {
    const problem = name === 'DB_CA' ? null : problemOfValue(name, values[name] ?? '');
    return problem === null ? [] : [about(name, `${name} ${problem}`)];
  });
  const ca = certificate.problem === null ? [] : [about('DB_CA', certificate.problem)];
  // A certificate that cannot be read has been named already: no function has to miss it as well.
  const read = problemsOfSettings(plan, given, certificate.pem).filter(({ text }) => ca.length === 0 || !text.startsWith('DB_CA'));
  return [...missing, ...spelled, ...ca, ...read];
}

/** Every problem at once: what the vendor's CLI accepts and what then fails in the cloud. */
export function checkDeployment(text: string, given: GivenSettings, known: Known, root: string): Checked {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { plan: null, problems: [{ file: PLAN, functions: [], text: 'is not JSON' }], empty: [] };
  }
  const plan = readSketch(json);
  const used = templatesIn(text);
  const shape = problemsOfShape(json, plan);
  const problems = [
    ...shape,
    ...problemsOfFunctions(plan, known),
    ...problemsOfReach(text, known, given),
    ...problemsOfValues(used, plan, given, root),
  ];
  return { plan: shape.length === 0 ? deployment.parse(json) : null, problems, empty: used.filter((name) => !given.values[name]) };
}

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The settings in the README's table. */
const settingsIn = (readme: string): string[] => {
  const section = readme.split(/^## /m).find((each) => each.startsWith('Configure it')) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return [...new Set(rows.flatMap((row) => [...row.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name]) => name ?? '')))];
};

export async function knownFunctions(): Promise<Known> {
  const names = readdirSync(join(root, 'functions')).filter((name) => existsSync(join(root, 'functions', name, 'index.ts')));
  const timers = await Promise.all(
    names.map(async (name) => {
      const { main } = await import(`../../functions/${name}/index.ts`);
      const contracts: [string, { contract: { access: string } }][] = Object.entries(main.actions);
      return [name, contracts.filter(([, { contract }]) => contract.access === 'system').map(([action]) => action)] as const;
    }),
  );
  return { names, timers: new Map(timers), settings: settingsIn(await readFile(join(root, 'README.md'), 'utf8')) };
}

export async function checkHere(mode: string | undefined): Promise<Checked & { given: Settings }> {
  const given = readSettings(root, mode, process.env);
  const text = await readFile(join(root, PLAN), 'utf8');
  return { ...checkDeployment(text, given, await knownFunctions(), root), given: given.values };
}

export function reportCheck({ problems, empty }: Checked, report: (line: string) => void): void {
  for (const problem of problems) report(`✗ ${lineOf(problem)}`);
  if (empty.length > 0) report(`  not set, defaults apply: ${empty.join(', ')}`);
  report(problems.length === 0 ? `✓ ${PLAN} and the settings are fit to deploy` : `${problems.length} problems`);
}

const usage = `Checks cloudbaserc.json and the settings: everything that the vendor's CLI accepts and that then fails in the cloud.

  npm run check:deploy -- --mode production      settings from .env, .env.local, .env.production and this shell

Exits with 1 when there are problems.`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runCommand({ usage, flags: { mode: { type: 'string' } } }, async ({ mode }) => {
    const checked = await checkHere(mode);
    reportCheck(checked, checked.problems.length > 0 ? console.error : console.log);
    if (checked.problems.length > 0) process.exitCode = 1;
  });
}
