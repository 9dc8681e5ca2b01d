import { OfflineStoreError } from '../../../shared/sync/index.ts';

/** For the person who uses a browser that keeps nothing for this page. */
export const UNAVAILABLE =
  'This browser does not let the page keep edits. Allow site data for it, or leave the page open until all is sent.';

/** Says what a failure of IndexedDB means to the person. */
export function toStoreError(error: unknown): OfflineStoreError {
  if (error instanceof OfflineStoreError) return error;
  if (error instanceof DOMException && error.name === 'QuotaExceededError') {
    const message =
      'The browser has no space left for this page. Free some; until then edits are kept in the page only.';
    return new OfflineStoreError('disk-full', message, { cause: error });
  }
  return new OfflineStoreError('unavailable', UNAVAILABLE, { cause: error });
}

/** Rejects with OfflineStoreError. */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(toStoreError(request.error));
  });
}

/** Resolves when everything of the transaction is kept. Rejects with OfflineStoreError. */
export function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(toStoreError(transaction.error));
    transaction.onerror = () => reject(toStoreError(transaction.error));
  });
}
