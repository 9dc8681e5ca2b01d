/** A request that is answered with an error. `message` is for the person who made it. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  /** When to try again. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, code: string, explanation: string, retryAfterMs?: number) {
    super(explanation);
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
