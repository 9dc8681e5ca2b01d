/** A request that is answered with an error. `message` is for the person who made it. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, explanation: string) {
    super(explanation);
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
  }
}
