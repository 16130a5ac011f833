import type * as z from 'zod';
import type { UserContext } from '../runtime/context';
import { listWaiting } from '../task/operations';
import type { inbox } from './contract';

/** What waits for a guardian. */
export const readInbox = async (ctx: UserContext): Promise<z.input<typeof inbox.output>> => ({ tasks: await listWaiting(ctx) });
