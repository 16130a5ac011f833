import type { Envelope } from '../errors';
import type { SystemContext } from '../runtime/context';
import { logLine } from '../runtime/log';
import { signSystemToken } from '../runtime/tokens';
import { openCloud } from '../storage/cloud';

/** Long enough for the call to be on its way and for a quick job to be done; the other function goes on without us. */
const WAIT_MS = 1_500;
const STILL_AT_WORK = 'ESOCKETTIMEDOUT';

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown');

/** Has another instance work through the queue, in its own time. False when the platform would not start one. */
export async function handOver(ctx: SystemContext): Promise<boolean> {
  try {
    const cloud = await openCloud();
    const data = { action: 'work', token: await signSystemToken(ctx.now) };
    const { result } = await cloud.callFunction<object, Partial<Envelope> | null>({ name: 'ai', data }, { timeout: WAIT_MS });
    return result?.success === true;
  } catch (error) {
    if (codeOf(error) === STILL_AT_WORK) return true;
    logLine('warning', { what: 'hand-over', code: codeOf(error) });
    return false;
  }
}
