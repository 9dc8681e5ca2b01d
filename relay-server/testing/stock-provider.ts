import { onTestFinished } from 'vitest';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

/** A stock y-websocket client with its document. */
export interface StockClient {
  readonly doc: Y.Doc;
  readonly text: Y.Text;
  readonly provider: WebsocketProvider;
  /** The permanent close, once the provider has given up. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

export interface StockClientOptions {
  readonly relayUrl: string;
  readonly room: string;
  readonly document: string;
  readonly token: string;
  /** Kept from an earlier client. */
  readonly doc?: Y.Doc;
}

/** Starts a stock provider on the platform's own WebSocket; it ends with the test at the latest. */
export function startStockClient({ relayUrl, room, document, token, doc }: StockClientOptions): StockClient {
  const ownDoc = doc ?? new Y.Doc();
  const provider = new WebsocketProvider(`${relayUrl.replace(/^http/, 'ws')}/yjs/${room}`, document, ownDoc, {
    params: { token },
    disableBc: true,
  });
  onTestFinished(() => {
    provider.destroy();
    provider.awareness.destroy();
    ownDoc.destroy();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => provider.on('closed', resolve));
  return { doc: ownDoc, text: ownDoc.getText('content'), provider, closed };
}
