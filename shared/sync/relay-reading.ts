import * as Y from 'yjs';
import { type Disposable, DisposableStore, type Scheduler, toDisposable } from '../lifecycle/index.ts';
import type { DocumentMessage, DocumentReceiver, DocumentWire } from './document-wire.ts';
import type { SyncCursor } from './offline-store.ts';

/** All that the relay has of a document. */
export interface RelayCopy {
  readonly doc: Y.Doc;
  readonly cursor: SyncCursor;
}

const READING_MS = 30_000;

/**
 * Reads a document from the relay as somebody does who has nothing of it, beside whoever has it open already. Rejects
 * with an Error in words for people when the relay does not give it within 30 s. The caller destroys `doc`.
 */
export function readFromRelay(wire: DocumentWire, name: string, scheduler: Scheduler): Promise<RelayCopy> {
  return new Promise((resolve, reject) => {
    const reading = new RelayReading(wire, name, scheduler, (copy, explanation) => {
      reading.dispose();
      if (copy) resolve(copy);
      else reject(new Error(explanation));
    });
  });
}

class RelayReading implements DocumentReceiver, Disposable {
  private readonly disposables = new DisposableStore();
  private readonly doc = new Y.Doc();
  private readonly onEnd: (copy: RelayCopy | undefined, explanation: string) => void;
  private epoch = '';

  constructor(
    wire: DocumentWire,
    name: string,
    scheduler: Scheduler,
    onEnd: (copy: RelayCopy | undefined, explanation: string) => void,
  ) {
    this.onEnd = onEnd;
    const handle = wire.assignHandle(this);
    this.disposables.add(
      toDisposable(() => {
        wire.releaseHandle(handle);
        wire.send({ type: 'close', handle });
      }),
    );
    this.disposables.add(
      scheduler.schedule(() => this.fail('The relay did not send the document in time.'), READING_MS),
    );
    const stateVector = Y.encodeStateVector(this.doc);
    wire.send({ type: 'open', handle, document: name, epoch: '', afterSeq: 0, stateVector });
  }

  disconnected(): void {
    this.fail('The connection to the relay was lost. Try again when you are online.');
  }

  receive(message: DocumentMessage): void {
    try {
      this.take(message);
    } catch {
      this.fail('The relay sent a damaged copy of the document.');
    }
  }

  private take(message: DocumentMessage): void {
    switch (message.type) {
      case 'opened':
        this.epoch = message.epoch;
        return;
      case 'update':
        return Y.applyUpdate(this.doc, message.payload);
      case 'sync':
        if (message.payload.byteLength > 0) Y.applyUpdate(this.doc, message.payload);
        if (message.isLast) this.onEnd({ doc: this.doc, cursor: { epoch: this.epoch, seq: message.throughSeq } }, '');
        return;
      case 'document-closed':
        return this.fail(message.explanation || 'The relay does not give the document now.');
      // The rest is about edits and other people.
      default:
    }
  }

  private fail(explanation: string): void {
    if (this.disposables.isDisposed) return;
    this.doc.destroy();
    this.onEnd(undefined, explanation);
  }

  dispose(): void {
    this.disposables.dispose();
  }
}
