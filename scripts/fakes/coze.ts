import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { type Fake, type FakeAnswer, type FakeRoutes, startFake } from './server';

export interface FakeCoze extends Fake {
  /** Calls that would have cost money and whose text contains `marker`. */
  paid(marker: string): number;
  /** Everything that was asked, as it arrived. */
  readonly prompts: readonly string[];
}

/** Misbehaves as the diary's own text tells it to: `#<trick>`, `#<trick>-<milliseconds>`, `#<trick>-once`. */
const tricks: Record<string, () => FakeAnswer> = {
  500: () => ({ status: 500, body: 'Internal Server Error' }),
  html: () => ({ body: '<html><body>请先登录网络</body></html>' }),
  truncated: () => ({ body: '{"code":0,"data":{"id":"1' }),
  wrongtype: () => ({ body: ['not', 'an', 'object'] }),
  bloated: () => ({ body: JSON.stringify({ code: 0, data: { id: 'x'.repeat(2 * 1_024 * 1_024) } }) }),
  4000: () => ({ body: { code: 4000, msg: 'bad request', detail: { logid: 'l' } } }),
  4013: () => ({ body: { code: 4013, msg: 'rate limited' } }),
  4100: () => ({ body: { code: 4100, msg: 'authentication is invalid' } }),
  429: () => ({ status: 429, headers: { 'retry-after': '7' }, body: { code: 429, msg: 'too many requests' } }),
};

export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAYAAAAf8/9hAAAAJElEQVR42mP8//8/AyWAiYFCMGrAqAGjBowaMGrAqAGjBowaAABFHgQfXG7mYAAAAABJRU5ErkJggg==',
  'base64',
);

/** More than anyone should take, without a word about its length. */
function endless(): Readable {
  const piece = Buffer.alloc(256 * 1_024, 1);
  let sent = 0;
  return new Readable({
    read() {
      sent += piece.length;
      this.push(sent > 64 * 1_024 * 1_024 ? null : sent === piece.length ? Buffer.concat([png.subarray(0, 8), piece]) : piece);
    },
  });
}

interface Chat {
  readyAt: number;
  status: string;
  content: string;
}

const told = (text: string, trick: string): number | null => {
  const found = new RegExp(`#${trick}(?:-(\\d+))?(?![\\w-])`).exec(text);
  return found ? Number(found[1] ?? 0) : null;
};

const comment = '读到你今天的日记，我也跟着开心起来。你把看到的、想到的都写得清清楚楚，真了不起！明天又会遇见什么有趣的事呢？';

function commentOn(text: string): string {
  if (told(text, 'empty') !== null) return '   ';
  if (told(text, 'risky') !== null) return '这里有违规内容';
  return comment;
}

/** Where the workflow says the picture lies. */
function linkFor(text: string, url: string): string {
  if (told(text, 'otherhost') !== null) return 'https://pictures.example.com/a.png';
  const port = told(text, 'port');
  if (port !== null) return `http://127.0.0.1:${port}/picture.png`;
  const redirected = told(text, 'astray');
  if (redirected !== null) return `${url}/pictures/astray?port=${redirected}`;
  for (const kind of ['svg', 'huge', 'page', 'moved', 'gone']) if (told(text, kind) !== null) return `${url}/pictures/${kind}`;
  return `${url}/pictures/plain`;
}

const pictures: Record<string, (query: URLSearchParams) => FakeAnswer> = {
  plain: () => ({ headers: { 'content-type': 'image/png' }, body: png }),
  svg: () => ({
    headers: { 'content-type': 'image/png' },
    body: '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
  }),
  page: () => ({ body: '<html></html>' }),
  huge: () => ({ headers: { 'content-type': 'image/png' }, body: endless() }),
  moved: () => ({ status: 302, headers: { location: '/pictures/plain' }, body: '' }),
  astray: (query) => ({ status: 302, headers: { location: `http://127.0.0.1:${query.get('port')}/picture.png` }, body: '' }),
};

function answerOf(data: string): FakeAnswer {
  return { body: { code: 0, msg: '', data, execute_id: randomBytes(8).toString('hex') } };
}

/** 扣子's open interface as far as we use it, with the pictures its workflow would make. */
export async function startFakeCoze(): Promise<FakeCoze> {
  const prompts: string[] = [];
  const paid: string[] = [];
  const chats = new Map<string, Chat>();
  let url = '';

  /** What a paid call does before it is done: waits, or goes wrong as told. */
  async function begin(text: string): Promise<FakeAnswer | null> {
    prompts.push(text);
    paid.push(text);
    await wait(told(text, 'stuck') ?? 0);
    for (const [name, misbehave] of Object.entries(tricks)) {
      const isFirst = paid.filter((each) => each === text).length === 1;
      if (told(text, name) !== null || (isFirst && text.includes(`#${name}-once`))) return misbehave();
    }
    return null;
  }

  const authorised = (header: string | undefined): boolean => /^Bearer (pat-|oauth-)/.test(header ?? '');
  const refusal: FakeAnswer = { status: 401, body: { code: 4100, msg: 'authentication is invalid' } };

  const routes: FakeRoutes = {
    'POST /api/permission/oauth2/token': ({ headers }) => {
      const [, payload = ''] = (headers.authorization ?? '').replace('Bearer ', '').split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}');
      if (!claims.iss || !claims.jti || !claims.exp) return { status: 400, body: { error_code: 'invalid_request' } };
      return {
        body: {
          access_token: `oauth-${randomBytes(8).toString('hex')}`,
          expires_in: Math.floor(Date.now() / 1_000) + 900,
          token_type: 'Bearer',
        },
      };
    },
    'POST /v3/chat': async ({ headers, body }) => {
      if (!authorised(headers.authorization)) return refusal;
      const { additional_messages: messages, bot_id: bot }: { additional_messages: { content: string }[]; bot_id: string } =
        JSON.parse(body);
      if (!bot) return { body: { code: 4200, msg: 'bot not found' } };
      const text = messages.map(({ content }) => content).join('\n');
      const trouble = await begin(text);
      if (trouble) return trouble;
      const id = randomBytes(9).toString('hex');
      const status = told(text, 'failed') === null ? 'completed' : 'failed';
      chats.set(id, { readyAt: Date.now() + (told(text, 'slow') ?? 0), status, content: commentOn(text) });
      return { body: { code: 0, msg: '', data: { id, conversation_id: `c${id}`, status: 'created' } } };
    },
    'GET /v3/chat/retrieve': ({ query }) => {
      const id = query.get('chat_id') ?? '';
      const chat = chats.get(id);
      if (!chat || query.get('conversation_id') !== `c${id}`) return { body: { code: 4200, msg: 'chat not found' } };
      const status = Date.now() < chat.readyAt ? 'in_progress' : chat.status;
      return { body: { code: 0, data: { id, status, ...(status === 'failed' && { last_error: { code: 5000, msg: 'as told' } }) } } };
    },
    'GET /v3/chat/message/list': ({ query }) => {
      const chat = chats.get(query.get('chat_id') ?? '');
      if (!chat) return { body: { code: 4200, msg: 'chat not found' } };
      return {
        body: {
          code: 0,
          data: [
            { role: 'assistant', type: 'verbose', content: '{"msg_type":"generate_answer_finish"}' },
            { role: 'assistant', type: 'answer', content: chat.content },
            { role: 'assistant', type: 'follow_up', content: '还想聊点什么？' },
          ],
        },
      };
    },
    'POST /v1/workflow/run': async ({ headers, body }) => {
      if (!authorised(headers.authorization)) return refusal;
      const { parameters, workflow_id: workflow }: { parameters: { prompt: string }; workflow_id: string } = JSON.parse(body);
      if (!workflow) return { body: { code: 4200, msg: 'workflow not found' } };
      const trouble = await begin(parameters.prompt);
      if (trouble) return trouble;
      await wait(told(parameters.prompt, 'slow') ?? 0);
      if (told(parameters.prompt, 'empty') !== null) return answerOf('{"output":""}');
      return answerOf(JSON.stringify({ output: JSON.stringify({ image: { url: linkFor(parameters.prompt, url) } }) }));
    },
    'GET /pictures/*': ({ path, query }) => pictures[path.split('/').at(-1) ?? '']?.(query) ?? { status: 404, body: 'gone' },
  };

  const fake = await startFake(routes);
  ({ url } = fake);
  return { ...fake, prompts, paid: (marker) => paid.filter((text) => text.includes(marker)).length };
}
