import { createServer, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A bare connection to an HTTP server on loopback that answers by `listener`; both end with the test. */
export async function connectToServer(listener: RequestListener): Promise<Socket> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const socket = connect({ host: '127.0.0.1', port: typeof address === 'object' && address ? address.port : 0 });
  onTestFinished(() => void socket.destroy());
  // What a test looks for is that it ends, however it does.
  socket.on('error', () => undefined);
  return socket;
}
