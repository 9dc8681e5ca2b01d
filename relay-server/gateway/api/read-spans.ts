/** Names of documents and of epochs. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

export function isDocumentName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

export function isEpoch(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

/** Whether it can be the number of an update, or 0 for none. */
export function isSeq(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
