import * as z from 'zod';
import type { Cli } from './cli';
import { commands } from './commands';

/** Four bytes in UTF-8: it fails on a runtime without isWellFormed and in a database that is not utf8mb4. */
const EMOJI = '😊';
/** A day on which no child of today wrote. */
const DAY = '2001-02-03';

const answer = z.object({
  success: z.boolean(),
  data: z.unknown().optional(),
  error: z.object({ code: z.string() }).optional(),
});

type Answer = z.infer<typeof answer>;

/** The envelope that the CLI prints somewhere in its output, as it stands or as a JSON string. */
function envelopeIn(printed: string): Answer | null {
  for (const text of [printed, printed.replaceAll('\\"', '"')]) {
    for (const [found] of text.matchAll(/\{"success".*\}/g)) {
      try {
        const parsed = answer.safeParse(JSON.parse(found));
        if (parsed.success) return parsed.data;
      } catch {
        // It is not even JSON.
      }
    }
  }
  return null;
}

const wrong = (name: string, found: Answer | null): Error =>
  new Error(
    `${name} was deployed and does not answer as it should (${found?.error?.code ?? 'no envelope'}): look at its log, then ` +
      'npm run release -- --percent back if it is already released',
  );

/** An action that no function has, with text: NOT_FOUND says that settings and runtime are right, INTERNAL that one of them is not. */
export const smokeCommand = (name: string, envId: string) => commands.invoke(name, { action: 'smoke', data: { text: EMOJI } }, envId);

export async function callOnce(cli: Cli, name: string, envId: string): Promise<void> {
  const found = envelopeIn(await cli.run(smokeCommand(name, envId)));
  if (found?.error?.code !== 'NOT_FOUND') throw wrong(name, found);
}

const written = z.object({ diary: z.object({ id: z.number(), content: z.string() }) });

/** Writes a diary as a test user, reads it and deletes it: the whole way to the database and back. `token` is that user's. */
export async function writeOnce(cli: Cli, envId: string, token: string): Promise<void> {
  // The token stands in the command line of this machine for a moment: it is a test user's and opens one diary.
  const call = async (action: string, data: object): Promise<Answer | null> =>
    envelopeIn(await cli.read(commands.invoke('diary', { action, data, token }, envId)));
  const made = await call('create', { date: DAY, content: EMOJI });
  if (!made?.success && made?.error?.code !== 'DIARY_EXISTS') throw wrong('diary', made);
  const read = await call('get', { date: DAY });
  const { success, data } = written.safeParse(read?.data);
  if (!success) throw wrong('diary', read);
  const removed = await call('delete', { id: data.diary.id });
  if (!removed?.success) throw wrong('diary', removed);
  if (data.diary.content !== EMOJI)
    throw new Error(`diary stored another text than ${EMOJI}: is the database utf8mb4? npm run check:database`);
}
