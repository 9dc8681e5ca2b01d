import { type Scheduler, TrackedDisposable } from '../../shared/lifecycle/index.ts';
import {
  ACCESS_FEATURE,
  ChunkAssembler,
  type ClientMessage,
  clientMessageCodec,
  CLOSE_CODES,
  type CloseCode,
  DEFLATE_FEATURE,
  DIGEST_FEATURE,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_LIMITS,
  PROTOCOL_VERSION,
  ProtocolError,
  type RelayMessage,
  relayMessageCodec,
} from '../../shared/protocol/index.ts';
import type { Admitted, Doorkeeper, RoomGrant } from '../access/room-grant.ts';
import { cutText } from '../cut-text.ts';
import type { Lane, Outlet } from '../rooms/outlet.ts';
import type { RoomConnection } from '../rooms/room-connection.ts';
import type { RoomRegistry } from '../rooms/room-registry.ts';
import type { Deadlines, Watched } from './deadlines.ts';
import { Egress } from './egress.ts';
import type { ServerSocket, ServerSocketEvents } from './server-socket.ts';
import { SlowReader } from './slow-reader.ts';

type Hello = Extract<ClientMessage, { type: 'hello' }>;

type State =
  | { readonly kind: 'awaiting-hello' }
  /** The token is being checked; what comes meanwhile waits. */
  | { readonly kind: 'authenticating'; readonly waiting: Uint8Array[]; waitingBytes: number }
  | { readonly kind: 'open'; readonly place: RoomConnection; readonly grant: RoomGrant }
  /** Goodbye was said; what still comes is ignored. */
  | { readonly kind: 'closing' };

export interface ConnectionServices {
  readonly doorkeeper: Doorkeeper;
  readonly rooms: RoomRegistry;
  readonly scheduler: Scheduler;
  readonly heartbeatIntervalMs: number;
  readonly maxUpdateBytes: number;
  /** Optional abilities that this relay has (SPEC VH4). */
  readonly features: readonly string[];
  reportProblem(error: unknown): void;
}

/** A client's connection, of whatever protocol, as whoever ends them all sees it. */
export interface EndableConnection {
  /** Says goodbye and closes. */
  end(closeCode: CloseCode, explanation: string, retryAfterMs?: number): void;
  /** Cuts the socket off. */
  terminate(): void;
}

/** The room that a client wants into, and where it comes from. */
export interface Destination {
  readonly room: string;
  /** Counts for limits; empty: none hold for it. */
  readonly ipAddress: string;
}

/** Whoever keeps all connections. */
export interface ConnectionKeeper {
  /** Has every connection that has a socket. */
  readonly deadlines: Deadlines;
  /** Called once when the client was let in. */
  onAdmitted(connection: EndableConnection): void;
  /** Called once when the socket is gone. */
  onEnded(connection: EndableConnection): void;
}

const HELLO_TIMEOUT_MS = 10_000;
/** A client that does not answer the closing handshake is cut off. */
const CLOSE_TIMEOUT_MS = 3_000;
/** A client that is silent for so many heartbeats is gone. */
const SILENT_HEARTBEATS = 2.5;
const TENANT_IS_FULL = 'Too many people of your organisation are connected. Try again later.';
/** Before it is let in, a client needs to send little. */
const MAX_WAITING_FRAMES = 32;
const MAX_WAITING_BYTES = 128 * 1024;

/**
 * One client's connection, independent of the transport: handshake, token, heartbeat, limits, then the room. Most
 * connections are idle most of the time, so that what only busy ones need is made when it is needed.
 */
export class Connection extends TrackedDisposable implements Outlet, ServerSocketEvents, Watched, EndableConnection {
  private readonly socket: ServerSocket;
  private readonly room: string;
  /** Of the client; empty when no limits hold for it. */
  private readonly ipAddress: string;
  private readonly services: ConnectionServices;
  private readonly keeper: ConnectionKeeper;
  private readonly egress: Egress;
  /** Once much has waited. */
  private slowReader: SlowReader | undefined;
  /** Once a chunk has come. */
  private assembler: ChunkAssembler | undefined;
  private state: State = { kind: 'awaiting-hello' };
  private nextToken: string | undefined;
  private isRenewing = false;
  private heardAtMs: number;
  /** Until then it may wait to be let in; then its token counts so long; or it may take so long to close. */
  private limitAtMs: number;

  constructor(
    socket: ServerSocket,
    { room, ipAddress }: Destination,
    services: ConnectionServices,
    keeper: ConnectionKeeper,
  ) {
    super();
    this.socket = socket;
    this.room = room;
    this.ipAddress = ipAddress;
    this.services = services;
    this.keeper = keeper;
    this.egress = new Egress(socket, services.scheduler);
    this.heardAtMs = services.scheduler.elapsedMs();
    this.limitAtMs = this.heardAtMs + HELLO_TIMEOUT_MS;
    keeper.deadlines.add(this);
    socket.listen(this);
  }

  onFrame(frame: Uint8Array): void {
    this.receive(frame);
  }

  onText(): void {
    this.end(CLOSE_CODES.protocol, 'Text frames are not part of the protocol.');
  }

  onDrain(): void {
    if (this.isDisposed) return;
    this.egress.pump();
    this.assess();
  }

  onPong(marker: number): void {
    this.egress.noteAnswer(marker);
  }

  onClose(): void {
    this.dispose();
  }

  get isLagging(): boolean {
    return this.slowReader?.isLagging ?? false;
  }

  send(message: RelayMessage, lane: Lane, onSent?: () => void): void {
    if (this.state.kind === 'closing') return;
    this.egress.send(message, lane, onSent);
    this.assess();
  }

  sendFrame(frame: Uint8Array, lane: Lane): void {
    if (this.state.kind === 'closing') return;
    // The usual case: a client that is sent everything at once is not behind.
    if (!this.isLagging && this.egress.sendAtOnce(frame)) return;
    this.egress.sendFrame(frame, lane);
    this.assess();
  }

  end(closeCode: CloseCode, explanation: string, retryAfterMs = 0): void {
    if (this.state.kind === 'closing') return;
    this.leaveRoom();
    this.egress.clear();
    const goodbye = { type: 'goodbye', closeCode, retryAfterMs, explanation: cutText(explanation, 1024) } as const;
    this.socket.send(relayMessageCodec.encode(goodbye));
    this.socket.close(closeCode, cutText(explanation, 120));
    this.limitAtMs = this.services.scheduler.elapsedMs() + CLOSE_TIMEOUT_MS;
    this.keeper.deadlines.noteEarlier(this);
  }

  /** Ends the connection without a word. */
  protected release(): void {
    this.leaveRoom();
    this.egress.clear();
    this.keeper.deadlines.delete(this);
    this.keeper.onEnded(this);
  }

  /** Cuts the socket off. */
  terminate(): void {
    this.socket.terminate();
    this.dispose();
  }

  private leaveRoom(): void {
    const { state } = this;
    this.state = { kind: 'closing' };
    if (state.kind === 'open') state.place.dispose();
  }

  private receive(frame: Uint8Array): void {
    this.heardAtMs = this.services.scheduler.elapsedMs();
    const { state } = this;
    if (state.kind === 'closing') return;
    try {
      if (frame.byteLength > PROTOCOL_LIMITS.maxFrameBytes) {
        throw new ProtocolError(`a frame of ${frame.byteLength} bytes exceeds ${PROTOCOL_LIMITS.maxFrameBytes}`, 4413);
      }
      if (state.kind === 'authenticating') {
        state.waitingBytes += frame.byteLength;
        if (state.waiting.push(frame) > MAX_WAITING_FRAMES || state.waitingBytes > MAX_WAITING_BYTES)
          throw new ProtocolError('too much before welcome');
        return;
      }
      this.take(clientMessageCodec.decode(frame));
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (error instanceof ProtocolError) return this.end(error.closeCode, error.message);
    this.services.reportProblem(error);
    this.end(CLOSE_CODES.tryAgainLater, 'The relay failed to handle a message.', 1_000);
  }

  private take(message: ClientMessage): void {
    if (this.state.kind === 'awaiting-hello') {
      if (message.type !== 'hello') throw new ProtocolError(`${message.type} came before hello`);
      this.greet(message).catch((error: unknown) => this.fail(error));
      return;
    }
    if (this.state.kind !== 'open') return;
    switch (message.type) {
      case 'hello':
        throw new ProtocolError('hello came twice');
      case 'ping':
        return this.send({ type: 'pong', nonce: message.nonce }, 'control');
      case 'renew':
        return this.takeRenewal(message.token);
      case 'chunk':
        return this.takeChunk(message);
      default:
        this.state.place.receive(message);
    }
  }

  private takeChunk(chunk: Extract<ClientMessage, { type: 'chunk' }>): void {
    this.assembler ??= new ChunkAssembler();
    const whole = this.assembler.add(chunk);
    if (!whole) return;
    const message = clientMessageCodec.decode(whole);
    if (message.type === 'chunk' || message.type === 'hello') throw new ProtocolError(`${message.type} inside chunks`);
    this.take(message);
  }

  private async greet(hello: Hello): Promise<void> {
    const version = Math.min(hello.version, PROTOCOL_VERSION);
    if (version < Math.max(hello.oldestVersion, OLDEST_PROTOCOL_VERSION)) {
      const spoken = `${OLDEST_PROTOCOL_VERSION} to ${PROTOCOL_VERSION}`;
      return this.end(CLOSE_CODES.version, `This relay speaks protocol versions ${spoken}. Update Tutti or the relay.`);
    }
    const waiting: Uint8Array[] = [];
    this.state = { kind: 'authenticating', waiting, waitingBytes: 0 };
    const admitted = await this.admit(hello.token, this.ipAddress || undefined);
    if (!admitted || this.isClosing()) return;
    if (this.services.rooms.isFullFor(admitted.grant))
      return this.end(CLOSE_CODES.tryAgainLater, TENANT_IS_FULL, 5_000);
    this.keeper.onAdmitted(this);
    this.welcome(hello, version, admitted);
    for (const frame of waiting) this.receive(frame);
  }

  private welcome(hello: Hello, version: number, admitted: Admitted): void {
    const { grant, standing } = admitted;
    const { rooms, heartbeatIntervalMs, maxUpdateBytes, features, scheduler } = this.services;
    const used = hello.features.filter((feature) => features.includes(feature));
    const place = rooms.join(admitted, hello.sessionId, this, {
      canInflate: used.includes(DEFLATE_FEATURE),
      hearsAccess: used.includes(ACCESS_FEATURE),
      hearsDigests: used.includes(DIGEST_FEATURE),
    });
    this.state = { kind: 'open', place, grant };
    const { presenceId } = place;
    const { room, subject, name, expiresAtMs } = grant;
    this.send(
      {
        type: 'welcome',
        version,
        connectionId: rooms.createName(16),
        presenceId,
        room,
        subject,
        name,
        role: used.includes(ACCESS_FEATURE) ? standing.role : standing.writesAs,
        nowMs: scheduler.now(),
        tokenExpiresAtMs: expiresAtMs,
        heartbeatIntervalMs,
        maxUpdateBytes,
        features: used,
      },
      'control',
    );
    place.start();
    if (!this.isClosing()) this.setExpiry(expiresAtMs);
  }

  /** Of those that come while one is checked, the last counts. */
  private takeRenewal(token: string): void {
    const isChecking = this.isRenewing;
    this.nextToken = token;
    if (!isChecking) this.renewAll().catch((error: unknown) => this.fail(error));
  }

  private async renewAll(): Promise<void> {
    this.isRenewing = true;
    for (let token = this.nextToken; token !== undefined; token = this.nextToken) {
      this.nextToken = undefined;
      await this.renew(token);
    }
    this.isRenewing = false;
  }

  private async renew(token: string): Promise<void> {
    if (this.state.kind !== 'open') return;
    const admitted = await this.admit(token);
    if (!admitted || this.state.kind !== 'open') return;
    const { grant, standing } = admitted;
    const { subject, tenant } = this.state.grant;
    const isSamePart = String(grant.paths) === String(this.state.grant.paths);
    if (grant.subject !== subject || grant.tenant !== tenant || !isSamePart) {
      return this.end(CLOSE_CODES.unauthenticated, 'The fresh token is for somebody else.');
    }
    this.state = { ...this.state, grant };
    this.state.place.renew(admitted);
    this.setExpiry(grant.expiresAtMs);
    this.send({ type: 'renewed', role: standing.writesAs, tokenExpiresAtMs: grant.expiresAtMs }, 'control');
  }

  private async admit(token: string, ipAddress?: string): Promise<Admitted | undefined> {
    try {
      const admission = await this.services.doorkeeper.admit(token, this.room, ipAddress);
      if (admission.kind === 'admitted') return admission;
      this.end(admission.closeCode, admission.explanation, admission.retryAfterMs);
    } catch (error) {
      this.services.reportProblem(error);
      this.end(CLOSE_CODES.tryAgainLater, 'The relay cannot check tokens now.', 2_000);
    }
    return undefined;
  }

  private isClosing(): boolean {
    return this.state.kind === 'closing';
  }

  private setExpiry(expiresAtMs: number): void {
    if (this.isClosing()) return;
    // A clock that is set back makes no token last longer.
    const { scheduler } = this.services;
    this.limitAtMs = scheduler.elapsedMs() + expiresAtMs - scheduler.now();
    this.keeper.deadlines.noteEarlier(this);
  }

  /** When nothing must have happened for something to be wrong. */
  get dueAtMs(): number {
    if (this.state.kind !== 'open') return this.limitAtMs;
    return Math.min(this.limitAtMs, this.heardAtMs + SILENT_HEARTBEATS * this.services.heartbeatIntervalMs);
  }

  onDue(nowMs: number): void {
    if (this.state.kind === 'closing') this.terminate();
    else if (this.state.kind !== 'open') this.end(CLOSE_CODES.handshakeTimeout, 'No hello came in time.');
    else if (nowMs >= this.limitAtMs) this.end(CLOSE_CODES.unauthenticated, 'The token has expired.');
    else this.end(CLOSE_CODES.tryAgainLater, 'Nothing was heard from you for too long.');
  }

  private assess(): void {
    if (this.state.kind === 'closing') return;
    if (!this.slowReader && !SlowReader.isNeededFor(this.egress)) return;
    this.slowReader ??= new SlowReader(this.egress, this.services.scheduler);
    const verdict = this.slowReader.assess();
    if (verdict === 'hopeless')
      this.end(CLOSE_CODES.tryAgainLater, 'The connection is too slow for what it is sent.', 5_000);
    else if (verdict === 'recovered' && this.state.kind === 'open') this.state.place.caughtUp();
  }
}
