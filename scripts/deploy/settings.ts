import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

export type Settings = Readonly<Record<string, string>>;

export interface GivenSettings {
  values: Settings;
  /** The file that a setting was read from, or `this shell`; for one that is not set, the file to put it into. */
  fileOf(name: string): string;
}

const readEnvFile = (file: string): Record<string, string> => {
  try {
    const entries = Object.entries(parseEnv(readFileSync(file, 'utf8')));
    return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  } catch {
    return {};
  }
};

/** What fills the `{{env.X}}` of cloudbaserc.json, in the order in which the vendor's CLI looks: files first, this process's own last. */
export function readSettings(root: string, mode: string | undefined, own: NodeJS.ProcessEnv): GivenSettings {
  const names = ['.env', '.env.local', ...(mode === undefined ? [] : [`.env.${mode}`])];
  const sources = names.map((name) => ({ name, values: readEnvFile(join(root, name)) }));
  const shell = Object.entries(own).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  sources.push({ name: 'this shell', values: Object.fromEntries(shell) });
  return {
    values: Object.assign({}, ...sources.map(({ values }) => values)),
    fileOf: (name) => sources.findLast(({ values }) => Object.hasOwn(values, name))?.name ?? (mode === undefined ? '.env' : `.env.${mode}`),
  };
}
