import type { OpenaiSettings } from '../runtime/ai-settings';
import type { Errand } from '../runtime/context';
import { commentIn, MAX_TOKENS } from './completion';
import { type Bag, isBag, objectIn, type Reply, request } from './http';
import { pictureLinkIn } from './picture-link';
import { commentMessages, picturePrompt } from './prompts';
import { type Drawing, type Provider, ProviderError } from './provider';

const COMMENT_TIMEOUT_MS = 60_000;
const DRAWING_TIMEOUT_MS = 90_000;
/** The answer may contain the picture as base64. */
const MAX_PICTURE_ANSWER_BYTES = 16 * 1_024 * 1_024;

/** The provider's own code, such as `context_length_exceeded`, for the log. */
const codeIn = (answer: Bag): string => {
  const { error } = answer;
  const code = isBag(error) ? (error.code ?? error.type) : undefined;
  return typeof code === 'string' || typeof code === 'number' ? String(code).slice(0, 60) : '';
};

/** Codes of a refused text, which come with status 400. */
const FILTER_CODES = /content_?filter|data_?inspection|sensitive|moderation|risk/i;

/** The body of a successful answer. 402 and 403 mean an unpaid or foreign key, 400 and 404 a wrong request or model. */
function requireAccepted(reply: Reply): Reply {
  if (reply.status < 400) return reply;
  let code = '';
  try {
    code = codeIn(objectIn(reply));
  } catch {
    // An error page of a proxy: the status is enough.
  }
  if (FILTER_CODES.test(code)) throw new ProviderError('refused', code);
  if (reply.status === 408 || reply.status === 409 || reply.status === 425) throw new ProviderError('down', reply.status);
  throw new ProviderError('misconfigured', code || reply.status);
}

/** The events of a stream; a server without streaming answers one object. */
function chunksOf(reply: Reply): unknown[] {
  const isStream = String(reply.headers['content-type'] ?? '').includes('event-stream') || reply.text.startsWith('data:');
  if (!isStream) return [objectIn(reply)];
  return reply.text.split(/\r?\n\r?\n/).flatMap((event) => {
    const data = event
      .split(/\r?\n/)
      .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trim()] : []))
      .join('\n');
    if (data === '' || data === '[DONE]') return [];
    try {
      return [JSON.parse(data)];
    } catch {
      throw new ProviderError('malformed', 'stream');
    }
  });
}

function drawingIn(answer: Bag): Drawing {
  const first: unknown = Array.isArray(answer.data) ? answer.data[0] : undefined;
  if (isBag(first) && typeof first.b64_json === 'string') return { bytes: Buffer.from(first.b64_json, 'base64') };
  const link = pictureLinkIn(first);
  if (link === null) throw new ProviderError('unusable');
  return { link };
}

/** An endpoint with OpenAI's chat completions and, where a picture model is named, its image generations. */
export function openaiProvider({ baseUrl, key, model, pictureModel }: OpenaiSettings): Provider {
  const post = async (path: string, body: object, limits: { patienceMs: number; maxBytes?: number }, errand: Errand) =>
    requireAccepted(await request({ method: 'POST', url: baseUrl + path, bearer: key, body, ...limits }, errand));
  return {
    comments: {
      isKept: false,
      async complete(subject, person, errand) {
        const body = { model, messages: commentMessages(subject), max_tokens: MAX_TOKENS, stream: false, user: person };
        return commentIn(chunksOf(await post('/chat/completions', body, { patienceMs: COMMENT_TIMEOUT_MS }, errand)));
      },
    },
    draw:
      pictureModel === ''
        ? null
        : async (subject, errand) => {
            const body = { model: pictureModel, prompt: picturePrompt(subject), n: 1, size: '1024x1024' };
            const limits = { patienceMs: DRAWING_TIMEOUT_MS, maxBytes: MAX_PICTURE_ANSWER_BYTES };
            return drawingIn(objectIn(await post('/images/generations', body, limits, errand)));
          },
  };
}
