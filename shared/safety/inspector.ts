import type { Errand } from '../runtime/context';

/** What is checked: a nickname, a diary, a text by the AI. */
export type Scene = 'profile' | 'diary' | 'ai';

export type Suggestion = 'pass' | 'review' | 'risky';

/** One way to call WeChat's content check. Throws CannotCheck when there is no verdict. */
export interface Inspector {
  /** At most 2,500 characters. */
  inspectText(content: string, scene: Scene, openid: string, errand: Errand): Promise<Suggestion>;
  /** Submits a picture. The verdict comes later as an event with the trace id that is answered here. */
  submitPicture(url: string, openid: string, errand: Errand): Promise<string>;
}

export const scenes: Record<Scene, number> = { profile: 1, diary: 4, ai: 4 };

/**
 * Why there is no verdict. `outage`: the service does not answer, is overloaded, or its daily quota is used up; it is not called for a while.
 * `setup`: our account, its rights or its network address are refused; an operator has to act. `text`: this text or its author is the reason;
 * other checks still work.
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

/** There is no verdict. Code 0: no answer, or an unreadable one. */
export class CannotCheck extends Error {
  override readonly name = 'CannotCheck';
  readonly code: number;
  readonly reason: Reason;

  constructor(code: number) {
    super(`content check ${code}`);
    this.code = code;
    // An unknown code concerns this text: 40003 (openid), 45002 (length), 61010 (the author was not in the app for two hours).
    this.reason = code === 0 ? 'outage' : (reasons[code] ?? 'text');
  }
}

/** A verdict that is sent as an error code: the text breaks the rules. */
export const RISKY_CODE = 87014;

export const suggestionIn = (result: unknown): Suggestion => {
  const suggest = typeof result === 'object' && result !== null && 'suggest' in result ? result.suggest : null;
  if (suggest === 'pass' || suggest === 'review' || suggest === 'risky') return suggest;
  throw new CannotCheck(0);
};
