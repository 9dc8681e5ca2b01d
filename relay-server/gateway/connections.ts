import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { CLOSE_CODES } from '../../shared/protocol/index.ts';
import { Connection, type ConnectionKeeper, type ConnectionServices, type EndableConnection } from './connection.ts';
import { Deadlines } from './deadlines.ts';
import type { ServerSocket } from './server-socket.ts';

export interface ConnectionsOptions {
  readonly services: ConnectionServices;
  readonly scheduler: Scheduler;
  /** A float in [0, 1). Not used for secrets. */
  readonly random: () => number;
  /** Connections that may wait to be let in at once. */
  readonly maxWaiting: number;
}

/** What is said to those who are sent away before a restart. */
export const RESTARTING = 'The relay is restarting.';
const CROWDED = 'Too many wait to be let in at once.';
const MAX_RETRY_HINT_MS = 1_000;

/** All connections of a node. */
export class Connections implements ConnectionKeeper {
  /** Every connection that has a socket, of whatever protocol. */
  readonly all = new Set<EndableConnection>();
  readonly deadlines: Deadlines;
  private readonly options: ConnectionsOptions;
  private readonly waiting = new Set<EndableConnection>();
  private isDraining = false;

  constructor(options: ConnectionsOptions) {
    this.options = options;
    this.deadlines = new Deadlines(options.scheduler);
  }

  /** Takes over a fresh socket that wants into `room`. */
  accept(socket: ServerSocket, room: string, ipAddress = ''): void {
    const { services, maxWaiting } = this.options;
    const connection = new Connection(socket, { room, ipAddress }, services, this);
    this.all.add(connection);
    this.waiting.add(connection);
    if (this.waiting.size > maxWaiting) connection.end(CLOSE_CODES.tryAgainLater, CROWDED, MAX_RETRY_HINT_MS);
    if (this.isDraining) connection.end(CLOSE_CODES.serviceRestart, RESTARTING, MAX_RETRY_HINT_MS);
  }

  onAdmitted(connection: EndableConnection): void {
    this.waiting.delete(connection);
  }

  onEnded(connection: EndableConnection): void {
    this.waiting.delete(connection);
    this.all.delete(connection);
  }

  /** From now on nobody is let in any more. */
  close(): void {
    this.isDraining = true;
  }

  /** Says goodbye to everybody, spread over `withinMs` so that they do not all come to another node at once. */
  async sendAway(withinMs: number): Promise<void> {
    const { scheduler, random } = this.options;
    const leaving = [...this.all].map(async (connection) => {
      const delayMs = Math.floor(random() * withinMs);
      if (delayMs > 0) await new Promise<void>((resolve) => void scheduler.schedule(resolve, delayMs));
      connection.end(CLOSE_CODES.serviceRestart, RESTARTING, 1 + Math.floor(random() * MAX_RETRY_HINT_MS));
    });
    await Promise.all(leaving);
  }

  /** Ends everything without a word. */
  terminateAll(): void {
    for (const connection of this.all) connection.terminate();
  }
}
