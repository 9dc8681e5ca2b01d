import { type Disposable, DisposableStore, Emitter, type Event, toDisposable } from '../../shared/lifecycle/index.ts';
import type { Backplane, BackplaneMessage, BackplaneRoom } from './backplane.ts';

interface Delivery {
  readonly message: BackplaneMessage;
  readonly nodeId: string;
}

/** Joins relay nodes that live in one process. A relay that is alone needs nothing else. */
export class InProcessBackplaneHub {
  private readonly rooms = new Map<string, Emitter<Delivery>>();
  private joined = 0;

  /** How many nodes have ever joined. */
  get nodeCount(): number {
    return this.joined;
  }

  /** The backplane of one more node. */
  join(): Backplane {
    return new InProcessBackplane(this, `node-${++this.joined}`);
  }

  publish(room: BackplaneRoom, delivery: Delivery): void {
    this.rooms.get(nameOf(room))?.fire(delivery);
  }

  subscribe(room: BackplaneRoom, listener: (delivery: Delivery) => void): Disposable {
    const name = nameOf(room);
    const emitter = this.rooms.get(name) ?? new Emitter<Delivery>();
    this.rooms.set(name, emitter);
    const subscription = emitter.event(listener);
    return toDisposable(() => {
      subscription.dispose();
      if (!emitter.hasListeners && this.rooms.get(name) === emitter) this.rooms.delete(name);
    });
  }
}

class InProcessBackplane implements Backplane {
  private readonly hub: InProcessBackplaneHub;
  private readonly nodeId: string;
  private readonly owned = new DisposableStore();
  // Nothing is ever lost within a process.
  readonly onDidLoseMessages: Event<void> = this.owned.add(new Emitter<void>()).event;

  constructor(hub: InProcessBackplaneHub, nodeId: string) {
    this.hub = hub;
    this.nodeId = nodeId;
  }

  hasPeers(): boolean {
    return this.hub.nodeCount > 1;
  }

  publish(room: BackplaneRoom, message: BackplaneMessage): void {
    this.hub.publish(room, { message, nodeId: this.nodeId });
  }

  subscribe(room: BackplaneRoom, listener: (message: BackplaneMessage, nodeId: string) => void): Disposable {
    return this.hub.subscribe(room, ({ message, nodeId }) => {
      if (nodeId !== this.nodeId) listener(message, nodeId);
    });
  }

  dispose(): void {
    this.owned.dispose();
  }
}

function nameOf({ tenant, room }: BackplaneRoom): string {
  return `${tenant}/${room}`;
}
