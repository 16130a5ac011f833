import type { Errand } from '../runtime/context';

/** What a comment or a picture is about. */
export interface Subject {
  content: string;
  mood: string;
  weather: string;
}

/** A comment that the provider keeps: begun in one call, fetched in later ones, looked up after a lost answer. Beginning it costs money. */
export interface Conversations {
  isKept: true;
  /**
   * Where a comment can be begun; or, when one was begun there already, what it can be asked for by. `reference`: where it may have been
   * begun before, null for nowhere.
   */
  prepare(reference: string | null, errand: Errand): Promise<string>;
  /** Begins a comment in a prepared place and answers what it can be asked for by. `person` is a pseudonym. */
  begin(place: string, subject: Subject, person: string, errand: Errand): Promise<string>;
  /** The comment, or null when it is not ready by the deadline. */
  finish(reference: string, errand: Errand): Promise<string | null>;
}

/** A comment that is the answer to one call. The provider keeps nothing, so a lost answer cannot be looked up. */
export interface Completions {
  isKept: false;
  complete(subject: Subject, person: string, errand: Errand): Promise<string>;
}

/** A picture as the provider hands it over: a link that lives for a short while, or its bytes. */
export type Drawing = { link: string } | { bytes: Buffer };

/** An AI that comments and draws. null: it is not set up for that. */
export interface Provider {
  comments: Conversations | Completions | null;
  draw: ((subject: Subject, errand: Errand) => Promise<Drawing>) | null;
}

/** Whether something was begun that can be asked for: its reference has a colon, as post_job_claim knows. */
export const isBegun = (reference: string | null): boolean => reference?.includes(':') ?? false;

/**
 * `isWorthRetrying`: asking again may help. `isOutage`: it says something about the provider's health, not about this request alone.
 * `mayHavePaid`: the request may have been carried out although there is no answer.
 */
const troubles = {
  /** Nothing was sent: there was no time left. */
  unsent: { isWorthRetrying: true, isOutage: false, mayHavePaid: false },
  down: { isWorthRetrying: true, isOutage: true, mayHavePaid: false },
  late: { isWorthRetrying: true, isOutage: true, mayHavePaid: true },
  /** The connection broke after the request had left. */
  lost: { isWorthRetrying: true, isOutage: true, mayHavePaid: true },
  malformed: { isWorthRetrying: true, isOutage: true, mayHavePaid: true },
  busy: { isWorthRetrying: true, isOutage: false, mayHavePaid: false },
  /** The conversation is in use, or a limit was reached: a question that was sent before may be the reason, and have its answer there. */
  occupied: { isWorthRetrying: true, isOutage: false, mayHavePaid: true },
  /** What was begun came to nothing; asking by its reference again is useless. */
  failed: { isWorthRetrying: true, isOutage: false, mayHavePaid: true },
  /** An empty answer, no picture behind a link: it would only come again. */
  unusable: { isWorthRetrying: false, isOutage: false, mayHavePaid: true },
  /** The provider's own filter refused the text. */
  refused: { isWorthRetrying: false, isOutage: false, mayHavePaid: true },
  misconfigured: { isWorthRetrying: false, isOutage: false, mayHavePaid: false },
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

  get isOutage(): boolean {
    return troubles[this.trouble].isOutage;
  }

  get mayHavePaid(): boolean {
    return troubles[this.trouble].mayHavePaid;
  }
}
