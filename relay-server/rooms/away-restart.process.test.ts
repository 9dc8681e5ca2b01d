import { expect, it, onTestFinished } from 'vitest';
import type { RoomSession } from '../../shared/sync/index.ts';
import { startEngine } from '../testing/engine-on-relay.ts';
import { findFreePort } from '../testing/free-port.ts';
import { startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';

const ROOM = 'room';

function textOf(session: RoomSession) {
  const lease = session.open('file');
  onTestFinished(() => lease.dispose());
  return lease.replica.doc.getText('content');
}

it('who is back first after the relay was stopped is told what the others bring, who edited the same line meanwhile', async () => {
  const data = temporaryFolder();
  const port = String(await findFreePort());
  const serve = () => startRelay('--data', data, '--port', port);
  const relay = await serve();
  const proxy = await TcpProxy.start(Number(port));
  onTestFinished(() => proxy.dispose());
  const start = async (url: string, subject: string) =>
    startEngine(url, ROOM, await tokenFor(data, ROOM, 'editor', '--subject', subject));
  const ana = await start(`http://127.0.0.1:${proxy.port}`, 'ana');
  const ben = await start(relay.url, 'ben');
  const [anas, bens] = [textOf(ana), textOf(ben)];
  await expect.poll(() => [ana.state.kind, ben.state.kind]).toEqual(['online', 'online']);
  anas.insert(0, 'one line\n');
  await expect.poll(() => bens.toString()).toBe('one line\n');

  await relay.end('SIGINT');
  await expect.poll(() => [ana.state.kind, ben.state.kind]).not.toContain('online');
  proxy.cut();
  anas.insert(3, ' of Ana');
  bens.insert(3, ' of Ben');
  await serve();
  ben.retryNow();
  await expect.poll(() => ben.state.kind, { timeout: 20_000 }).toBe('online');
  expect(ben.away.summary).toBeUndefined();
  proxy.heal();
  ana.retryNow();
  await expect.poll(() => ana.away.summary?.changes, { timeout: 20_000 }).toMatchObject([{ text: 'both' }]);
  await expect.poll(() => ben.away.summary?.changes, { timeout: 20_000 }).toMatchObject([{ text: 'both' }]);
  expect(ben.away.summary?.changes[0]?.overlaps).toHaveLength(1);
});
