import type { Envelope } from '../errors';
import type { SystemContext } from '../runtime/context';
import { logLine } from '../runtime/log';
import { signSystemToken } from '../runtime/tokens';
import { openCloud } from '../storage/cloud';

/** How long to wait for the other function: enough to deliver the call and to finish a quick job. The function then continues without us. */
const WAIT_MS = 1_500;
const STILL_AT_WORK = 'ESOCKETTIMEDOUT';

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown');

/** Starts another instance to work through the queue in its own time. False when the platform did not start one. */
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
