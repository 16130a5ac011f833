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

/** No verdict. `isDown`: the service, not this text or person, is the reason. */
export class CannotCheck extends Error {
  override readonly name = 'CannotCheck';
  readonly code: number;
  readonly isDown: boolean;

  constructor(code: number, isDown: boolean) {
    super(`content check ${code}`);
    this.code = code;
    this.isDown = isDown;
  }
}

/** The user has not been in the mini-program within two hours. */
export const USER_NOT_ACTIVE = 61010;

export const suggestionIn = (result: unknown): Suggestion => {
  const suggest = typeof result === 'object' && result !== null && 'suggest' in result ? result.suggest : null;
  if (suggest === 'pass' || suggest === 'review' || suggest === 'risky') return suggest;
  throw new CannotCheck(0, true);
};
