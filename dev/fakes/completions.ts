import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { commentOn, linkFor, pictureRoutes, png, told } from './ai-tricks';
import { type Fake, type FakeAnswer, type FakeRoutes, startFake } from './server';

/** Providers that answer one call: OpenAI's interface, and CloudBase's, which wraps it. */
export interface FakeCompletions extends Fake {
  /** Number of completions and pictures made for a text that contains `marker`, each of which would have cost money. */
  paid(marker: string): number;
  /** Everything that was asked: the child's part, as it arrived. */
  readonly prompts: readonly string[];
  /** The whole bodies of the requests. */
  readonly requests: readonly Record<string, unknown>[];
}

const refusal = (status: number, code: string, headers: Record<string, string> = {}): FakeAnswer => ({
  status,
  headers,
  // OpenAI puts the code into `error`, CloudBase beside it.
  body: { error: { message: 'as told', type: 'error', code }, code, message: 'as told', requestId: 'r' },
});

/** Failures before any work is done. */
const refusals: Record<string, () => FakeAnswer> = {
  500: () => ({ status: 500, body: 'Internal Server Error' }),
  503: () => refusal(503, 'overloaded'),
  429: () => refusal(429, 'rate_limit_exceeded', { 'retry-after': '7' }),
  '429date': () => refusal(429, 'rate_limit_exceeded', { 'retry-after': new Date(Date.now() + 8_000).toUTCString() }),
  401: () => refusal(401, 'invalid_api_key'),
  402: () => refusal(402, 'insufficient_balance'),
  404: () => refusal(404, 'model_not_found'),
  filter400: () => refusal(400, 'content_filter'),
};

/** Failures after the work is done, while the answer is sent. */
const spoilt: Record<string, () => FakeAnswer> = {
  html: () => ({ body: '<html><body>请先登录网络</body></html>' }),
  truncated: () => ({ headers: { 'content-type': 'application/json' }, body: '{"choices":[{"message":{"content":"今天' }),
  wrongtype: () => ({ body: ['not', 'an', 'object'] }),
  bloated: () => ({ body: JSON.stringify({ choices: [{ message: { content: 'x'.repeat(4 * 1_024 * 1_024) } }] }) }),
  504: () => ({ status: 504, body: '<html>Gateway Time-out</html>' }),
  // A few bytes, then the line breaks.
  reset: () => ({ headers: { 'content-length': '5000' }, body: brokenAfter('{"choices":') }),
};

const trickIn = (text: string, isFirst: boolean, tricks: Record<string, () => FakeAnswer>): FakeAnswer | null => {
  const found = Object.entries(tricks).find(([name]) => told(text, name) !== null || (isFirst && text.includes(`#${name}-once`)));
  return found ? found[1]() : null;
};

function brokenAfter(text: string): Readable {
  let isSent = false;
  return new Readable({
    read() {
      if (isSent) this.destroy(new Error('as told'));
      else this.push(text);
      isSent = true;
    },
  });
}

/** Server-sent events, as a stream of a few characters each. `end` false: it breaks off before the last one. */
function streamOf(content: string, reason: string, end: boolean): FakeAnswer {
  const frame = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'fake' };
  const pieces = content.match(/[\s\S]{1,8}/gu) ?? [];
  const events: object[] = pieces.map((piece) => ({ ...frame, choices: [{ index: 0, delta: { role: 'assistant', content: piece } }] }));
  if (end) events.push({ ...frame, choices: [{ index: 0, delta: {}, finish_reason: reason }] });
  const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
  return { headers: { 'content-type': 'text/event-stream' }, body: end ? `${text}data: [DONE]\n\n` : text };
}

function completionOf(text: string, isStream: boolean): FakeAnswer {
  const reason = told(text, 'filter') === null ? 'stop' : 'content_filter';
  const content = told(text, 'thinks') === null ? commentOn(text) : `<think>孩子写的是</think>${commentOn(text)}`;
  if (isStream || told(text, 'stream') !== null) return streamOf(content, reason, told(text, 'cut') === null);
  const cut = told(text, 'cut') === null ? { finish_reason: reason } : {};
  return { body: { id: 'c', object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content }, ...cut }] } };
}

function fakeState() {
  const prompts: string[] = [];
  const paid: string[] = [];
  const requests: Record<string, unknown>[] = [];

  /** Refuses, or does the work and then answers well or badly. */
  async function handle(text: string, answer: () => FakeAnswer): Promise<FakeAnswer> {
    prompts.push(text);
    const isFirst = prompts.filter((each) => each === text).length === 1;
    const refused = trickIn(text, isFirst, refusals);
    if (refused) return refused;
    paid.push(text);
    await wait((told(text, 'stuck') ?? 0) + (told(text, 'slow') ?? 0));
    return trickIn(text, isFirst, spoilt) ?? answer();
  }

  const chat = (body: string): Promise<FakeAnswer> => {
    const request: { messages: { role: string; content: string }[]; stream?: boolean } = JSON.parse(body);
    requests.push(request);
    const text = request.messages.findLast(({ role }) => role === 'user')?.content ?? '';
    return handle(text, () => completionOf(text, request.stream === true));
  };

  const picture = (body: string, url: string): Promise<FakeAnswer> => {
    const request: { prompt: string } = JSON.parse(body);
    requests.push(request);
    const text = request.prompt;
    const drawn = () => (told(text, 'base64') === null ? { url: linkFor(text, url) } : { b64_json: png.toString('base64') });
    return handle(text, () => ({ body: { id: 'p', created: 1, data: told(text, 'empty') === null ? [drawn()] : [] } }));
  };

  const counted = (marker: string) => paid.filter((text) => text.includes(marker)).length;
  return { chat, picture, members: { prompts, requests, paid: counted } };
}

const bearerOf = (authorization: string | undefined): string => /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '';

/** An endpoint that speaks OpenAI's interface, for the key `sk-test`. */
export async function startFakeOpenai(): Promise<FakeCompletions> {
  const { chat, picture, members } = fakeState();
  let url = '';
  const isKnown = (authorization: string | undefined) => bearerOf(authorization) === 'sk-test';
  const routes: FakeRoutes = {
    'POST /v1/chat/completions': ({ headers, body }) => (isKnown(headers.authorization) ? chat(body) : refusal(401, 'invalid_api_key')),
    'POST /v1/images/generations': ({ headers, body }) =>
      isKnown(headers.authorization) ? picture(body, url) : refusal(401, 'invalid_api_key'),
    ...pictureRoutes,
  };
  const fake = await startFake(routes);
  ({ url } = fake);
  return { ...fake, ...members };
}

/** CloudBase's gateway as its SDK calls it: a signed request for a token, then the models under it. Only over TLS. `pictures`: where its pictures lie. */
export async function startFakeCloudbaseAi(tls: { key: string; cert: string }, pictures: string): Promise<FakeCompletions> {
  const { chat, picture, members } = fakeState();
  const token = randomBytes(12).toString('hex');
  const isKnown = (authorization: string | undefined) => bearerOf(authorization) === token;
  const denied = refusal(401, 'INVALID_ACCESS_TOKEN');
  const routes: FakeRoutes = {
    'POST /auth/v1/token/clientCredential': ({ headers }) =>
      /^TC3-HMAC-SHA256 /.test(headers.authorization ?? '')
        ? { body: { access_token: token, token_type: 'Bearer', expires_in: 7_200 } }
        : refusal(401, 'SIGN_PARAM_INVALID'),
    'POST /v1/ai/hunyuan-exp/chat/completions': ({ headers, body }) => (isKnown(headers.authorization) ? chat(body) : denied),
    'POST /v1/ai/hunyuan-image/images/generations': ({ headers, body }) =>
      isKnown(headers.authorization) ? picture(body, pictures) : denied,
  };
  return { ...(await startFake(routes, tls)), ...members };
}
