import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import { type CloseCode, isPermanentCloseCode } from '../../shared/protocol/index.ts';
import { cutText } from '../cut-text.ts';
import type { ServerSocket } from '../gateway/server-socket.ts';
import { encodePermissionDenied } from './y-message.ts';

export interface RefusedConnectionOptions {
  readonly socket: ServerSocket;
  readonly closeCode: CloseCode;
  readonly explanation: string;
  readonly scheduler: Scheduler;
  /** Called once, when the socket is gone. */
  readonly onEnded: () => void;
}

const CLOSE_TIMEOUT_MS = 3_000;
const MAX_REASON_BYTES = 120;

/** A Yjs client that is not let in: it is told why, in the socket, since it cannot see the answer to its upgrade. */
export class RefusedConnection implements Disposable {
  private readonly options: RefusedConnectionOptions;
  private readonly timer = new MutableDisposable<Disposable>();
  private isEnded = false;

  constructor(options: RefusedConnectionOptions) {
    const { socket, closeCode, explanation, scheduler } = options;
    this.options = options;
    socket.listen({ onFrame: ignore, onText: ignore, onDrain: ignore, onClose: () => this.dispose() });
    if (isPermanentCloseCode(closeCode)) socket.send(encodePermissionDenied(explanation));
    socket.close(closeCode, cutText(explanation, MAX_REASON_BYTES));
    this.timer.value = scheduler.schedule(() => this.terminate(), CLOSE_TIMEOUT_MS);
  }

  /** It has ended already. */
  end(): void {}

  dispose(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.timer.dispose();
    this.options.onEnded();
  }

  /** Cuts the socket off. */
  terminate(): void {
    this.options.socket.terminate();
    this.dispose();
  }
}

function ignore(): void {}
