import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A migration or a procedure: a text that is applied once per hash. */
export interface SqlFile {
  /** Path below sql/, as kept in schema_migrations. */
  name: string;
  text: string;
  hash: string;
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Replaces `-- include <part>` by the part's text: a CALL of a shared procedure would add a tenth to the time of each posting. */
const withParts = (folder: string, text: string): string =>
  text.replace(/^ *-- include (\w+)$/gm, (_, part: string) =>
    withParts(folder, readFileSync(join(folder, 'parts', `${part}.sql`), 'utf8')).trimEnd(),
  );

const readFiles = (folder: string, prefix: string, pattern: RegExp): SqlFile[] =>
  readdirSync(join(folder, prefix))
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => {
      const text = withParts(folder, readFileSync(join(folder, prefix, name), 'utf8'));
      return { name: prefix + name, text, hash: hashOf(text) };
    });

/** The forward-only files, in the order in which they are applied. */
export const readVersions = (folder: string): SqlFile[] => readFiles(folder, '', /^\d{4}_\w+\.sql$/);

export const readProcedures = (folder: string): SqlFile[] => readFiles(folder, 'procedures/', /\.sql$/);

/** `post_points` for `procedures/post_points.sql`. */
export const procedureName = ({ name }: SqlFile): string => name.slice('procedures/'.length, -'.sql'.length);

export const statementsOf = (text: string): string[] =>
  text
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement.replace(/^--.*$/gm, '').trim() !== '');
