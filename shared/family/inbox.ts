import type * as z from 'zod';
import { addDays } from '../clock';
import type { UserContext } from '../runtime/context';
import { listWaiting } from '../task/operations';
import type { GuardianNote, inbox } from './contract';
import { selectNotes } from './queries';

const NOTE_DAYS = 30;

/** What waits for a guardian, and what they should know. */
export const readInbox = async (ctx: UserContext): Promise<z.input<typeof inbox.output>> => ({
  tasks: await listWaiting(ctx),
  notes: await selectNotes(ctx.db, ctx, addDays(ctx.today, -NOTE_DAYS)),
});

/** Every note of the account, newest first. */
export const allNotes = (ctx: UserContext): Promise<GuardianNote[]> => selectNotes(ctx.db, ctx, '2000-01-01');
