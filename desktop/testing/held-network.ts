import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** The way of one device to a relay on this machine. What goes over it can be held back. Its owner stops it. */
export class HeldNetwork {
  private readonly server: Server;
  private readonly targetPort: number;
  private readonly sockets = new Set<Socket>();
  private isHeld = false;

  private constructor(targetPort: number) {
    this.targetPort = targetPort;
    this.server = createServer((near) => this.accept(near));
  }

  static async start(targetPort: number): Promise<HeldNetwork> {
    const network = new HeldNetwork(targetPort);
    network.server.listen(0, '127.0.0.1');
    await once(network.server, 'listening');
    return network;
  }

  /** The relay as the device reaches it. */
  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the network does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Keeps everything that is sent, either way, until {@link release}. Nobody is told. */
  hold(): void {
    this.isHeld = true;
    for (const socket of this.sockets) socket.pause();
  }

  release(): void {
    this.isHeld = false;
    for (const socket of this.sockets) socket.resume();
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(near: Socket): void {
    const far = connect(this.targetPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (chunk) => to.write(chunk));
      from.on('end', () => to.end());
      // A reset is an end like any other; what counts is that the other side hears of it.
      from.on('error', () => to.destroy());
      from.on('close', () => this.sockets.delete(from));
      if (this.isHeld) from.pause();
    }
  }
}
