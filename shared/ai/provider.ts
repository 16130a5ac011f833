import type { Errand } from '../runtime/context';

/** What a comment or a picture is about. */
export interface Subject {
  content: string;
  mood: string;
  weather: string;
}

/** An AI that comments and draws. Every call costs money when it is begun; finishing one costs nothing. */
export interface Provider {
  /** Begins a comment and answers what it can be asked for by. `person` is a pseudonym. */
  beginComment(subject: Subject, person: string, errand: Errand): Promise<string>;
  /** The comment, or null when it is not ready by the deadline. */
  finishComment(reference: string, errand: Errand): Promise<string | null>;
  /** A link to the picture that lives for a short while. */
  drawPicture(subject: Subject, errand: Errand): Promise<string>;
}

/** `failed`: what was begun came to nothing; asking by its reference again is useless. */
export type Trouble = 'down' | 'late' | 'busy' | 'malformed' | 'failed' | 'unusable' | 'misconfigured';

/** Whether asking again may help. An empty answer, no picture behind a link or a refused request would only come again. */
const worthRetrying: Record<Trouble, boolean> = {
  down: true,
  late: true,
  busy: true,
  malformed: true,
  failed: true,
  unusable: false,
  misconfigured: false,
};

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
    return worthRetrying[this.trouble];
  }

  /** Says something about the provider's health, not about this request. */
  get isIllness(): boolean {
    return this.trouble === 'down' || this.trouble === 'late' || this.trouble === 'malformed';
  }
}
