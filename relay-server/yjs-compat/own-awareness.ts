import type { AwarenessEntry } from './awareness-update.ts';
import { parseAwarenessState } from './awareness-state.ts';

export interface OwnAwarenessOptions {
  /** Under which the client is shown when somebody else has the id that it gives itself. */
  readonly fallbackClientId: number;
  isTakenByOther(clientId: number): boolean;
  isEcho(entry: AwarenessEntry): boolean;
  /** Shows an entry to the others, or nothing. */
  show(entry: AwarenessEntry | undefined): void;
  /** Tells the client that something was refused. */
  deny(explanation: string): void;
}

type Binding = {
  /** What the client calls itself. */
  readonly clientId: number;
  /** What others see. */
  readonly shownId: number;
};

/** With what is around it a state stays within the room's presence. */
const MAX_STATE_BYTES = 3_000;

/**
 * The awareness that a client may change: that of one client id, the first that it names. Everything else that it
 * sends is about others; stock clients repeat what they were told, and that is left alone.
 */
export class OwnAwareness {
  private readonly options: OwnAwarenessOptions;
  private binding: Binding | undefined;
  private clock = -1;

  constructor(options: OwnAwarenessOptions) {
    this.options = options;
  }

  /** The id that the client gives itself. */
  get clientId(): number | undefined {
    return this.binding?.clientId;
  }

  take(entries: readonly AwarenessEntry[]): void {
    for (const entry of entries) {
      if (entry.clientId === this.binding?.clientId) this.change(entry, this.binding);
      else if (!this.binding && this.isIntroduction(entry)) this.introduce(entry);
      else if (!this.options.isEcho(entry) && entry.json !== 'null') {
        this.options.deny('Only the awareness of your own client id is yours to change.');
      } else if (!this.options.isEcho(entry)) {
        this.options.deny('Only the awareness of your own client id is yours to remove.');
      }
    }
  }

  /** Somebody who comes back repeats what is still shown of the last connection. */
  private isIntroduction(entry: AwarenessEntry): boolean {
    const { isTakenByOther, isEcho } = this.options;
    return entry.json !== 'null' && !(isTakenByOther(entry.clientId) && isEcho(entry));
  }

  private introduce(entry: AwarenessEntry): void {
    const { clientId } = entry;
    const shownId = this.options.isTakenByOther(clientId) ? this.options.fallbackClientId : clientId;
    this.binding = { clientId, shownId };
    this.clock = -1;
    this.change(entry, this.binding);
  }

  private change({ clock, json }: AwarenessEntry, { shownId }: Binding): void {
    if (json === 'null') {
      if (clock < this.clock) return;
      // The client has left; another may take its place on this socket.
      this.binding = undefined;
      return this.options.show(undefined);
    }
    if (clock <= this.clock) return;
    this.clock = clock;
    this.options.show({ clientId: shownId, clock, json: this.acceptable(json) });
  }

  /** The state itself, or an empty one when it cannot be shown: then the person is shown without it. */
  private acceptable(json: string): string {
    if (Buffer.byteLength(json) > MAX_STATE_BYTES) {
      this.options.deny(`An awareness state may have at most ${MAX_STATE_BYTES} bytes; yours is not shown.`);
      return '{}';
    }
    if (!parseAwarenessState(json)) {
      this.options.deny('An awareness state must be a JSON object; yours is not shown.');
      return '{}';
    }
    return json;
  }
}
