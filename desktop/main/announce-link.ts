import type { Disposable } from '../../shared/lifecycle/index.ts';
import type { DesktopRooms } from './session/desktop-rooms.ts';
import { whenRefused } from './session/when-refused.ts';

/**
 * Prints a share link of the first room of one's own that opens, or why there is none, for the script that started the
 * app; and that there is no such room when none has opened by the time that `started` resolves. Disposing the result
 * ends the wait for one.
 */
export function announceLink(rooms: DesktopRooms, started?: Promise<void>): Disposable {
  let isFound = false;
  const subscription = rooms.onDidOpenRoom((host) => {
    if (!host.isOwner) return;
    isFound = true;
    subscription.dispose();
    void whenRefused(host).then((explanation) => console.log(`tutti-link-failed ${explanation}`));
    void host.whenOnline().then(async () => {
      const link = await host.links.create({ role: 'editor' });
      console.log(link.ok ? `tutti-link ${link.value.url}` : `tutti-link-failed ${link.explanation}`);
    });
  });
  void started?.then(
    () => void (isFound || console.log('tutti-no-room')),
    // Whoever started it tells.
    () => undefined,
  );
  return subscription;
}
