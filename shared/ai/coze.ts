import type { AxiosError } from 'axios';
import { config } from '../runtime/config';
import { cozeToken, forgetCozeToken } from './coze-token';
import { commentPrompt, picturePrompt, tidyComment } from './prompts';
import { type Provider, ProviderError, type Trouble } from './provider';

const MAX_ANSWER_BYTES = 512 * 1_024;
const REQUEST_TIMEOUT_MS = 5_000;
const DRAWING_TIMEOUT_MS = 90_000;
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

type Bag = Record<string, unknown>;
const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Milliseconds for one request: at most so many, and none beyond the deadline. */
const left = (deadline: number, most: number): number => {
  const ms = Math.min(most, deadline - Date.now());
  if (ms <= 0) throw new ProviderError('late', 'deadline');
  return ms;
};

function retryAfter(headers: unknown): number {
  const seconds = Number(isBag(headers) ? headers['retry-after'] : 0);
  return seconds > 0 ? Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS) : 0;
}

interface Ask {
  method: 'GET' | 'POST';
  path: string;
  params?: Record<string, string>;
  body?: object;
  bearer: string;
  timeoutMs: number;
}

const isLate = ({ code }: AxiosError): boolean => code === 'ECONNABORTED' || code === 'ETIMEDOUT' || code === 'ERR_CANCELED';

/** One request; the parsed JSON, whatever it says. */
async function send({ method, path, params, body, bearer, timeoutMs }: Ask, baseUrl: string): Promise<Bag> {
  const { default: axios, isAxiosError } = await import('axios');
  try {
    const { status, data, headers } = await axios.request<string>({
      method,
      baseURL: baseUrl,
      url: path,
      ...(params && { params }),
      ...(body && { data: body }),
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
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
async function ask(request: Omit<Ask, 'bearer'>): Promise<Bag> {
  const { coze } = config();
  if (coze === null) throw new ProviderError('misconfigured', 'unset');
  const bearer = await cozeToken(coze, (path, body, signed) =>
    send({ method: 'POST', path, body, bearer: signed, timeoutMs: request.timeoutMs }, coze.baseUrl),
  );
  const answer = await send({ ...request, bearer }, coze.baseUrl);
  const { code } = answer;
  if (typeof code !== 'number') throw new ProviderError('malformed', 'no code');
  if (code === 4100) forgetCozeToken();
  if (code !== 0) throw new ProviderError(troubleOf(code), code);
  return answer;
}

const dataOf = (answer: Bag): Bag => {
  if (!isBag(answer.data)) throw new ProviderError('malformed', 'no data');
  return answer.data;
};

async function answerOf(params: Record<string, string>, deadline: number): Promise<string> {
  const { data } = await ask({ method: 'GET', path: '/v3/chat/message/list', params, timeoutMs: left(deadline, REQUEST_TIMEOUT_MS) });
  if (!Array.isArray(data)) throw new ProviderError('malformed', 'no messages');
  const answers = data.filter((message) => isBag(message) && message.role === 'assistant' && message.type === 'answer');
  const comment = tidyComment(answers.map((message: Bag) => text(message.content)).join('\n'));
  if (comment === '') throw new ProviderError('unusable');
  return comment;
}

/** The first link anywhere in what a workflow answered: its shape is whatever the workflow's author made of it. */
function linkIn(value: unknown, depth = 0): string | null {
  if (depth > 5) return null;
  if (typeof value === 'string') {
    const trimmed = value.trim();
    if (/^[[{"]/.test(trimmed)) {
      try {
        return linkIn(JSON.parse(trimmed), depth + 1);
      } catch {
        return null;
      }
    }
    return /https?:\/\/[^\s"'<>)\]]+/.exec(trimmed)?.[0] ?? null;
  }
  if (typeof value !== 'object' || value === null) return null;
  for (const each of Object.values(value)) {
    const link = linkIn(each, depth + 1);
    if (link !== null) return link;
  }
  return null;
}

function* pauses(): Generator<number, never> {
  for (let ms = 150; ; ms = Math.min(ms * 1.5, 1_000)) yield ms;
}

async function isCompleted(params: Record<string, string>, deadline: number): Promise<boolean> {
  const answer = await ask({ method: 'GET', path: '/v3/chat/retrieve', params, timeoutMs: left(deadline, REQUEST_TIMEOUT_MS) });
  const { status, last_error: lastError } = dataOf(answer);
  if (status === 'created' || status === 'in_progress') return false;
  if (status === 'completed') return true;
  throw new ProviderError('failed', (isBag(lastError) && Number(lastError.code)) || 'chat');
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const coze: Provider = {
  async beginComment(subject, person, deadline) {
    const data = dataOf(
      await ask({
        method: 'POST',
        path: '/v3/chat',
        body: {
          bot_id: config().coze?.botId,
          user_id: person,
          stream: false,
          auto_save_history: true,
          additional_messages: [{ role: 'user', type: 'question', content_type: 'text', content: commentPrompt(subject) }],
        },
        timeoutMs: left(deadline, REQUEST_TIMEOUT_MS),
      }),
    );
    const chat = text(data.id);
    const conversation = text(data.conversation_id);
    if (!/^\w{1,50}$/.test(chat) || !/^\w{1,50}$/.test(conversation)) throw new ProviderError('malformed', 'no chat');
    return `${conversation}:${chat}`;
  },

  async finishComment(reference, deadline) {
    const [conversation = '', chat = ''] = reference.split(':');
    const params = { conversation_id: conversation, chat_id: chat };
    try {
      for (const pauseMs of pauses()) {
        if (await isCompleted(params, deadline)) return await answerOf(params, deadline);
        if (Date.now() + pauseMs >= deadline) break;
        await sleep(pauseMs);
      }
    } catch (error) {
      // Our time was up, not the provider's.
      const wasCutShort = error instanceof ProviderError && error.trouble === 'late' && Date.now() >= deadline;
      if (!wasCutShort) throw error;
    }
    return null;
  },

  async drawPicture(subject, deadline) {
    const { data } = await ask({
      method: 'POST',
      path: '/v1/workflow/run',
      body: { workflow_id: config().coze?.workflowId, parameters: { prompt: picturePrompt(subject) } },
      timeoutMs: left(deadline, DRAWING_TIMEOUT_MS),
    });
    const link = linkIn(data);
    if (link === null) throw new ProviderError('unusable');
    return link;
  },
};
