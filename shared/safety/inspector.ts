import type { Errand } from '../runtime/context';

/** What is looked at: a nickname, a diary, what the AI wrote. */
export type Scene = 'profile' | 'diary' | 'ai';

export type Suggestion = 'pass' | 'review' | 'risky';

/** One way to WeChat's content check. Throws CannotCheck when there is no verdict. */
export interface Inspector {
  /** At most 2,500 characters. */
  inspectText(content: string, scene: Scene, openid: string, errand: Errand): Promise<Suggestion>;
  /** Hands in a picture; the verdict comes later as an event that carries the trace id answered here. */
  submitPicture(url: string, openid: string, errand: Errand): Promise<string>;
}

export const scenes: Record<Scene, number> = { profile: 1, diary: 4, ai: 4 };

/**
 * Why there is no verdict. `outage`: the service does not answer, is overloaded or has had its calls of the day; it is left alone for a while.
 * `setup`: our account, its rights or its network address are refused; nothing heals until an operator acts. `text`: this text or person is
 * the reason, and others are checked as ever.
 */
type Reason = 'outage' | 'setup' | 'text';

/** https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/sec-center/sec-check/msgSecCheck.html and WeChat's table of global codes. */
const reasons: Record<number, Reason> = {
  [-1]: 'outage',
  45009: 'outage',
  45011: 'outage',
  40001: 'setup',
  40013: 'setup',
  40014: 'setup',
  40125: 'setup',
  40164: 'setup',
  41002: 'setup',
  41004: 'setup',
  42001: 'setup',
  43104: 'setup',
  48001: 'setup',
  48004: 'setup',
  50002: 'setup',
  [-604100]: 'setup',
  [-604101]: 'setup',
};

/** No verdict. Code 0: no answer, or none that can be read. */
export class CannotCheck extends Error {
  override readonly name = 'CannotCheck';
  readonly code: number;
  readonly reason: Reason;

  constructor(code: number) {
    super(`content check ${code}`);
    this.code = code;
    // What WeChat says of a text that we do not know is about that text: 40003 (openid), 45002 (length), 61010 (not in the app for two hours).
    this.reason = code === 0 ? 'outage' : (reasons[code] ?? 'text');
  }
}

/** A verdict that comes as an error code: the text breaks the rules. */
export const RISKY_CODE = 87014;

export const suggestionIn = (result: unknown): Suggestion => {
  const suggest = typeof result === 'object' && result !== null && 'suggest' in result ? result.suggest : null;
  if (suggest === 'pass' || suggest === 'review' || suggest === 'risky') return suggest;
  throw new CannotCheck(0);
};
