import { expect, it, onTestFinished } from 'vitest';
import { connectToServer } from '../testing/connect-to-server.ts';
import { endUnreadBody } from './unread-body.ts';

const WITHIN_MS = 100;

/** A server that answers at once whatever it is sent, and a client. */
async function start() {
  const listeners: number[] = [];
  const socket = await connectToServer((request, response) => {
    listeners.push(request.socket.listenerCount('close'));
    endUnreadBody(request, response, WITHIN_MS);
    response.writeHead(401, { 'Content-Length': 0 }).end();
  });
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { socket, closed, listeners, text: () => text };
}

it('the connection of a body that nobody reads ends after its answer, however it comes', async () => {
  const { socket, closed, text } = await start();
  socket.write('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n');
  const trickle = setInterval(() => socket.write('x'), WITHIN_MS / 5);
  onTestFinished(() => clearInterval(trickle));
  await closed;
  expect(text()).toContain('401 Unauthorized');
});

it('a connection whose bodies come to their end stays', async () => {
  const { socket, listeners, text } = await start();
  const answers = () => text().split('401 Unauthorized').length - 1;
  for (let count = 1; count <= 3; count++) {
    socket.write('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01234');
    await expect.poll(answers).toBe(count);
    socket.write('56789');
    await new Promise((resolve) => setTimeout(resolve, 2 * WITHIN_MS));
  }
  expect(socket.destroyed).toBe(false);
  // Each takes back what it has added.
  expect(new Set(listeners).size).toBe(1);
});
