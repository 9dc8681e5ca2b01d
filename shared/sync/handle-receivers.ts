import type { DocumentMessage, DocumentReceiver, DocumentWire } from './document-wire.ts';

/** Who takes what the relay says about each handle of the connection that stands (SPEC DO1). */
export class HandleReceivers {
  private readonly onReleased: (handle: number) => void;
  private current = new Map<number, DocumentReceiver>();

  constructor(onReleased: (handle: number) => void) {
    this.onReleased = onReleased;
  }

  /** A connection was welcomed: handles are counted from 1 again. */
  begin(): Pick<DocumentWire, 'assignHandle' | 'releaseHandle'> {
    const receivers = new Map<number, DocumentReceiver>();
    this.current = receivers;
    let lastHandle = 0;
    return {
      assignHandle(receiver) {
        receivers.set(++lastHandle, receiver);
        return lastHandle;
      },
      // What is left of an earlier connection must not release a handle of this one.
      releaseHandle: (handle) => {
        if (receivers.delete(handle) && receivers === this.current) this.onReleased(handle);
      },
    };
  }

  receive(message: DocumentMessage): void {
    this.current.get(message.handle)?.receive(message);
  }

  /** The connection is gone; who has not given its handle back is told. */
  end(): void {
    const receivers = [...this.current.values()];
    this.current = new Map();
    for (const receiver of receivers) receiver.disconnected?.();
  }
}
