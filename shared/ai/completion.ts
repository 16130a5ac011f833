import { isBag } from './http';
import { tidyComment } from './prompts';
import { ProviderError } from './provider';

/** More than a comment of a few hundred characters needs: cuts off a model that repeats itself. */
export const MAX_TOKENS = 800;

/** How OpenAI-compatible providers report that their own filter withheld an answer. */
const FILTERED = new Set(['content_filter', 'sensitive']);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** One chunk of a stream, or the whole answer: its text and the reason why it ended. */
function piecesOf(chunk: unknown): { content: string; reason: string } {
  const choice: unknown = isBag(chunk) && Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
  if (!isBag(choice)) return { content: '', reason: '' };
  const message = isBag(choice.delta) ? choice.delta : isBag(choice.message) ? choice.message : {};
  return { content: text(message.content), reason: text(choice.finish_reason) };
}

/** Reasoning models put their reasoning before the answer. */
const withoutThoughts = (content: string): string => content.replace(/<think>[\s\S]*?(<\/think>|$)/g, '');

/**
 * The comment in the chunks of a chat completion. Throws `refused` when the provider's filter withheld it, `malformed` when the stream is
 * incomplete, `unusable` when it is empty.
 */
export function commentIn(chunks: readonly unknown[]): string {
  const pieces = chunks.map(piecesOf);
  const reason = pieces.map((piece) => piece.reason).findLast((each) => each !== '') ?? '';
  if (FILTERED.has(reason)) throw new ProviderError('refused', reason);
  // An answer cut off by a broken connection is discarded; one cut off at the token limit is tidied below.
  if (reason === '') throw new ProviderError('malformed', 'no end');
  const comment = tidyComment(withoutThoughts(pieces.map((piece) => piece.content).join('')));
  if (comment === '') throw new ProviderError('unusable');
  return comment;
}
