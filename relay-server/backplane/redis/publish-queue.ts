/** What is given up first when the queue is full: presence, then updates, and changes of access last. */
export type Precedence = 'presence' | 'update' | 'access';

interface Item {
  /** Undefined as soon as it is taken or dropped. */
  encoded: Uint8Array | undefined;
  readonly byteLength: number;
  readonly precedence: Precedence;
  readonly room: QueuedRoom;
}

/** Messages for one room that wait to be sent, in their order. */
export interface QueuedRoom {
  readonly channel: string;
  readonly items: ItemFifo;
  /** Something was dropped since messages were last taken. */
  hasLost: boolean;
}

/** What is sent next for a room. */
export interface QueuedBatch {
  readonly channel: string;
  readonly messages: readonly Uint8Array[];
  /** Messages before these, or among them, were dropped. */
  readonly hasLost: boolean;
}

const DROP_ORDER: readonly Precedence[] = ['presence', 'update', 'access'];
/** What a waiting message costs besides its bytes. */
const ITEM_OVERHEAD_BYTES = 200;
const MAX_BATCH_BYTES = 1024 * 1024;
const MAX_BATCH_MESSAGES = 10_000;

/** Keeps messages by room until they can be sent, within a number of bytes. */
export class PublishQueue {
  private readonly maxBytes: number;
  private readonly rooms = new Map<string, QueuedRoom>();
  private readonly byPrecedence: Readonly<Record<Precedence, ItemFifo>> = {
    presence: new ItemFifo(),
    update: new ItemFifo(),
    access: new ItemFifo(),
  };
  private waitingBytes = 0;
  private dropped = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes of memory that the waiting messages take, about. */
  get byteLength(): number {
    return this.waitingBytes;
  }

  /** How many messages were ever dropped. */
  get droppedCount(): number {
    return this.dropped;
  }

  add(channel: string, precedence: Precedence, encoded: Uint8Array): void {
    const room = this.rooms.get(channel) ?? { channel, items: new ItemFifo(), hasLost: false };
    this.rooms.set(channel, room);
    const item = { encoded, byteLength: encoded.byteLength + ITEM_OVERHEAD_BYTES, precedence, room };
    room.items.push(item);
    this.byPrecedence[precedence].push(item);
    this.waitingBytes += item.byteLength;
    while (this.waitingBytes > this.maxBytes && this.dropOne()) this.dropped++;
  }

  /** Rooms with something to send or to tell about, those first that have waited longest. */
  get channels(): Iterable<string> {
    return this.rooms.keys();
  }

  /** Takes the oldest messages of a room, as many as fit into one frame. */
  take(channel: string): QueuedBatch | undefined {
    const room = this.rooms.get(channel);
    if (!room) return undefined;
    const messages: Uint8Array[] = [];
    let byteLength = 0;
    for (let item = room.items.first; item?.encoded; item = room.items.first) {
      const isFull = byteLength + item.encoded.byteLength > MAX_BATCH_BYTES || messages.length === MAX_BATCH_MESSAGES;
      if (messages.length > 0 && isFull) break;
      messages.push(item.encoded);
      byteLength += item.encoded.byteLength;
      this.remove(item);
    }
    const { hasLost } = room;
    room.hasLost = false;
    this.rooms.delete(channel);
    // It goes behind the others, whose turn it is now.
    if (room.items.first) this.rooms.set(channel, room);
    return { channel, messages, hasLost };
  }

  private dropOne(): boolean {
    for (const precedence of DROP_ORDER) {
      const item = this.byPrecedence[precedence].first;
      if (!item) continue;
      item.room.hasLost = true;
      this.remove(item);
      return true;
    }
    return false;
  }

  private remove(item: Item): void {
    this.waitingBytes -= item.byteLength;
    item.encoded = undefined;
    item.room.items.noteGone();
    this.byPrecedence[item.precedence].noteGone();
  }
}

/** Items in their order, of which any may be gone. */
class ItemFifo {
  private items: Item[] = [];
  private start = 0;
  private gone = 0;

  push(item: Item): void {
    this.items.push(item);
  }

  /** The oldest that is not gone. */
  get first(): Item | undefined {
    while (this.start < this.items.length && !this.items[this.start]?.encoded) this.start++;
    return this.items[this.start];
  }

  /** One more of them is gone. Forgetting them costs little as it is done for many at once. */
  noteGone(): void {
    this.gone++;
    if (this.gone < 64 || this.gone * 2 < this.items.length) return;
    this.items = this.items.filter(({ encoded }) => encoded);
    this.start = 0;
    this.gone = 0;
  }
}
