import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { CommandError, wholeNumber } from './command';
import type { Target } from './database';

const Account = z.object({ host: z.string(), port: z.number(), user: z.string(), password: z.string(), database: z.string() });

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where npm start keeps its data. */
export const dataFolder = (): string => resolve(process.env.DATA_DIR || join(root, '.data'));

const fileIn = (folder: string): string => join(folder, 'database.json');

/** Tells the other commands how to reach the database of this run. Answers how to take that back. */
export function announceDatabase(folder: string, { host, port, user, password, database }: Target): () => void {
  writeFileSync(fileIn(folder), JSON.stringify({ host, port, user, password, database }), { mode: 0o600 });
  return () => rmSync(fileIn(folder), { force: true });
}

function runningDatabase(folder: string): z.infer<typeof Account> | null {
  try {
    return Account.parse(JSON.parse(readFileSync(fileIn(folder), 'utf8')));
  } catch {
    return null;
  }
}

/** The environment with DB_*: as it is when it names a database, else with the one of a running npm start. */
export function databaseEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  wholeNumber('DB_PORT', env.DB_PORT, { fallback: 3306, min: 1, max: 65_535 });
  if (env.DB_HOST || env.DB_MIGRATE_HOST) return env;
  const running = runningDatabase(dataFolder());
  if (running === null) {
    throw new CommandError(
      `No database: DB_HOST is not set and nothing runs on ${dataFolder()}. Run npm start, or set DB_HOST, DB_USER, DB_PASSWORD.`,
    );
  }
  const { host, port, user, password, database } = running;
  return { ...env, DB_HOST: host, DB_PORT: String(port), DB_USER: user, DB_PASSWORD: password, DB_NAME: database };
}
