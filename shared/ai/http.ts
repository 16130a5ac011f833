import type { AxiosError } from 'axios';
import type { Errand } from '../runtime/context';
import { ProviderError, type Trouble } from './provider';

const MAX_ANSWER_BYTES = 512 * 1_024;
const MAX_RETRY_AFTER_MS = 60_000;

export type Bag = Record<string, unknown>;
export const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);

export interface Ask {
  method: 'GET' | 'POST';
  url: string;
  bearer: string;
  params?: Record<string, string>;
  body?: object;
  /** Milliseconds that the request may take, unless the deadline leaves fewer. */
  patienceMs: number;
  /** Default 512 KB. */
  maxBytes?: number;
}

export interface Reply {
  status: number;
  text: string;
  headers: Bag;
}

/** The waiting time of a `Retry-After` header in milliseconds: seconds or an HTTP date, at most a minute; 0 without one. */
function retryAfterMs(value: unknown): number {
  if (typeof value !== 'string' || value === '') return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : 0;
}

/** The connection was never established: the provider has received nothing. */
const UNCONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EPROTO']);
const LATE = new Set(['ECONNABORTED', 'ETIMEDOUT', 'ERR_CANCELED']);

function troubleOf({ code = '', message }: AxiosError): Trouble {
  if (LATE.has(code)) return 'late';
  if (UNCONNECTED.has(code)) return 'down';
  // The answer is too large. The same code with another message means a broken one.
  if (code === 'ERR_BAD_RESPONSE' && message.includes('maxContentLength')) return 'malformed';
  return 'lost';
}

/** A gateway answers 502 or 504 although the provider behind it may have done the work. */
const throwOnStatus = (status: number, headers: Bag): void => {
  const pauseMs = retryAfterMs(headers['retry-after']);
  if (status === 429) throw new ProviderError('busy', status, pauseMs);
  if (status === 502 || status === 504) throw new ProviderError('lost', status, pauseMs);
  if (status >= 500) throw new ProviderError('down', status, pauseMs);
};

/**
 * One request to a provider: bounded in time and size, without redirects. Answers any status below 500 except 429. Everything else is thrown as
 * ProviderError without its cause, because the cause contains the key and the diary.
 */
export async function request(
  { method, url, bearer, params, body, patienceMs, maxBytes = MAX_ANSWER_BYTES }: Ask,
  errand: Errand,
): Promise<Reply> {
  const timeoutMs = Math.min(patienceMs, errand.deadline - Date.now());
  if (timeoutMs <= 0) throw new ProviderError('unsent', 'deadline');
  const { default: axios, isAxiosError } = await import('axios');
  try {
    const { status, data, headers } = await axios.request<string>({
      method,
      url,
      ...(params && { params }),
      ...(body && { data: body }),
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', 'x-request-id': errand.requestId },
      timeout: timeoutMs,
      // `timeout` alone does not end an answer that arrives byte by byte.
      signal: AbortSignal.timeout(timeoutMs),
      maxContentLength: maxBytes,
      maxRedirects: 0,
      responseType: 'text',
      transformResponse: (raw: string) => raw,
      validateStatus: () => true,
    });
    const named: Bag = Object.fromEntries(Object.entries(headers));
    throwOnStatus(status, named);
    return { status, text: data, headers: named };
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    if (!isAxiosError(error)) throw new ProviderError('lost', 'unknown');
    throw new ProviderError(troubleOf(error), error.code ?? 'network');
  }
}

/** The answer as a JSON object. */
export function objectIn({ text, status }: Reply): Bag {
  try {
    const answer: unknown = JSON.parse(text);
    if (isBag(answer)) return answer;
  } catch {
    // Not JSON: reported below.
  }
  throw new ProviderError('malformed', status);
}
