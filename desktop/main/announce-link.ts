import type { Disposable } from '../../shared/lifecycle/index.ts';
import type { DesktopRooms } from './session/desktop-rooms.ts';
import { whenRefused } from './session/when-refused.ts';
import { terminalText } from './terminal-text.ts';

/**
 * Prints a share link of the first room of one's own that opens, or why there is none, for the script that started the
 * app; and that there is no such room when none has opened by the time that `started` resolves, with why what was asked
 * for did not open if it gives that. Disposing the result ends the wait for one.
 */
export function announceLink(rooms: DesktopRooms, started?: Promise<string | undefined>): Disposable {
  let isFound = false;
  const subscription = rooms.onDidOpenRoom((host) => {
    if (!host.isOwner) return;
    isFound = true;
    subscription.dispose();
    void whenRefused(host).then((explanation) => console.log(`tutti-link-failed ${terminalText(explanation)}`));
    void host.whenOnline().then(async () => {
      const link = await host.links.create({ role: 'editor' });
      console.log(link.ok ? `tutti-link ${link.value.url}` : `tutti-link-failed ${terminalText(link.explanation)}`);
    });
  });
  void started?.then(
    (failure) => {
      if (!isFound) console.log(failure === undefined ? 'tutti-no-room' : `tutti-no-room ${terminalText(failure)}`);
    },
    // Whoever started it tells.
    () => undefined,
  );
  return subscription;
}
