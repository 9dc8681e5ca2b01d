import { type BrowserWindow, ipcMain, type IpcMainInvokeEvent, type WebContents } from 'electron';
import type { EventChannel, EventChannels, InvokeChannel, InvokeRequest, InvokeResponse } from '../ipc/index.ts';
import { type Disposable, reportUnexpectedError, toDisposable } from '../../shared/lifecycle/index.ts';
import { APP_ORIGIN } from './app-scheme.ts';

/** Checks an untrusted request and returns it in its type; undefined refuses it. */
export type RequestReader<C extends InvokeChannel> = (
  value: unknown,
) => { readonly request: InvokeRequest<C> } | undefined;

/** Thrown into the window when a request is not of the channel's form or does not come from the app's own page. */
class IpcRefusedError extends Error {}

/** Answers one channel. Only the top frame of the app's own page is served. */
export function handleInvoke<C extends InvokeChannel>(
  channel: C,
  readRequest: RequestReader<C>,
  answer: (request: InvokeRequest<C>, sender: WebContents) => Promise<InvokeResponse<C>>,
): Disposable {
  ipcMain.handle(channel, async (event: IpcMainInvokeEvent, value: unknown): Promise<InvokeResponse<C>> => {
    if (!isOwnPage(event)) throw new IpcRefusedError(`${channel}: not from the app's own page`);
    const read = readRequest(value);
    if (!read) throw new IpcRefusedError(`${channel}: the request has a wrong form`);
    try {
      return await answer(read.request, event.sender);
    } catch (error) {
      reportUnexpectedError(error);
      throw error;
    }
  });
  return toDisposable(() => ipcMain.removeHandler(channel));
}

/** Sends an event to a window that is still there. */
export function sendEvent<C extends EventChannel>(window: BrowserWindow, channel: C, value: EventChannels[C]): void {
  if (!window.isDestroyed()) window.webContents.send(channel, value);
}

function isOwnPage(event: IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame;
  // URL gives every address of the app's own scheme the origin "null", so the text itself is compared.
  return frame !== null && frame.parent === null && frame.url.startsWith(`${APP_ORIGIN}/`);
}
