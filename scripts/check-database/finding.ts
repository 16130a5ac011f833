/** One row of the table. `note`: works, but somebody should know. */
export interface Finding {
  needed: string;
  found: string;
  status: 'ok' | 'note' | 'missing';
  /** What to do; empty when it is ok. */
  todo: string;
}

export const ok = (needed: string, found: string): Finding => ({ needed, found, status: 'ok', todo: '' });
export const note = (needed: string, found: string, todo: string): Finding => ({ needed, found, status: 'note', todo });
export const missing = (needed: string, found: string, todo: string): Finding => ({ needed, found, status: 'missing', todo });

export const isReady = (findings: readonly Finding[]): boolean => findings.every(({ status }) => status !== 'missing');

/** `ER_TRUNCATED_WRONG_VALUE (1292)`; the message, which may quote a value, only where there is no code. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  return 'errno' in error && Number(error.errno) > 0 ? `${code} (${error.errno})` : code;
}

const MARKS = { ok: '✓ ok', note: '! note', missing: '✗ missing' } as const;

/** The findings as a table for a terminal, with what is to be done below the rows that need it. */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ needed }) => needed.length));
  const lines = findings.flatMap(({ needed, found, status, todo }) => [
    `${MARKS[status].padEnd(10)} ${needed.padEnd(width)}  ${found}`,
    ...(todo === '' ? [] : [`${' '.repeat(11)}→ ${todo}`]),
  ]);
  const lacking = findings.filter(({ status }) => status === 'missing').length;
  return [...lines, lacking === 0 ? 'the database is fit' : `${lacking} missing: the database is not fit`].join('\n');
}
