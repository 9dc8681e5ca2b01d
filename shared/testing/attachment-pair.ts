import { type Disposable, Emitter } from '../lifecycle/index.ts';
import type { AttachmentPort } from '../sync/attachment/index.ts';

/** Two ends of a message channel in memory. Messages are structured clones and arrive in a later microtask. */
export interface AttachmentPair {
  readonly window: AttachmentPort;
  readonly engine: AttachmentPort;
}

export function createAttachmentPair(): AttachmentPair {
  const ends = [createEnd(), createEnd()] as const;
  const [window, engine] = ends;
  window.other = engine;
  engine.other = window;
  return { window, engine };
}

interface End extends AttachmentPort {
  other: End | undefined;
  take(message: unknown): void;
  lose(): void;
}

declare function structuredClone(value: unknown): unknown;

function createEnd(): End {
  const messages = new Emitter<unknown>();
  const closes = new Emitter<void>();
  // What arrives before anybody listens waits, as in a real port.
  const waiting: unknown[] = [];
  let isOpen = true;
  const end: End = {
    other: undefined,
    take(message) {
      if (!isOpen) return;
      if (messages.hasListeners) messages.fire(message);
      else waiting.push(message);
    },
    lose() {
      if (!isOpen) return;
      isOpen = false;
      closes.fire();
    },
    post(message) {
      const clone = structuredClone(message);
      if (isOpen) void Promise.resolve().then(() => end.other?.take(clone));
    },
    onMessage(listener): Disposable {
      const subscription = messages.event(listener);
      for (const message of waiting.splice(0)) messages.fire(message);
      return subscription;
    },
    onClose: (listener) => closes.event(listener),
    dispose() {
      if (!isOpen) return;
      isOpen = false;
      void Promise.resolve().then(() => end.other?.lose());
    },
  };
  return end;
}
