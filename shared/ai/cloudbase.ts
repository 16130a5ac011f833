import type { CloudbaseSettings } from '../runtime/ai-settings';
import type { Errand } from '../runtime/context';
import { openCloud } from '../storage/cloud';
import { within } from '../within';
import { commentIn, MAX_TOKENS } from './completion';
import { isBag } from './http';
import { pictureLinkIn } from './picture-link';
import { commentMessages, picturePrompt } from './prompts';
import { type Provider, ProviderError, type Trouble } from './provider';

const COMMENT_TIMEOUT_MS = 60_000;
const DRAWING_TIMEOUT_MS = 90_000;
/** Limit of a streamed answer: a comment has a few hundred characters, and each chunk repeats the envelope for a few of them. */
const MAX_STREAM_CHARACTERS = 512 * 1_024;

const late = () => new ProviderError('late', 'deadline');

const UNCONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);

/** The SDK puts the HTTP status, or the service's own code, into `code`. */
function troubleOf(code: string): Trouble {
  const status = Number(code);
  if (code === 'ESOCKETTIMEDOUT') return 'late';
  if (UNCONNECTED.has(code)) return 'down';
  if (status === 429 || /LIMIT|TOO_MANY|BUSY/i.test(code)) return 'busy';
  if (/SENSITIVE|CONTENT_?FILTER|RISK/i.test(code)) return 'refused';
  if (status === 502 || status === 504) return 'lost';
  if (status >= 500) return 'down';
  if (/SYS_ERR|INTERNAL|OVERLOAD|UNAVAILABLE/i.test(code)) return 'down';
  // Node's own codes: the connection broke. Any other text is a refusal by the service: a wrong key, an unknown model, no balance.
  return code === '' || /^E[A-Z]+$/.test(code) ? 'lost' : 'misconfigured';
}

/** Converts an error of the SDK to a ProviderError, without its message, which may contain part of the answer. */
function described(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof SyntaxError) return new ProviderError('malformed', 'json');
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new ProviderError(troubleOf(code), code || 'sdk');
}

/** Runs one call of the SDK with a deadline: the SDK's own time-out does not end an answer that arrives byte by byte. */
async function bounded<T>(patienceMs: number, errand: Errand, work: (timeoutMs: number) => Promise<T>): Promise<T> {
  const timeoutMs = Math.min(patienceMs, errand.deadline - Date.now());
  if (timeoutMs <= 0) throw new ProviderError('unsent', 'deadline');
  try {
    return await within(timeoutMs, work(timeoutMs), late);
  } catch (error) {
    throw described(error);
  }
}

type Messages = ReturnType<typeof commentMessages>;

/** Streamed, so that reading an endless answer can be stopped. */
async function streamComment({ group, model }: CloudbaseSettings, messages: Messages, timeoutMs: number): Promise<string> {
  const cloud = await openCloud();
  const input = { model, messages, max_tokens: MAX_TOKENS };
  const { dataStream, messages: said, usage } = await cloud.ai().createModel(group).streamText(input, { timeout: timeoutMs });
  // These promises reject together with the stream; an unhandled rejection ends the process.
  void Promise.allSettled([said, usage]);
  const chunks: unknown[] = [];
  const until = Date.now() + timeoutMs;
  let characters = 0;
  for await (const chunk of dataStream) {
    characters += JSON.stringify(chunk).length;
    if (characters > MAX_STREAM_CHARACTERS) throw new ProviderError('malformed', 'size');
    if (Date.now() > until) throw late();
    chunks.push(chunk);
  }
  return commentIn(chunks);
}

/** The models of the CloudBase environment, called through its SDK with the function's own identity. */
export function cloudbaseProvider(settings: CloudbaseSettings): Provider {
  const { pictureModel } = settings;
  return {
    comments: {
      isKept: false,
      complete: (subject, _, errand) =>
        bounded(COMMENT_TIMEOUT_MS, errand, (timeoutMs) => streamComment(settings, commentMessages(subject), timeoutMs)),
    },
    draw:
      pictureModel === ''
        ? null
        : (subject, errand) =>
            bounded(DRAWING_TIMEOUT_MS, errand, async () => {
              const cloud = await openCloud();
              const model = cloud.ai().createImageModel('hunyuan-image');
              const answer: unknown = await model.generateImage({
                model: 'hunyuan-image',
                version: pictureModel,
                prompt: picturePrompt(subject),
              });
              const link = pictureLinkIn(isBag(answer) ? answer.data : null);
              if (link === null) throw new ProviderError('unusable');
              return { link };
            }),
  };
}
