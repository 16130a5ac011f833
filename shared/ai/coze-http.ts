import type { AxiosError } from 'axios';
import { config } from '../runtime/config';
import type { Errand } from '../runtime/context';
import { cozeToken, forgetCozeToken } from './coze-token';
import { ProviderError, type Trouble } from './provider';

const MAX_ANSWER_BYTES = 512 * 1_024;
const REQUEST_TIMEOUT_MS = 5_000;
const MAX_RETRY_AFTER_MS = 60_000;

/** https://www.coze.cn/open/docs/developer_guides/coze_error_codes; all come with HTTP 200 or with a status of their own. */
const troubles: Record<number, Trouble> = {
  4000: 'misconfigured',
  4100: 'misconfigured',
  4101: 'misconfigured',
  4200: 'misconfigured',
  4013: 'busy',
  429: 'busy',
};

const troubleOf = (code: number): Trouble => troubles[code] ?? (code >= 5_000 || (code >= 500 && code < 600) ? 'down' : 'misconfigured');

export type Bag = Record<string, unknown>;
export const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);

function retryAfter(headers: unknown): number {
  const seconds = Number(isBag(headers) ? headers['retry-after'] : 0);
  return seconds > 0 ? Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS) : 0;
}

interface Ask {
  method: 'GET' | 'POST';
  path: string;
  params?: Record<string, string>;
  body?: object;
  /** Milliseconds that it may take, when the deadline leaves them. */
  patience?: number;
}

const isLate = ({ code }: AxiosError): boolean => code === 'ECONNABORTED' || code === 'ETIMEDOUT' || code === 'ERR_CANCELED';

/** One request; the parsed JSON, whatever it says. */
async function send(
  { method, path, params, body, patience = REQUEST_TIMEOUT_MS }: Ask,
  bearer: string,
  baseUrl: string,
  errand: Errand,
): Promise<Bag> {
  const timeoutMs = Math.min(patience, errand.deadline - Date.now());
  if (timeoutMs <= 0) throw new ProviderError('late', 'deadline');
  const { default: axios, isAxiosError } = await import('axios');
  try {
    const { status, data, headers } = await axios.request<string>({
      method,
      baseURL: baseUrl,
      url: path,
      ...(params && { params }),
      ...(body && { data: body }),
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', 'x-request-id': errand.requestId },
      timeout: timeoutMs,
      // `timeout` alone lets an answer that trickles go on for ever.
      signal: AbortSignal.timeout(timeoutMs),
      maxContentLength: MAX_ANSWER_BYTES,
      maxRedirects: 0,
      responseType: 'text',
      transformResponse: (raw: string) => raw,
      validateStatus: () => true,
    });
    if (status === 429) throw new ProviderError('busy', status, retryAfter(headers));
    if (status >= 500) throw new ProviderError('down', status, retryAfter(headers));
    return parsed(data, status);
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    // Neither the cause nor its message goes on: they hold the token and the diary.
    if (!isAxiosError(error)) throw new ProviderError('down', 'unknown');
    throw new ProviderError(isLate(error) ? 'late' : error.code === 'ERR_BAD_RESPONSE' ? 'malformed' : 'down', error.code ?? 'network');
  }
}

function parsed(raw: string, status: number): Bag {
  try {
    const answer: unknown = JSON.parse(raw);
    if (isBag(answer)) return answer;
  } catch {
    // Not JSON: said below.
  }
  throw new ProviderError('malformed', status);
}

/** One request with our token; refused when Coze's own code says so, which is normal with HTTP 200. */
export async function askCoze(request: Ask, errand: Errand): Promise<Bag> {
  const { coze } = config();
  if (coze === null) throw new ProviderError('misconfigured', 'unset');
  const bearer = await cozeToken(coze, (path, body, signed) => send({ method: 'POST', path, body }, signed, coze.baseUrl, errand));
  const answer = await send(request, bearer, coze.baseUrl, errand);
  const { code } = answer;
  if (typeof code !== 'number') throw new ProviderError('malformed', 'no code');
  if (code === 4100) forgetCozeToken();
  if (code !== 0) throw new ProviderError(troubleOf(code), code);
  return answer;
}
