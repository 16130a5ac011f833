type Field = string | number | boolean | null | undefined | object;

/** Writes one JSON line. Callers pass ids, codes and milliseconds only; there is no field for texts, tokens or SQL values. */
export function logLine(
  kind: 'access' | 'error' | 'slow-query' | 'behaviour' | 'incident' | 'warning',
  fields: Record<string, Field>,
): void {
  // One string, without copying the fields; there is always at least one.
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

/** The stack frames only. A stack begins with the message, and a line of the message may look like a frame. */
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
 * The loggable part of an error and its causes: names, codes and stack frames. Messages are left out, because MySQL quotes values and parsers
 * quote input, and either may be a child's diary.
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
