import { fieldError } from '../errors';
import type { UserContext } from '../runtime/context';
import { requireOwnImage } from './images';

/** Not in the future, and with pictures of the user's own. */
export function requireWritable(ctx: UserContext, { date, images }: { date?: string | undefined; images?: string[] | undefined }): void {
  if (date !== undefined && date > ctx.today) throw fieldError('date', '不能写未来的日记');
  images?.forEach((url, index) => {
    requireOwnImage(ctx.userId, url, `images.${index}`);
  });
}
