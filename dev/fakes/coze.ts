import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { commentOn, linkFor, pictureRoutes, told } from './ai-tricks';
import { type Fake, type FakeAnswer, type FakeRoutes, startFake } from './server';

export interface FakeCoze extends Fake {
  /** Number of accepted chats and workflow runs whose text contains `marker`, each of which would have cost money. */
  paid(marker: string): number;
  /** Counts from zero again. */
  forget(): void;
  /** Looks into a conversation that found a chat whose text contains `marker`. */
  found(marker: string): number;
  /** Everything that was asked, as it arrived. */
  readonly prompts: readonly string[];
}

/**
 * The diary's text selects a failure: `#<trick>`, `#<trick>-<milliseconds>`, `#<trick>-once`. The chat is then refused; with `#accepted` it is
 * accepted nevertheless, with `#accepted-2` at the second request. `#look-<trick>`: the failure occurs when the conversation is read.
 */
const tricks: Record<string, () => FakeAnswer> = {
  500: () => ({ status: 500, body: 'Internal Server Error' }),
  html: () => ({ body: '<html><body>请先登录网络</body></html>' }),
  truncated: () => ({ body: '{"code":0,"data":{"id":"1' }),
  wrongtype: () => ({ body: ['not', 'an', 'object'] }),
  bloated: () => ({ body: JSON.stringify({ code: 0, data: { id: 'x'.repeat(2 * 1_024 * 1_024) } }) }),
  4000: () => ({ body: { code: 4000, msg: 'bad request', detail: { logid: 'l' } } }),
  4028: () => ({ body: { code: 4028, msg: 'the plan is used up' } }),
  4013: () => ({ body: { code: 4013, msg: 'rate limited' } }),
  4100: () => ({ body: { code: 4100, msg: 'authentication is invalid' } }),
  4200: () => missing('conversation'),
  429: () => ({ status: 429, headers: { 'retry-after': '7' }, body: { code: 429, msg: 'too many requests' } }),
};

interface Chat {
  conversation: string;
  question: string;
  readyAt: number;
  status: string;
  content: string;
  /** Its conversation lists it. */
  isListed: boolean;
}

const newId = (): string => randomBytes(9).toString('hex');
const seconds = (): number => Math.floor(Date.now() / 1_000);

const missing = (what: string): FakeAnswer => ({ body: { code: 4200, msg: `${what} not found`, detail: { logid: 'l' } } });

/** A chat as its conversation lists it: the question at once, the answer when it is there. */
function messagesOf([id, { conversation, question, readyAt, status, content }]: [string, Chat]) {
  const shared = { conversation_id: conversation, content_type: 'text', meta_data: {}, created_at: seconds(), updated_at: seconds() };
  const asked = { ...shared, id: newId(), chat_id: told(question, 'unnamed') === null ? id : '', role: 'user', type: 'question' };
  const answered = { ...shared, id: newId(), chat_id: id, role: 'assistant', type: 'answer', content };
  return [{ ...asked, content: question }, ...(Date.now() >= readyAt && status === 'completed' ? [answered] : [])];
}

function answerOf(data: string): FakeAnswer {
  return { body: { code: 0, msg: '', data, execute_id: randomBytes(8).toString('hex') } };
}

/** 扣子's open interface as far as we use it, with the pictures its workflow would make. */
export async function startFakeCoze(): Promise<FakeCoze> {
  const prompts: string[] = [];
  const paid: string[] = [];
  const found: string[] = [];
  /** What was last asked in each conversation, accepted or not. */
  const conversations = new Map<string, string>();
  const chats = new Map<string, Chat>();
  let url = '';

  const timesAsked = (text: string): number => prompts.filter((each) => each === text).length;

  /** How a call goes wrong, if it was told to. */
  function mishap(text: string, prefix = ''): FakeAnswer | null {
    const isFirst = timesAsked(text) === 1;
    const trick = Object.entries(tricks).find(
      ([name]) => told(text, prefix + name) !== null || (isFirst && text.includes(`#${prefix}${name}-once`)),
    );
    return trick ? trick[1]() : null;
  }

  function openConversation(): string {
    const id = newId();
    conversations.set(id, '');
    return id;
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
    'POST /v1/conversation/create': ({ headers }) => {
      if (!authorised(headers.authorization)) return refusal;
      const data = { id: openConversation(), created_at: seconds(), last_section_id: newId(), meta_data: {} };
      return { body: { code: 0, msg: '', data, detail: { logid: 'l' } } };
    },
    // A page without messages lacks the list, as in coze-studio.
    'POST /v1/conversation/message/list': ({ headers, query, body }) => {
      if (!authorised(headers.authorization)) return refusal;
      const conversation = query.get('conversation_id') ?? '';
      const text = conversations.get(conversation);
      if (text === undefined) return missing('conversation');
      const trouble = mishap(text, 'look-');
      if (trouble) return trouble;
      const { order = 'desc', limit = 50 }: { order?: string; limit?: number } = JSON.parse(body || '{}');
      const messages = [...chats].filter(([, chat]) => chat.conversation === conversation && chat.isListed).flatMap(messagesOf);
      if (messages.length > 0) found.push(text);
      const page = (order === 'asc' ? messages : messages.reverse()).slice(0, limit);
      const ends = { first_id: page[0]?.id ?? '0', last_id: page.at(-1)?.id ?? '0', has_more: messages.length > limit };
      return { body: { code: 0, msg: '', ...(page.length > 0 && { data: page }), ...ends, detail: { logid: 'l' } } };
    },
    'POST /v3/chat': async ({ headers, query, body }) => {
      if (!authorised(headers.authorization)) return refusal;
      const { additional_messages: messages, bot_id: bot }: { additional_messages: { content: string }[]; bot_id: string } =
        JSON.parse(body);
      if (!bot) return missing('bot');
      const text = messages.map(({ content }) => content).join('\n');
      const conversation = query.get('conversation_id') ?? openConversation();
      if (!conversations.has(conversation)) return missing('conversation');
      prompts.push(text);
      conversations.set(conversation, text);
      const limit = /#lost.*#(40\d\d)-later/.exec(text)?.[1];
      if (limit !== undefined && timesAsked(text) > 1) {
        for (const chat of chats.values()) if (chat.question === text) chat.isListed = true;
        return { body: { code: Number(limit), msg: 'the conversation is in use' } };
      }
      const trouble = told(text, 'lost') === null ? mishap(text) : (tricks.html?.() ?? null);
      const id = newId();
      if (!trouble || told(text, 'lost') !== null || timesAsked(text) >= (told(text, 'accepted') ?? Number.POSITIVE_INFINITY)) {
        paid.push(text);
        const status = told(text, 'failed') !== null ? 'failed' : told(text, 'action') !== null ? 'requires_action' : 'completed';
        const readyAt = Date.now() + (told(text, 'slow') ?? 0);
        chats.set(id, { conversation, question: text, readyAt, status, content: commentOn(text), isListed: told(text, 'lost') === null });
      }
      await wait(told(text, 'stuck') ?? 0);
      return trouble ?? { body: { code: 0, msg: '', data: { id, conversation_id: conversation, status: 'created' } } };
    },
    'GET /v3/chat/retrieve': ({ query }) => {
      const id = query.get('chat_id') ?? '';
      const chat = chats.get(id);
      if (!chat || query.get('conversation_id') !== chat.conversation) return missing('chat');
      const status = Date.now() < chat.readyAt ? 'in_progress' : chat.status;
      return { body: { code: 0, data: { id, status, ...(status === 'failed' && { last_error: { code: 5000, msg: 'as told' } }) } } };
    },
    'GET /v3/chat/message/list': ({ query }) => {
      const chat = chats.get(query.get('chat_id') ?? '');
      if (!chat) return missing('chat');
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
      if (!workflow) return missing('workflow');
      prompts.push(parameters.prompt);
      paid.push(parameters.prompt);
      await wait(told(parameters.prompt, 'stuck') ?? 0);
      const trouble = mishap(parameters.prompt);
      if (trouble) return trouble;
      await wait(told(parameters.prompt, 'slow') ?? 0);
      if (told(parameters.prompt, 'empty') !== null) return answerOf('{"output":""}');
      return answerOf(JSON.stringify({ output: JSON.stringify({ image: { url: linkFor(parameters.prompt, url) } }) }));
    },
    ...pictureRoutes,
  };

  const fake = await startFake(routes);
  ({ url } = fake);
  const counted = (texts: string[]) => (marker: string) => texts.filter((text) => text.includes(marker)).length;
  const forget = (): void => {
    paid.length = 0;
    found.length = 0;
  };
  return { ...fake, prompts, paid: counted(paid), found: counted(found), forget };
}
