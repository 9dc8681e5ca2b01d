import { Emitter, type Disposable, toDisposable } from '../../shared/lifecycle/index.ts';
import type { Backplane, BackplaneMessage, BackplaneRoom } from './backplane.ts';

/** The backplane of a relay that runs as one process. */
export class InProcessBackplane implements Backplane {
  private readonly rooms = new Map<string, Emitter<BackplaneMessage>>();

  publish(room: BackplaneRoom, message: BackplaneMessage): void {
    this.rooms.get(nameOf(room))?.fire(message);
  }

  subscribe(room: BackplaneRoom, listener: (message: BackplaneMessage) => void): Disposable {
    const name = nameOf(room);
    const emitter = this.rooms.get(name) ?? new Emitter<BackplaneMessage>();
    this.rooms.set(name, emitter);
    const subscription = emitter.event(listener);
    return toDisposable(() => {
      subscription.dispose();
      if (!emitter.hasListeners && this.rooms.get(name) === emitter) this.rooms.delete(name);
    });
  }
}

function nameOf({ tenant, room }: BackplaneRoom): string {
  return `${tenant}/${room}`;
}
