/** A process's environment variables. */
export type Environment = Record<string, string | undefined>;

/** A setting is wrong or missing: every call is refused until it is corrected. Names variables, never values. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** One sentence per wrong setting. */
  readonly problems: readonly string[];

  constructor(...problems: string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

export const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);

export const integer = (env: Environment, name: string, fallback: number): number => {
  const value = env[name] ? Number(env[name]) : fallback;
  if (!Number.isSafeInteger(value) || value < 0) throw new ConfigError(`${name} must be a whole number`);
  return value;
};

export const positive = (env: Environment, name: string, fallback: number): number => {
  const value = env[name] ? Number(env[name]) : fallback;
  if (!Number.isFinite(value) || value <= 0) throw new ConfigError(`${name} must be a number above zero`);
  return value;
};
