import type { MessageSocket, SocketClose, SocketEvents } from '../sync/message-socket.ts';

/** The relay's half of a pair, before it has handlers. */
export interface RelayEnd {
  readonly bufferedBytes: number;
  send(frame: Uint8Array): void;
  close(code: number, reason: string): void;
  /** Ends the socket without a closing handshake. */
  terminate(): void;
  /** Sets who takes what arrives; frames that arrived before are kept until then. */
  listen(handlers: RelayEndHandlers): void;
}

export interface RelayEndHandlers {
  onMessage(frame: Uint8Array): void;
  onClose(close: SocketClose): void;
}

export type Direction = 'to-client' | 'to-relay';

type Delivery =
  | { readonly kind: 'open' }
  | { readonly kind: 'frame'; readonly frame: Uint8Array }
  | { readonly kind: 'close'; readonly close: SocketClose };

const ABNORMAL: SocketClose = { code: 1006, reason: '' };

/**
 * A WebSocket in memory whose every delivery is made by hand: each direction is a queue, and nothing arrives until
 * {@link SocketPair.deliverOne} or {@link SocketPair.deliverAll} says so.
 */
export class SocketPair {
  readonly client: MessageSocket;
  readonly relay: RelayEnd;
  private readonly queues: Record<Direction, Delivery[]> = { 'to-client': [{ kind: 'open' }], 'to-relay': [] };
  private readonly clientEvents: SocketEvents;
  private relayHandlers: RelayEndHandlers | undefined;
  private readonly dropped = new Set<Direction>();
  private isClientOpen = true;
  private isRelayOpen = true;

  constructor(clientEvents: SocketEvents) {
    this.clientEvents = clientEvents;
    this.client = this.createClientEnd();
    this.relay = this.createRelayEnd();
  }

  /** Whether one of the ends still waits for something. */
  get isAlive(): boolean {
    return this.isClientOpen || this.isRelayOpen;
  }

  pendingCount(direction: Direction): number {
    return this.queues[direction].length;
  }

  /** Delivers the oldest event of a direction; false when there is none. */
  deliverOne(direction: Direction): boolean {
    const delivery = this.queues[direction].shift();
    if (!delivery) return false;
    if (direction === 'to-client') this.deliverToClient(delivery);
    else this.deliverToRelay(delivery);
    return true;
  }

  /** Delivers until both queues are empty, the directions in turns. */
  deliverAll(): void {
    let isMoving = true;
    while (isMoving) {
      const toRelay = this.deliverOne('to-relay');
      isMoving = this.deliverOne('to-client') || toRelay;
    }
  }

  /** The network fails: what is under way is lost, and both ends hear of it at once. */
  cut(): void {
    this.queues['to-client'] = [];
    this.queues['to-relay'] = [];
    this.deliverToClient({ kind: 'close', close: ABNORMAL });
    this.deliverToRelay({ kind: 'close', close: ABNORMAL });
  }

  /** Loses what is under way in one direction, and everything after it: the ends notice only by silence or {@link cut}. */
  drop(direction: Direction): void {
    this.queues[direction] = [];
    this.dropped.add(direction);
  }

  private enqueue(direction: Direction, delivery: Delivery): void {
    if (!this.dropped.has(direction)) this.queues[direction].push(delivery);
  }

  private deliverToClient(delivery: Delivery): void {
    if (!this.isClientOpen) return;
    if (delivery.kind === 'open') return this.clientEvents.onOpen();
    if (delivery.kind === 'frame') return this.clientEvents.onMessage(delivery.frame);
    this.isClientOpen = false;
    this.clientEvents.onClose(delivery.close);
  }

  private deliverToRelay(delivery: Delivery): void {
    if (!this.isRelayOpen || delivery.kind === 'open') return;
    if (!this.relayHandlers) throw new Error('the relay end has no handlers yet');
    if (delivery.kind === 'frame') return this.relayHandlers.onMessage(delivery.frame);
    this.isRelayOpen = false;
    this.relayHandlers.onClose(delivery.close);
  }

  private createClientEnd(): MessageSocket {
    const leave = (close: SocketClose) => {
      if (!this.isClientOpen) return;
      this.enqueue('to-relay', { kind: 'close', close });
    };
    return {
      bufferedBytes: 0,
      send: (frame) => {
        if (this.isClientOpen) this.enqueue('to-relay', { kind: 'frame', frame: frame.slice() });
      },
      close: (code, reason) => {
        leave({ code, reason });
        this.enqueue('to-client', { kind: 'close', close: { code, reason } });
      },
      dispose: () => {
        leave(ABNORMAL);
        this.isClientOpen = false;
      },
    };
  }

  private createRelayEnd(): RelayEnd {
    const leave = (close: SocketClose) => {
      if (!this.isRelayOpen) return;
      this.enqueue('to-client', { kind: 'close', close });
      this.enqueue('to-relay', { kind: 'close', close });
    };
    return {
      bufferedBytes: 0,
      send: (frame) => {
        if (this.isRelayOpen) this.enqueue('to-client', { kind: 'frame', frame: frame.slice() });
      },
      close: (code, reason) => leave({ code, reason }),
      terminate: () => leave(ABNORMAL),
      listen: (handlers) => {
        this.relayHandlers = handlers;
      },
    };
  }
}
