import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** The way of one device to a server on this machine: it can be cut, and the bytes on it are counted. Its owner stops it. */
export class CountedNetwork {
  private readonly server: Server;
  private readonly targetPort: number;
  private readonly sockets = new Set<Socket>();
  private isCut = false;
  /** From the device. */
  upBytes = 0;
  /** To the device. */
  downBytes = 0;

  private constructor(targetPort: number) {
    this.targetPort = targetPort;
    this.server = createServer((near) => this.accept(near));
  }

  static async start(targetPort: number): Promise<CountedNetwork> {
    const network = new CountedNetwork(targetPort);
    network.server.listen(0, '127.0.0.1');
    await once(network.server, 'listening');
    return network;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the network does not listen');
    return address.port;
  }

  /** Ends every connection; new ones end at once until {@link mend}. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
    this.upBytes = 0;
    this.downBytes = 0;
  }

  async stop(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(near: Socket): void {
    if (this.isCut) {
      near.destroy();
      return;
    }
    const far = connect(this.targetPort, '127.0.0.1');
    this.pass(near, far, (bytes) => (this.upBytes += bytes));
    this.pass(far, near, (bytes) => (this.downBytes += bytes));
  }

  private pass(from: Socket, to: Socket, count: (bytes: number) => void): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      count(chunk.byteLength);
      to.write(chunk);
    });
    from.on('end', () => to.end());
    // A reset is an end like any other; what counts is that the other side hears of it.
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }
}
