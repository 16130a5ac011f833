import { config } from '../runtime/config';
import type { Errand } from '../runtime/context';
import { logLine } from '../runtime/log';
import { countEvent } from '../runtime/metrics';
import { restAfterFailures } from '../runtime/rest';
import { httpsInspector } from './https';
import { CannotCheck, type Inspector, type Scene, type Suggestion } from './inspector';
import { openapiInspector } from './openapi';

/** `unknown`: there is no verdict; hold the text back, do not publish it. */
export type Verdict = Suggestion | 'unknown';

/** Check status of a stored text. */
export type CheckStatus = 'unchecked' | 'passed' | 'pending' | 'rejected';

const PIECE = 2_500;
const OVERLAP = 50;
const TIMEOUT_MS = 1_500;

const wechat = restAfterFailures(10_000);

const inspector = (): Inspector => (config().contentCheck === 'openapi' ? openapiInspector : httpsInspector);

export const isChecking = (): boolean => config().contentCheck !== 'off';

/** Splits a text into parts of the size of one check. The parts overlap, so that no word is cut apart at a boundary. */
export function piecesOf(text: string): string[] {
  const characters = [...text];
  const pieces: string[] = [];
  for (let at = 0; at === 0 || at + OVERLAP < characters.length; at += PIECE - OVERLAP)
    pieces.push(characters.slice(at, at + PIECE).join(''));
  return pieces;
}

const severity: Verdict[] = ['pass', 'review', 'unknown', 'risky'];

/** Counts failed checks for the monitor. Without it, a revoked right would show only as a growing number of unchecked texts. */
const countCheck = (code: string): void => countEvent('safety.check', code, new Date());

async function attempt<T>({ requestId, deadline }: Errand, work: (errand: Errand) => Promise<T>): Promise<T | null> {
  if (wechat.isResting() || Date.now() >= deadline) return null;
  try {
    const answer = await work({ requestId, deadline: Math.min(deadline, Date.now() + TIMEOUT_MS) });
    wechat.succeeded();
    countCheck('OK');
    return answer;
  } catch (error) {
    if (!(error instanceof CannotCheck)) throw error;
    const { reason, code } = error;
    if (reason === 'outage') wechat.failed();
    else wechat.succeeded();
    countCheck(reason === 'text' ? 'TEXT' : `${reason}:${code}`);
    logLine(reason === 'setup' ? 'error' : 'warning', { what: 'content-check', reason, code });
    return null;
  }
}

/** WeChat's worst verdict on any part of a text; the verdict also depends on the author. `pass` where checks are off. */
export async function checkText(text: string, scene: Scene, openid: string | null, errand: Errand): Promise<Verdict> {
  if (!isChecking() || text.trim() === '') return 'pass';
  if (openid === null) return 'unknown';
  const checks = piecesOf(text).map((piece) => attempt(errand, (limited) => inspector().inspectText(piece, scene, openid, limited)));
  const verdicts = (await Promise.all(checks)).map((verdict) => verdict ?? 'unknown');
  return verdicts.reduce((worst, verdict) => (severity.indexOf(verdict) > severity.indexOf(worst) ? verdict : worst));
}

/** How to store a text that a child publishes: refused only when WeChat is sure, `pending` when there is no verdict. */
export async function statusOf(text: string, scene: Scene, openid: string | null, errand: Errand): Promise<CheckStatus> {
  if (!isChecking()) return 'unchecked';
  const verdict = await checkText(text, scene, openid, errand);
  if (verdict === 'unknown') return 'pending';
  return verdict === 'risky' ? 'rejected' : 'passed';
}

/** Submits a picture for a check whose verdict comes later. Answers its trace id, or null when it could not be submitted. */
export async function submitPicture(url: string, openid: string | null, errand: Errand): Promise<string | null> {
  if (openid === null) return null;
  return attempt(errand, (limited) => inspector().submitPicture(url, openid, limited));
}
