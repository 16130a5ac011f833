import type { Errand } from '../runtime/context';

/** The subject of a comment or a picture. */
export interface Subject {
  content: string;
  mood: string;
  weather: string;
}

/** The place of a comment at the provider. */
export interface Place {
  conversation: string;
  /** The chat that was begun there; empty while its id is unknown, null when none was begun. */
  chat: string | null;
}

/** A comment that the provider keeps: begun by one call, fetched by later ones, looked up after a lost answer. Beginning it costs money. */
export interface Conversations {
  isKept: true;
  /** Answers where a comment can be begun, or was begun already. `known`: where it may have been begun before; null for nowhere. */
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

/** A picture from the provider: a short-lived link, or its bytes. */
export type Drawing = { link: string } | { bytes: Buffer };

/** An AI that comments and draws. null: not configured for that. */
export interface Provider {
  comments: Conversations | Completions | null;
  draw: ((subject: Subject, errand: Errand) => Promise<Drawing>) | null;
}

/** Whether a chat was begun whose answer can be fetched. */
export const isBegun = (place: Place | null): place is Place & { chat: string } => place !== null && place.chat !== null;

/**
 * `isWorthRetrying`: a retry may help. `isOutage`: the error concerns the provider's health, not only this request.
 * `mayHavePaid`: the provider may have done the work although there is no answer.
 */
const troubles = {
  /** Nothing was sent, because no time was left. */
  unsent: { isWorthRetrying: true, isOutage: false, mayHavePaid: false },
  down: { isWorthRetrying: true, isOutage: true, mayHavePaid: false },
  late: { isWorthRetrying: true, isOutage: true, mayHavePaid: true },
  /** The connection broke after the request was sent. */
  lost: { isWorthRetrying: true, isOutage: true, mayHavePaid: true },
  malformed: { isWorthRetrying: true, isOutage: true, mayHavePaid: true },
  busy: { isWorthRetrying: true, isOutage: false, mayHavePaid: false },
  /** The conversation is in use, or a limit was reached. An earlier question may be the cause; its answer is then in the conversation. */
  occupied: { isWorthRetrying: true, isOutage: false, mayHavePaid: true },
  /** The comment or picture failed at the provider; fetching it again is useless. */
  failed: { isWorthRetrying: true, isOutage: false, mayHavePaid: true },
  /** An empty answer, or a link without a picture: a retry would get the same. */
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
