import { toDisposable } from '../../lifecycle/index.ts';
import type { AttachmentPort } from './attachment-port.ts';

/** What this file needs of a standard `MessagePort`, in a page or in Node. */
export interface StandardMessagePort {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
  removeEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  removeEventListener(type: 'close', listener: () => void): void;
  start(): void;
  close(): void;
}

/** A standard `MessagePort` as an attachment's port. */
export function fromMessagePort(port: StandardMessagePort): AttachmentPort {
  return {
    post: (message) => port.postMessage(message),
    onMessage(listener) {
      const forward = (event: { readonly data: unknown }) => listener(event.data);
      port.addEventListener('message', forward);
      port.start();
      return toDisposable(() => port.removeEventListener('message', forward));
    },
    onClose(listener) {
      port.addEventListener('close', listener);
      return toDisposable(() => port.removeEventListener('close', listener));
    },
    dispose: () => port.close(),
  };
}
