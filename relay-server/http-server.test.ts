import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createHttpServer } from './http-server.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

async function start(handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const http = createHttpServer(handler);
  onTestFinished(() => http.dispose());
  const { port } = new URL(await http.listen('127.0.0.1', 0));
  const open = async () => {
    const socket: Socket = connect(Number(port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    let text = '';
    socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    return { socket, closed: once(socket, 'close'), text: () => text };
  };
  return { http, open };
}

it('answers the requests that are running before it ends, and takes no others', async () => {
  const responses: ServerResponse[] = [];
  const { http, open } = await start((_request, response) => void responses.push(response));
  const [busy, idle] = [await open(), await open()];
  busy.socket.write(REQUEST);
  await expect.poll(() => responses.length).toBe(1);
  const finished = http.finish(60_000);
  await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  responses[0]?.end('the answer');
  await finished;
  await Promise.all([busy.closed, idle.closed]);
  expect(busy.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n[^]*the answer/);
});

it('ends what is still running after the time that it was given', async () => {
  let requests = 0;
  const { http, open } = await start(() => requests++);
  const stuck = await open();
  stuck.socket.write(REQUEST);
  await expect.poll(() => requests).toBe(1);
  await http.finish(20);
  await stuck.closed;
  expect(stuck.text()).toBe('');
});

it('is finished at once when nothing is running', async () => {
  const { http, open } = await start((_request, response) => void response.end('fine'));
  const { socket, closed, text } = await open();
  socket.write(REQUEST);
  await expect.poll(text).toContain('fine');
  await http.finish(60_000);
  await closed;
});
