import * as z from 'zod';

/** The runtimes that the bundles work with. The platform fixes a function's runtime when it is created. */
const runtimes = ['Nodejs20.19', 'Nodejs22.21', 'Nodejs24.11'] as const;

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

const onOff = z.enum(['ENABLE', 'DISABLE']);

const settings = {
  runtime: z.enum(runtimes, {
    error: `must be one of ${runtimes.join(', ')}: older ones lack String.isWellFormed, and every call with text fails`,
  }),
  handler: z.literal('index.main'),
  memorySize: z
    .int()
    .refine((mb) => mb === 64 || (mb % 128 === 0 && mb >= 128 && mb <= 3_072), { error: '64, or 128 to 3072 in steps of 128' }),
  timeout: z.int().min(5).max(900),
  installDependency: z.literal(false, { error: 'must be false: the bundles hold all they need' }),
  vpc: z.strictObject({ vpcId: z.string().min(1), subnetId: z.string().min(1) }),
  /** Access to the internet from inside the VPC; `eipConfig` gives the function a fixed address. */
  publicNetConfig: z.strictObject({ publicNetStatus: onOff, eipConfig: z.strictObject({ eipStatus: onOff }).optional() }),
  envVariables: variables,
};

const deployedFunction = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,59}$/),
  ...z.object(settings).partial().shape,
  triggers: z.array(trigger).optional(),
});

export const deployment = z.strictObject({
  version: z.literal('2.0'),
  envId: z.string().regex(/^(\{\{env\.ENV_ID\}\}|[a-z0-9][a-z0-9-]{3,31})$/),
  functionRoot: z.literal('./dist/functions'),
  functionDefaultConfig: z.strictObject(settings),
  functions: z.array(deployedFunction).min(1),
});

export type Deployment = z.infer<typeof deployment>;

/** As much of a plan as can be read when its shape is wrong, so that one run reports the wrong values as well. */
const looseVariables = z.record(z.string(), z.string()).catch({});
const sketch = z.object({
  functionDefaultConfig: z.object({ envVariables: looseVariables }).catch({ envVariables: {} }),
  functions: z
    .array(
      z.object({ name: z.string(), envVariables: looseVariables, triggers: z.array(z.object({ name: z.string() })).catch([]) }).catch({
        name: '?',
        envVariables: {},
        triggers: [],
      }),
    )
    .catch([]),
});

export type Sketch = z.infer<typeof sketch>;

export const readSketch = (json: unknown): Sketch =>
  sketch.catch({ functionDefaultConfig: { envVariables: {} }, functions: [] }).parse(json);

interface Variables {
  envVariables?: Record<string, string> | undefined;
}

/** What a function will find in its environment: the CLI merges the default's variables with its own. */
export const variablesOf = (
  plan: { functionDefaultConfig: Variables; functions: readonly (Variables & { name: string })[] },
  name: string,
): Record<string, string> => ({
  ...plan.functionDefaultConfig.envVariables,
  ...plan.functions.find((each) => each.name === name)?.envVariables,
});

/** What is asked for of one function: its own settings before the common ones. */
export function plannedFunction({ functionDefaultConfig: common, functions }: Deployment, name: string) {
  const own = functions.find((each) => each.name === name);
  return {
    runtime: own?.runtime ?? common.runtime,
    handler: own?.handler ?? common.handler,
    timeout: own?.timeout ?? common.timeout,
    memorySize: own?.memorySize ?? common.memorySize,
    vpc: own?.vpc ?? common.vpc,
    triggers: own?.triggers ?? [],
  };
}

const TEMPLATE = /\{\{\s*env\.(\w+)\s*\}\}/g;

/** The settings that a text asks for. */
export const templatesIn = (text: string): string[] => [...new Set([...text.matchAll(TEMPLATE)].map(([, name]) => name ?? ''))];

export const fill = (text: string, from: Readonly<Record<string, string>>): string =>
  text.replace(TEMPLATE, (_, name: string) => from[name] ?? '').replaceAll('\\n', '\n');
