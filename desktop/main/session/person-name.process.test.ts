import { expect, it, onTestFinished } from 'vitest';
import { AttachedSession } from '../../../shared/sync/attachment/index.ts';
import { createAttachmentPair } from '../../../shared/testing/attachment-pair.ts';
import { shareFolder } from '../testing/mirroring.ts';
import type { RoomHost } from './room-host.ts';

const PATIENCE = { timeout: 10_000, interval: 20 } as const;

/** A window on the room. */
function attachWindow(host: RoomHost): AttachedSession {
  const { engine, window } = createAttachmentPair();
  const attached = host.attach(engine);
  const session = new AttachedSession();
  session.attach(window);
  onTestFinished(() => {
    session.dispose();
    attached.dispose();
  });
  return session;
}

it('is another one for everybody at once, as the same person, and after a restart', async () => {
  const { ana, host, link, folder, newcomer } = await shareFolder({ 'a.txt': 'a\n' });
  const [ben, own] = [attachWindow(await newcomer('ben').join(link)), attachWindow(host)];
  const seen = () => [...ben.participants.values()].map(({ subject, name }) => ({ subject, name }));
  await expect.poll(seen, PATIENCE).toHaveLength(1);
  const [{ subject } = { subject: '' }] = seen();
  const rooms = await ana.start();
  expect(rooms.changePersonName(' ')).toMatchObject({ ok: false });
  expect(rooms.changePersonName(' Ana B. ')).toEqual({ ok: true, value: true });
  await expect.poll(seen, PATIENCE).toEqual([{ subject, name: 'Ana B.' }]);
  await expect.poll(() => own.self, PATIENCE).toMatchObject({ subject, name: 'Ana B.' });
  await ana.quit();
  await expect.poll(seen, PATIENCE).toEqual([]);
  await ana.open(folder);
  await expect.poll(seen, PATIENCE).toEqual([{ subject, name: 'Ana B.' }]);
});
