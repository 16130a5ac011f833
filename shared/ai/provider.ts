import type { Errand } from '../runtime/context';

/** What a comment or a picture is about. */
export interface Subject {
  content: string;
  mood: string;
  weather: string;
}

/** Where a comment is, or is to be. */
export interface Place {
  conversation: string;
  /** The chat that was begun there; empty while its id is unknown, null when none was begun. */
  chat: string | null;
}

/** A comment that the provider keeps: begun in one call, fetched in later ones, looked up after a lost answer. Beginning it costs money. */
export interface Conversations {
  isKept: true;
  /** Where a comment can be begun, or was begun already. `known`: where it may have been begun before; null for nowhere. */
  prepare(known: Place | null, errand: Errand): Promise<Place>;
  /** Begins a comment in a prepared conversation. `person` is a pseudonym. */
  begin(conversation: string, subject: Subject, person: string, errand: Errand): Promise<Place>;
  /** The comment, or null when it is not ready by the deadline. */
  finish(place: Place, errand: Errand): Promise<string | null>;
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

/** Whether a chat was begun that can be asked for. */
export const isBegun = (place: Place | null): place is Place & { chat: string } => place !== null && place.chat !== null;

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
  /** What was begun came to nothing; asking for it again is useless. */
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
