import { setTimeout as sleep } from 'node:timers/promises';
import type { CozeSettings } from '../runtime/ai-settings';
import type { Errand } from '../runtime/context';
import { askCoze } from './coze-http';
import { type Bag, isBag } from './http';
import { pictureLinkIn } from './picture-link';
import { commentPrompt, picturePrompt, tidyComment } from './prompts';
import { type Conversations, type Provider, ProviderError } from './provider';

export const DRAWING_TIMEOUT_MS = 90_000;

const ID = /^\w{1,50}$/;
const NOT_FOUND = 4200;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const dataOf = (answer: Bag): Bag => {
  if (!isBag(answer.data)) throw new ProviderError('malformed', 'no data');
  return answer.data;
};

async function answerOf(settings: CozeSettings, params: Record<string, string>, errand: Errand): Promise<string> {
  const { data } = await askCoze(settings, { method: 'GET', path: '/v3/chat/message/list', params }, errand);
  if (!Array.isArray(data)) throw new ProviderError('malformed', 'no messages');
  const answers = data.filter((message) => isBag(message) && message.role === 'assistant' && message.type === 'answer');
  const comment = tidyComment(answers.map((message: Bag) => text(message.content)).join('\n'));
  if (comment === '') throw new ProviderError('unusable');
  return comment;
}

function* pauses(): Generator<number, never> {
  for (let ms = 150; ; ms = Math.min(ms * 1.5, 1_000)) yield ms;
}

async function openConversation(settings: CozeSettings, errand: Errand): Promise<string> {
  const conversation = text(dataOf(await askCoze(settings, { method: 'POST', path: '/v1/conversation/create', body: {} }, errand)).id);
  if (!ID.test(conversation)) throw new ProviderError('malformed', 'no conversation');
  return conversation;
}

/** The id of the chat that was begun in a conversation, '' while no message has it yet; null when none was begun. */
async function chatIn(settings: CozeSettings, conversation: string, errand: Errand): Promise<string | null> {
  const params = { conversation_id: conversation };
  const body = { order: 'asc', limit: 50 };
  const { data, has_more: hasMore } = await askCoze(
    settings,
    { method: 'POST', path: '/v1/conversation/message/list', params, body },
    errand,
  );
  // A page without messages may lack the list.
  const messages = data ?? (hasMore === false ? [] : null);
  if (!Array.isArray(messages)) throw new ProviderError('malformed', 'no messages');
  if (messages.length === 0) return null;
  // https://docs.coze.cn/developer_guides/list_message shows questions with and without the chat's id; an answer always has it.
  return messages.map((message) => (isBag(message) ? text(message.chat_id) : '')).find((id) => ID.test(id)) ?? '';
}

async function isCompleted(settings: CozeSettings, params: Record<string, string>, errand: Errand): Promise<boolean> {
  const answer = await askCoze(settings, { method: 'GET', path: '/v3/chat/retrieve', params }, errand);
  const { status, last_error: lastError } = dataOf(answer);
  if (status === 'created' || status === 'in_progress') return false;
  if (status === 'completed') return true;
  // The bot waits for a tool of the caller, and a retry would end the same way.
  if (status === 'requires_action') throw new ProviderError('misconfigured', 'requires_action');
  throw new ProviderError('failed', (isBag(lastError) && Number(lastError.code)) || 'chat');
}

const conversations = (settings: CozeSettings): Conversations => ({
  isKept: true,

  async prepare(known, errand) {
    const fresh = async () => ({ conversation: await openConversation(settings, errand), chat: null });
    if (known === null) return fresh();
    const { conversation } = known;
    try {
      return { conversation, chat: await chatIn(settings, conversation, errand) };
    } catch (error) {
      if (error instanceof ProviderError && error.code === NOT_FOUND) return fresh();
      throw error;
    }
  },

  async begin(asked, subject, person, errand) {
    const params = { conversation_id: asked };
    const body = {
      bot_id: settings.botId,
      user_id: person,
      stream: false,
      auto_save_history: true,
      additional_messages: [{ role: 'user', type: 'question', content_type: 'text', content: commentPrompt(subject) }],
    };
    const data = dataOf(await askCoze(settings, { method: 'POST', path: '/v3/chat', params, body }, errand));
    const chat = text(data.id);
    const conversation = text(data.conversation_id);
    if (!ID.test(chat) || !ID.test(conversation)) throw new ProviderError('malformed', 'no chat');
    return { conversation, chat };
  },

  async finish({ conversation, chat: known }, errand) {
    let chat = known ?? '';
    try {
      for (const pauseMs of pauses()) {
        chat ||= (await chatIn(settings, conversation, errand)) ?? '';
        const params = { conversation_id: conversation, chat_id: chat };
        if (chat !== '' && (await isCompleted(settings, params, errand))) return await answerOf(settings, params, errand);
        if (Date.now() + pauseMs >= errand.deadline) break;
        await sleep(pauseMs);
      }
    } catch (error) {
      // Our own deadline passed; the provider did not time out.
      const wasCutShort = error instanceof ProviderError && ['late', 'unsent'].includes(error.trouble) && Date.now() >= errand.deadline;
      if (!wasCutShort) throw error;
    }
    return null;
  },
});

const draw =
  (settings: CozeSettings): Provider['draw'] =>
  async (subject, errand) => {
    const body = { workflow_id: settings.workflowId, parameters: { prompt: picturePrompt(subject) } };
    const ask = { method: 'POST', path: '/v1/workflow/run', body, patienceMs: DRAWING_TIMEOUT_MS } as const;
    const { data } = await askCoze(settings, ask, errand);
    const link = pictureLinkIn(data);
    if (link === null) throw new ProviderError('unusable');
    return { link };
  };

export const cozeProvider = (settings: CozeSettings): Provider => ({
  comments: settings.botId === '' ? null : conversations(settings),
  draw: settings.workflowId === '' ? null : draw(settings),
});
