import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** In the place of a relay, a network that swallows everything: it takes connections and never answers. Its owner stops it. */
export class SilentServer {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor() {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  static async start(port: number): Promise<SilentServer> {
    const silent = new SilentServer();
    silent.server.listen(port, '127.0.0.1');
    await once(silent.server, 'listening');
    return silent;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}
