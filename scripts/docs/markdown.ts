import * as z from 'zod';
import { limits } from '../../shared/contract';
import { errorKinds } from '../../shared/errors';
import type { ApiAction } from './api';

interface Field {
  type?: string | string[];
  format?: string;
  items?: Field;
  properties?: Record<string, Field>;
  required?: string[];
  anyOf?: Field[];
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  default?: unknown;
  description?: string;
}

const callers = {
  public: 'anyone',
  user: 'signed in',
  gated: 'signed in; with a guardian token once a PIN is set',
  guardian: 'a guardian (token of family.unlock)',
  operator: 'operators',
  system: 'timer',
};

const window: Record<number, string> = { 60: 'minute', 3600: 'hour', 86400: 'day' };

function typeOf(field: Field): string {
  if (field.anyOf) return field.anyOf.map(typeOf).join(' or ');
  if (field.const !== undefined) return JSON.stringify(field.const);
  if (field.enum) return field.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (field.type === 'array') return `${typeOf(field.items ?? {})}[]${field.maxItems ? ` (≤ ${field.maxItems})` : ''}`;
  if (field.type === 'object' && field.properties) {
    const inner = Object.entries(field.properties).map(
      ([name, part]) => `${name}${field.required?.includes(name) ? '' : '?'}: ${typeOf(part)}`,
    );
    return `{ ${inner.join(', ')} }`;
  }
  const lower = field.minimum !== undefined && field.minimum > Number.MIN_SAFE_INTEGER ? field.minimum : undefined;
  const upper = field.maximum !== undefined && field.maximum < Number.MAX_SAFE_INTEGER ? field.maximum : undefined;
  const range = lower !== undefined && upper !== undefined ? ` ${lower}–${upper}` : lower !== undefined ? ` ≥ ${lower}` : '';
  const length = field.maxLength === undefined ? '' : ` (≤ ${field.maxLength} characters)`;
  return `${field.format ?? (Array.isArray(field.type) ? field.type.join(' or ') : (field.type ?? 'any'))}${range}${length}`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function fieldsTable(schema: z.ZodType, io: 'input' | 'output'): string {
  const json = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Field;
  const rows = Object.entries(json.properties ?? {}).map(([name, field]) => {
    const optional = io === 'input' && !json.required?.includes(name) ? '?' : '';
    const fallback = field.default === undefined ? '' : ` Default ${JSON.stringify(field.default)}.`;
    return `| \`${name}${optional}\` | ${cell(typeOf(field))} | ${cell(field.description ?? '')}${fallback} |`;
  });
  return rows.length === 0 ? '(nothing)' : ['| field | type | |', '|---|---|---|', ...rows].join('\n');
}

function section({ fn, action, contract }: ApiAction): string {
  const allowance = limits[contract.limit].windows.map(
    ({ max, windowSeconds }) => `${max} a ${window[windowSeconds] ?? `${windowSeconds} s`}`,
  );
  const facts = [
    `for: ${callers[contract.access]}`,
    `limit: ${allowance.join(', ') || 'none'}`,
    contract.rest ? `REST: \`${contract.rest}\`` : '',
  ];
  const call = `wx.cloud.callFunction({ name: '${fn}', data: { action: '${action}', data: ${JSON.stringify(contract.example)} } })`;
  return [
    `### ${fn}.${action}`,
    contract.summary,
    facts.filter(Boolean).join(' · '),
    ...(contract.access === 'system' ? [] : [['```js', call, '```'].join('\n')]),
    `In:\n\n${fieldsTable(contract.input, 'input')}`,
    `Out:\n\n${fieldsTable(contract.output, 'output')}`,
  ].join('\n\n');
}

/** The reference for people: every action of every function, then the error codes. */
export function apiMarkdown(api: ApiAction[]): string {
  const codes = Object.entries(errorKinds).map(
    ([code, { status, retryable, message }]) => `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${message} |`,
  );
  return `${[
    '# API reference',
    'Generated from the contracts by `npm run docs`; do not edit.',
    'Every answer is `{ success: true, data, requestId }` or `{ success: false, error: { code, message, details?, retryAfter? }, requestId }`. Dates are `YYYY-MM-DD` in Beijing, instants ISO 8601 in UTC. Unknown fields are refused. A write repeated with the same `requestId` (HTTP: `Idempotency-Key`) and the same body is done once: it answers the effect it had the first time (the same ids, points, reward and balance) with the object and the totals as they are now, or NOT_FOUND once the object is deleted. The same `requestId` with another body is IDEMPOTENCY_MISMATCH. A refusal is not remembered: the same `requestId` may succeed later. `logout` and `erase` answer UNAUTHENTICATED once they are done. Sentences are Chinese; with `lang: "en"` beside `action` (HTTP: `Accept-Language`) they are English.',
    ...api.map(section),
    '## Error codes',
    ['| code | HTTP | may succeed later | message |', '|---|---|---|---|', ...codes].join('\n'),
  ].join('\n\n')}\n`;
}
