import { config } from '../runtime/config';
import { logLine } from '../runtime/log';

const TIMEOUT_MS = 3_000;

const isAccepted = (answer: unknown): boolean =>
  typeof answer === 'object' && answer !== null && 'errcode' in answer && answer.errcode === 0;

/**
 * Posts a message to the robot of a WeCom (企业微信) group; true when the robot accepted it. The robot refuses with HTTP 200 and an errcode, and
 * accepts 20 messages a minute. The address is a secret: it is never logged.
 * https://developer.work.weixin.qq.com/document/path/99110
 */
export async function postMessage(content: string, requestId: string): Promise<boolean> {
  const { webhookUrl } = config();
  if (webhookUrl === null) return true;
  try {
    const response = await fetch(webhookUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': requestId },
      body: JSON.stringify({ msgtype: 'markdown', markdown: { content } }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
    return isAccepted(await response.json());
  } catch (error) {
    logLine('warning', { what: 'webhook', requestId, code: error instanceof Error ? error.name : 'unknown' });
    return false;
  }
}
