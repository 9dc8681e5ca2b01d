import type { CloseCode } from './close-codes.ts';

/** A peer broke a rule of SPEC.md. The connection is closed with `closeCode`; `message` says what was wrong. */
export class ProtocolError extends Error {
  readonly closeCode: CloseCode;

  constructor(message: string, closeCode: CloseCode = 4409) {
    super(message);
    this.name = 'ProtocolError';
    this.closeCode = closeCode;
  }
}
