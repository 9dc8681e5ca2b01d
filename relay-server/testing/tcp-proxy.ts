import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What a {@link TcpProxy} does with what goes through it. */
export type ProxyMode =
  | { readonly kind: 'healthy' }
  /** Every byte comes so much later, in each direction. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** So much goes through in a second, in each direction of each connection; the rest waits at its sender. */
  | { readonly kind: 'narrow'; readonly bytesPerSecond: number }
  /** Connections stay open, also new ones, and nothing goes through. */
  | { readonly kind: 'black-hole' }
  /** Connections are cut, and new ones too. */
  | { readonly kind: 'cut' };

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
    this.forward(near, far);
    this.forward(far, near);
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

  private forward(from: Socket, to: Socket): void {
    const { mode: firstMode } = this;
    if (firstMode.kind === 'narrow') return this.forwardNarrowly(from, to, firstMode.bytesPerSecond);
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
      this.later(Math.max(0, freeAtMs - performance.now()), () => {
        to.write(chunk);
        from.resume();
      });
    });
  }

  private later(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, delayMs);
    this.timers.add(timer);
  }
}
