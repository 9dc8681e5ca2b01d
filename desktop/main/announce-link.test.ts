import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { announceLink } from './announce-link.ts';
import { DesktopRooms } from './session/desktop-rooms.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

async function openRooms(data: string): Promise<DesktopRooms> {
  vi.stubEnv('XDG_STATE_HOME', data);
  onTestFinished(() => void vi.unstubAllEnvs());
  const options = { relayUrl: 'http://127.0.0.1:9', operatorToken: undefined, seal: undefined };
  const rooms = await DesktopRooms.open({ dataFolder: join(data, 'app'), ...options });
  onTestFinished(() => rooms.close());
  return rooms;
}

it('says that no room is open to which a link could lead, once the app has started', async () => {
  const printed = vi.spyOn(console, 'log').mockReturnValue();
  onTestFinished(() => printed.mockRestore());
  const started = Promise.withResolvers<undefined>();
  const announcing = announceLink(await openRooms(temporaryFolder()), started.promise);
  onTestFinished(() => announcing.dispose());
  expect(printed).not.toHaveBeenCalled();
  started.resolve(undefined);
  await vi.waitFor(() => expect(printed.mock.calls).toEqual([['tutti-no-room']]));
});

it('says why what was asked for did not open', async () => {
  const printed = vi.spyOn(console, 'log').mockReturnValue();
  onTestFinished(() => printed.mockRestore());
  const announcing = announceLink(
    await openRooms(temporaryFolder()),
    Promise.resolve('"a\u001b[2J" is shared already.'),
  );
  onTestFinished(() => announcing.dispose());
  await vi.waitFor(() => expect(printed.mock.calls).toEqual([['tutti-no-room "a\\x1b[2J" is shared already.']]));
});
