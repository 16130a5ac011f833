import { type ParseArgsConfig, parseArgs } from 'node:util';

type Flags = NonNullable<ParseArgsConfig['options']>;

type Values<F extends Flags> = ReturnType<typeof parseArgs<{ options: F; allowPositionals: true }>>['values'];

interface Command<F extends Flags> {
  /** Printed by --help. Its first line says what the command does. */
  usage: string;
  flags?: F;
  /** The most words without a dash that the command takes. Default: none. */
  maxWords?: number;
}

/** A mistake that the user of the command can correct: printed as one sentence without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** What was wrong with the command line itself. The command has not begun. */
class UsageError extends CommandError {}

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there. Start the server, or correct the address',
  ER_ACCESS_DENIED_ERROR: 'the database refuses this account. Check DB_USER and DB_PASSWORD',
  ER_DBACCESS_DENIED_ERROR: 'this account may not use that database. Check DB_NAME and the rights of DB_USER',
  ER_BAD_DB_ERROR: 'there is no such database. Check DB_NAME, or run: npm run db:migrate',
  ER_NO_SUCH_TABLE: 'the database has no tables of this version. Run: npm run db:migrate',
  ENOTFOUND: 'this host name is unknown. Check the address',
  EACCES: 'this account may not write there. Change the rights, or name another folder',
  EROFS: 'that file system is read-only. Name another folder',
  ENOSPC: 'the disk is full',
};

const codeOf = (error: object): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

/** One sentence for a known mistake; message and causes for anything else, with the stack when DEBUG is set. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof CommandError) return error.message;
  const hint = hints[codeOf(error)];
  if (hint !== undefined) return `${error.message || codeOf(error)}: ${hint}.`;
  const causes: string[] = [];
  for (let at: unknown = error; at instanceof Error && causes.length < 5; at = at.cause) causes.push(at.message);
  return process.env.DEBUG ? (error.stack ?? error.message) : causes.join('\n  because: ');
}

function read<F extends Flags>({ flags, maxWords = 0 }: Command<F>): { values: Values<F>; words: string[] } | null {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) return null;
  const known = (flags ?? {}) as F;
  let parsed: { values: Values<F>; positionals: string[] };
  try {
    parsed = parseArgs({ args, options: known, allowPositionals: true });
  } catch (error) {
    // parseArgs adds advice about `--` after the first sentence.
    throw new UsageError(error instanceof Error ? `${error.message.split('. To specify')[0]?.replace(/\.$/, '')}.` : String(error));
  }
  const surplus = parsed.positionals[maxWords];
  if (surplus !== undefined) throw new UsageError(`Unexpected word '${surplus}'.`);
  return { values: parsed.values, words: parsed.positionals };
}

/**
 * Reads the command line, then runs `work`. --help prints the usage and runs nothing. An unknown flag or a surplus word runs nothing and
 * exits with 2; an error of `work` exits with 1. Both print one sentence on stderr.
 */
export async function runCommand<const F extends Flags>(
  command: Command<F>,
  work: (values: Values<F>, words: string[]) => Promise<void>,
): Promise<void> {
  try {
    const given = read(command);
    if (given === null) console.log(command.usage);
    else await work(given.values, given.words);
  } catch (error) {
    console.error(explain(error));
    if (error instanceof UsageError) console.error('See what it takes with --help.');
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** A whole number from the environment or a flag, or a sentence that names it. */
export function wholeNumber(
  name: string,
  text: string | undefined,
  { fallback, min, max }: { fallback: number; min: number; max: number },
) {
  if (text === undefined || text === '') return fallback;
  const number = Number(text);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new CommandError(`${name} must be a whole number from ${min} to ${max}, not '${text}'.`);
}

/** Where npm start listens, and where the other commands look for it. */
export const localPort = (): number => wholeNumber('PORT', process.env.PORT, { fallback: 3000, min: 0, max: 65_535 });
