type Field = string | number | boolean | null | undefined | object;

/** One JSON line. Callers pass ids, codes and milliseconds only: texts, tokens and SQL values have no field here. */
export function logLine(
  kind: 'access' | 'error' | 'slow-query' | 'behaviour' | 'incident' | 'warning',
  fields: Record<string, Field>,
): void {
  // One string without a copy of the fields; there is always one.
  process.stdout.write(`{"at":"${new Date().toISOString()}","kind":"${kind}",${JSON.stringify(fields).slice(1)}\n`);
}

const SAFE_MESSAGES = new Set(['ConfigError']);

interface Cause {
  name: string;
  code?: string | number | undefined;
  statement?: string | undefined;
  message?: string;
  stack?: string[];
}

const property = (error: object, name: string): unknown => Object.getOwnPropertyDescriptor(error, name)?.value;

const scalar = (value: unknown): string | number | undefined =>
  typeof value === 'string' || typeof value === 'number' ? value : undefined;

const FRAME = /^\s+at (?:[\w.<>[\] $#*-]+ \()?(?:node:|file:|\/|[A-Z]:\\)[\x21-\x7e]+:\d+\)?$/;

/** The places alone: a stack begins with the message, and a line of that may look like a frame. */
function framesOf({ stack = '', message }: Error): string[] {
  const start = stack.indexOf(message);
  return stack
    .slice(start < 0 ? 0 : start + message.length)
    .split('\n')
    .filter((line) => FRAME.test(line))
    .slice(0, 6)
    .map((line) => line.trim());
}

/**
 * What may be logged of an error and its causes. Messages are left out: MySQL quotes values, parsers quote input, and either may be a
 * child's diary. Names, codes and stack frames say enough to find the place.
 */
export function describeError(error: unknown): Cause[] {
  const chain: Cause[] = [];
  for (let at: unknown = error; at instanceof Error && chain.length < 5; at = at.cause) {
    const statement = scalar(property(at, 'statement'));
    chain.push({
      name: at.name,
      code: scalar(property(at, 'code')) ?? scalar(property(at, 'errno')),
      ...(statement !== undefined && { statement: String(statement) }),
      ...(SAFE_MESSAGES.has(at.name) && { message: at.message }),
      stack: framesOf(at),
    });
  }
  return chain.length > 0 ? chain : [{ name: typeof error }];
}
