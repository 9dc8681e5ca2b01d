export type RefusalReason = 'revoked' | 'forbidden' | 'unknown-person' | 'unfit-person';

/**
 * A change that was not made, as things stand in its transaction: whoever asks for it may not, or the person whom it is
 * about cannot be given it. `message` is for whoever asked.
 */
export class ChangeRefused extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, explanation: string) {
    super(explanation);
    this.name = 'ChangeRefused';
    this.reason = reason;
  }
}
