import type { MessagePortMain } from 'electron';
import type { AttachmentPort } from '../../shared/sync/attachment/attachment-port.ts';
import { toDisposable } from '../../shared/lifecycle/index.ts';

/** Electron's end of a channel to a window, as the engine takes it. */
export function toAttachmentPort(port: MessagePortMain): AttachmentPort {
  return {
    post: (message) => port.postMessage(message),
    onMessage(listener) {
      const forward = (event: { readonly data: unknown }) => listener(event.data);
      port.on('message', forward);
      port.start();
      return toDisposable(() => port.off('message', forward));
    },
    onClose(listener) {
      port.on('close', listener);
      return toDisposable(() => port.off('close', listener));
    },
    dispose: () => port.close(),
  };
}
