import type { SessionPortMessage, TuttiApi } from '../../ipc/index.ts';
import { Emitter } from '../../../shared/lifecycle/index.ts';
import { type AttachmentPort, fromMessagePort } from '../../../shared/sync/attachment/index.ts';
import type { WorkbenchHost } from './workbench-host.ts';

const PORT_MESSAGE: SessionPortMessage = 'tutti-session-port';

/** The host of a window in Electron. `api` is what the preload script exposes. */
export function createElectronHost(api: TuttiApi): WorkbenchHost {
  const sessionPort = new Emitter<AttachmentPort>();
  window.addEventListener('message', (event) => {
    const port = event.ports[0];
    if (event.source === window && event.origin === window.location.origin && event.data === PORT_MESSAGE && port) {
      sessionPort.fire(fromMessagePort(port));
    }
  });
  return { kind: 'electron', api, onSessionPort: sessionPort.event, shareLink: () => undefined };
}
