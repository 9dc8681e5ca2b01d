import { contextBridge, ipcRenderer } from 'electron';
import type { SessionPortChannel, SessionPortMessage, TuttiApi } from '../ipc/index.ts';

const PORT_CHANNEL: SessionPortChannel = 'session:port';
const PORT_MESSAGE: SessionPortMessage = 'tutti-session-port';

const api: TuttiApi = {
  invoke: (channel, request) => ipcRenderer.invoke(channel, request),
  on: (channel, listener) => {
    const forward = (_event: unknown, value: Parameters<typeof listener>[0]) => listener(value);
    ipcRenderer.on(channel, forward);
    return () => {
      ipcRenderer.off(channel, forward);
    };
  },
};

contextBridge.exposeInMainWorld('tutti', api);

ipcRenderer.on(PORT_CHANNEL, (event) => {
  window.postMessage(PORT_MESSAGE, window.location.origin, [...event.ports]);
});
