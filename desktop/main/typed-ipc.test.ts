import { expect, it, onTestFinished, vi } from 'vitest';
import { ask, ipcMain } from './testing/fake-electron.ts';
import { handleInvoke } from './typed-ipc.ts';

vi.mock('electron', () => import('./testing/fake-electron.ts'));

const CHANNEL = 'clipboard:write';

function setUp() {
  const answered: unknown[] = [];
  const handle = vi.spyOn(ipcMain, 'handle');
  const handler = handleInvoke(
    CHANNEL,
    (value) => (value === 'good' ? { request: { text: 'good' } } : undefined),
    async (request) => {
      answered.push(request);
      return { ok: true, value: true } as const;
    },
  );
  onTestFinished(() => {
    handler.dispose();
    handle.mockRestore();
  });
  const answer = handle.mock.calls[0]?.[1];
  if (!answer) throw new Error('nobody handles the channel');
  return { answered, answer };
}

it('serves the top frame of the app’s own page', async () => {
  const { answered } = setUp();
  await ask(1, CHANNEL, 'good');
  expect(answered).toEqual([{ text: 'good' }]);
});

it.each([
  'https://evil.example/',
  'http://127.0.0.1:4444/join/room',
  'file:///index.html',
  'tutti-app://app.evil.example/index.html',
  'tutti-app://other/index.html',
  'tutti-app://app',
  'about:blank',
  'data:text/html,x',
  '',
])('serves no page at %j', async (url) => {
  const { answered } = setUp();
  await expect(ask(1, CHANNEL, 'good', url)).rejects.toThrow('not from the app');
  expect(answered).toEqual([]);
});

it('serves no frame within the page, and none that is gone', async () => {
  const { answer, answered } = setUp();
  const url = 'tutti-app://app/index.html';
  const frames = [{ parent: { url }, url }, null];
  for (const senderFrame of frames)
    await expect(answer({ senderFrame, sender: { id: 1 } }, 'good')).rejects.toThrow('not from the app');
  expect(answered).toEqual([]);
});

it('hands on nothing that its reader refuses', async () => {
  const { answered } = setUp();
  await expect(ask(1, CHANNEL, { text: 'bad' })).rejects.toThrow('wrong form');
  expect(answered).toEqual([]);
});
