import type { Errand } from '../runtime/context';

/** What a comment or a picture is about. */
export interface Subject {
  content: string;
  mood: string;
  weather: string;
}

/** An AI that comments and draws. A comment costs money when it is begun, a picture when it is drawn; nothing else does. */
export interface Provider {
  /**
   * Where a comment can be begun; or, when one was begun there already, what it can be asked for by. `reference`: where it may have been
   * begun before, null for nowhere.
   */
  prepareComment(reference: string | null, errand: Errand): Promise<string>;
  /** Begins a comment in a prepared place and answers what it can be asked for by. `person` is a pseudonym. */
  beginComment(place: string, subject: Subject, person: string, errand: Errand): Promise<string>;
  /** The comment, or null when it is not ready by the deadline. */
  finishComment(reference: string, errand: Errand): Promise<string | null>;
  /** A link to the picture that lives for a short while. */
  drawPicture(subject: Subject, errand: Errand): Promise<string>;
}

/** Whether something was begun that can be asked for: its reference has a colon, as post_job_claim knows. */
export const isBegun = (reference: string | null): boolean => reference?.includes(':') ?? false;

/** Whether asking again may help, and whether it says something about the provider's health or about this request alone. */
const troubles = {
  down: { isWorthRetrying: true, isIllness: true },
  late: { isWorthRetrying: true, isIllness: true },
  malformed: { isWorthRetrying: true, isIllness: true },
  busy: { isWorthRetrying: true, isIllness: false },
  /** What was begun came to nothing; asking by its reference again is useless. */
  failed: { isWorthRetrying: true, isIllness: false },
  /** An empty answer, no picture behind a link: it would only come again. */
  unusable: { isWorthRetrying: false, isIllness: false },
  misconfigured: { isWorthRetrying: false, isIllness: false },
};

export type Trouble = keyof typeof troubles;

export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly trouble: Trouble;
  /** The provider's own code or HTTP status, for the log. */
  readonly code: number | string;
  readonly retryAfterMs: number;

  constructor(trouble: Trouble, code: number | string = 0, retryAfterMs = 0) {
    super(`${trouble} ${code}`);
    this.trouble = trouble;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  get isWorthRetrying(): boolean {
    return troubles[this.trouble].isWorthRetrying;
  }

  get isIllness(): boolean {
    return troubles[this.trouble].isIllness;
  }
}
