import { createServer } from 'node:net';

const HOST = '127.0.0.1';

/** Returns `preferred` when nobody listens there on loopback, else 0, which stands for any free port. */
export async function preferPort(preferred: number): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(0));
    server.listen(preferred, HOST, () => server.close(() => resolve(preferred)));
  });
}
