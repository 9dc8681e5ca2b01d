import type { EventChannel, EventChannels } from './event-channels.ts';
import type { InvokeChannel, InvokeRequest, InvokeResponse } from './invoke-channels.ts';

/** What the preload script puts on `window.tutti`. */
export interface TuttiApi {
  invoke<C extends InvokeChannel>(channel: C, request: InvokeRequest<C>): Promise<InvokeResponse<C>>;
  /** Returns the function that unsubscribes. */
  on<C extends EventChannel>(channel: C, listener: (value: EventChannels[C]) => void): () => void;
}

declare global {
  interface Window {
    /** There in Electron only. */
    readonly tutti?: TuttiApi;
  }
}
