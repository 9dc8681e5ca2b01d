import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What a {@link TcpProxy} does with what goes through it. */
export type ProxyMode =
  | { readonly kind: 'healthy' }
  /** Every byte comes so much later, in each direction. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** So much goes through in a second, in each direction of each connection; the rest waits at its sender. */
  | { readonly kind: 'narrow'; readonly bytesPerSecond: number }
  /** All connections share one line: so much goes through in a second, in each direction, in the order in which it came. */
  | { readonly kind: 'line'; readonly bytesPerSecond: number; readonly delayMs: number }
  /** Connections stay open, also new ones, and nothing goes through. */
  | { readonly kind: 'black-hole' }
  /** Connections are cut, and new ones too. */
  | { readonly kind: 'cut' };

/** What travels at once over a line. */
const PACKET_BYTES = 1_460;

interface Direction {
  /** When the line has sent everything that stands in it. */
  freeAtMs: number;
  /** What has gone through it. */
  bytes: number;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** A TCP proxy on 127.0.0.1 in front of a port of the same machine, for partitions between the two. */
export class TcpProxy {
  private readonly server: Server;
  private readonly targetPort: number;
  private readonly pairs = new Set<Pair>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly up: Direction = { freeAtMs: 0, bytes: 0 };
  private readonly down: Direction = { freeAtMs: 0, bytes: 0 };
  private mode: ProxyMode = { kind: 'healthy' };

  private constructor(targetPort: number) {
    this.targetPort = targetPort;
    this.server = createServer((near) => this.accept(near));
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy does not listen.');
    return address.port;
  }

  get connectionCount(): number {
    return this.pairs.size;
  }

  /** What has gone through a line (see {@link line}) to the target. */
  get upBytes(): number {
    return this.up.bytes;
  }

  /** What has come through a line (see {@link line}) from the target. */
  get downBytes(): number {
    return this.down.bytes;
  }

  /** Ends all connections, and each new one, until {@link heal}. */
  cut(): void {
    this.setMode({ kind: 'cut' });
    this.endAll();
  }

  /** Lets nothing through until {@link heal}. What is sent meanwhile waits, as long as the sender keeps its connection. */
  blackHole(): void {
    this.setMode({ kind: 'black-hole' });
  }

  delay(delayMs: number): void {
    this.setMode({ kind: 'slow', delayMs });
  }

  /** Of connections that are made from now on. */
  narrow(bytesPerSecond: number): void {
    this.setMode({ kind: 'narrow', bytesPerSecond });
  }

  /**
   * Of connections that are made from now on: they share a line, as those of one house do. Of each up to 64 KiB stand in
   * it; the rest waits at its sender.
   */
  line(bytesPerSecond: number, delayMs = 0): void {
    this.setMode({ kind: 'line', bytesPerSecond, delayMs });
  }

  heal(): void {
    this.setMode({ kind: 'healthy' });
  }

  async dispose(): Promise<void> {
    this.endAll();
    for (const timer of this.timers) clearTimeout(timer);
    this.server.close();
    await once(this.server, 'close');
  }

  private setMode(mode: ProxyMode): void {
    this.mode = mode;
    for (const { near, far } of this.pairs) {
      for (const socket of [near, far]) {
        if (mode.kind === 'black-hole') socket.pause();
        else socket.resume();
      }
    }
  }

  private endAll(): void {
    for (const { near, far } of this.pairs) {
      near.destroy();
      far.destroy();
    }
    this.pairs.clear();
  }

  private accept(near: Socket): void {
    // A reset is an end like any other; the end is what counts.
    near.on('error', () => undefined);
    if (this.mode.kind === 'cut') return void near.destroy();
    const far = connect(this.targetPort, '127.0.0.1');
    far.on('error', () => undefined);
    const pair = { near, far };
    this.pairs.add(pair);
    this.forward(near, far, this.up);
    this.forward(far, near, this.down);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.once('close', () => this.closed(pair));
    }
    if (this.mode.kind === 'black-hole') this.setMode(this.mode);
  }

  private closed(pair: Pair): void {
    this.pairs.delete(pair);
    pair.near.destroy();
    pair.far.destroy();
  }

  private forward(from: Socket, to: Socket, direction: Direction): void {
    const { mode: firstMode } = this;
    if (firstMode.kind === 'narrow') return this.forwardNarrowly(from, to, firstMode.bytesPerSecond);
    if (firstMode.kind === 'line') return this.forwardByLine(from, to, { ...firstMode, direction });
    from.on('data', (chunk) => {
      if (this.mode.kind !== 'slow') return void to.write(chunk);
      // All wait equally long, so that their order stays.
      this.later(this.mode.delayMs, () => to.write(chunk));
    });
  }

  private forwardNarrowly(from: Socket, to: Socket, bytesPerSecond: number): void {
    let freeAtMs = 0;
    from.on('data', (chunk) => {
      from.pause();
      freeAtMs = Math.max(freeAtMs, performance.now()) + (chunk.byteLength * 1_000) / bytesPerSecond;
      this.later(freeAtMs - performance.now(), () => {
        to.write(chunk);
        from.resume();
      });
    });
  }

  private forwardByLine(
    from: Socket,
    to: Socket,
    line: { readonly bytesPerSecond: number; readonly delayMs: number; readonly direction: Direction },
  ): void {
    const { bytesPerSecond, delayMs, direction } = line;
    from.on('data', (chunk) => {
      from.pause();
      for (let offset = 0; offset < chunk.byteLength; offset += PACKET_BYTES) {
        const packet = chunk.subarray(offset, offset + PACKET_BYTES);
        direction.freeAtMs = Math.max(direction.freeAtMs, performance.now());
        direction.freeAtMs += (packet.byteLength * 1_000) / bytesPerSecond;
        this.later(direction.freeAtMs + delayMs - performance.now(), () => {
          if (to.destroyed) return;
          direction.bytes += packet.byteLength;
          to.write(packet);
        });
      }
      this.later(direction.freeAtMs - performance.now(), () => from.resume());
    });
  }

  private later(delayMs: number, act: () => void): void {
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        act();
      },
      Math.max(0, delayMs),
    );
    this.timers.add(timer);
  }
}
