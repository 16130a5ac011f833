import type * as z from 'zod';
import { clockTimeOf } from '../clock';
import { fieldError } from '../errors';
import { type Request, requestOf } from '../request';
import type { UserContext } from '../runtime/context';
import { type Change, changeDiary, contentOf, isAlive } from './change';
import { type append, MAX_CHARACTERS, MAX_IMAGES, MAX_TAGS, type Written } from './contract';
import { withParagraph } from './paragraph';
import { requireWritable } from './writable';
import { writtenOf } from './written';

type Addition = z.output<typeof append.input>;

const union = (before: readonly string[], added: readonly string[] = []): string[] => [...new Set([...before, ...added])];

function requireAtMost(path: string, count: number, max: number, message: string): void {
  if (count > max) throw fieldError(path, message);
}

/** The day with the text added under its time. Throws INVALID_INPUT when the day becomes too long. */
function extended(before: Change['next'], addition: Addition, time: string): Change['next'] {
  const content = withParagraph(before.content, time, addition.content);
  const images = union(before.images, addition.images);
  const tags = union(before.tags, addition.tags);
  requireAtMost('content', [...content].length, MAX_CHARACTERS, `这一天最多 ${MAX_CHARACTERS} 个字`);
  requireAtMost('images', images.length, MAX_IMAGES, `这一天最多 ${MAX_IMAGES} 张图片`);
  requireAtMost('tags', tags.length, MAX_TAGS, `这一天最多 ${MAX_TAGS} 个标签`);
  return { ...before, content, images, tags, mood: addition.mood || before.mood, weather: addition.weather || before.weather };
}

/**
 * Adds a text to a day, creating the day's diary when there is none. It needs no version: additions of two phones both stay, in the order in which
 * they arrive. A phone that was offline says when the text was written, and which mutation it is.
 */
export async function appendToDiary(
  ctx: UserContext,
  input: Addition,
  request: Request = requestOf(ctx, input),
  { writtenAt = ctx.now, origin }: { writtenAt?: Date; origin?: Change['origin'] } = {},
): Promise<Written> {
  const { date = ctx.today, isDraft = false } = input;
  requireWritable(ctx, { date, images: input.images });
  const outcome = await changeDiary(ctx, request, { date }, ({ byDate }) => {
    const row = isAlive(byDate) ? byDate : null;
    const before = row ? contentOf(row) : { date, content: '', mood: '', weather: '', images: [], tags: [], isDraft };
    return {
      row,
      next: extended(before, input, clockTimeOf(writtenAt)),
      isDeleted: false,
      modifiedAt: writtenAt,
      ...(origin && { origin }),
    };
  });
  return writtenOf(ctx, outcome);
}
