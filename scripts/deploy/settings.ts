import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

export type Settings = Readonly<Record<string, string>>;

const readEnvFile = (file: string): Record<string, string> => {
  try {
    const entries = Object.entries(parseEnv(readFileSync(file, 'utf8')));
    return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  } catch {
    return {};
  }
};

/** What fills the `{{env.X}}` of cloudbaserc.json, in the order in which the vendor's CLI looks: files first, this process's own last. */
export function readSettings(root: string, mode: string | undefined, own: NodeJS.ProcessEnv): Settings {
  const files = ['.env', '.env.local', ...(mode === undefined ? [] : [`.env.${mode}`])];
  const fromFiles = Object.assign({}, ...files.map((name) => readEnvFile(join(root, name))));
  const fromHere = Object.entries(own).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { ...fromFiles, ...Object.fromEntries(fromHere) };
}
