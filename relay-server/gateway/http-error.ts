export interface HttpErrorOptions {
  /** When to try again. */
  readonly retryAfterMs?: number | undefined;
  /** It counts against the address that asked; see `AddressLimits.noteFailure`. */
  readonly isFailure?: boolean | undefined;
  /** The header `Content-Range`: what there is, when something else was asked for. */
  readonly contentRange?: string | undefined;
}

/** A request that is answered with an error. `message` is for the person who made it. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterMs: number | undefined;
  readonly isFailure: boolean;
  readonly contentRange: string | undefined;

  constructor(status: number, code: string, explanation: string, options: HttpErrorOptions = {}) {
    super(explanation);
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.isFailure = options.isFailure ?? false;
    this.contentRange = options.contentRange;
  }
}
