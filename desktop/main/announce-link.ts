import type { DesktopRooms } from './session/desktop-rooms.ts';
import { whenRefused } from './session/when-refused.ts';

/** Prints a share link of the first room that opens, or why there is none, for the script that started the app. */
export function announceLink(rooms: DesktopRooms): void {
  const subscription = rooms.onDidOpenRoom((host) => {
    subscription.dispose();
    void whenRefused(host).then((explanation) => console.log(`tutti-link-failed ${explanation}`));
    void host.whenOnline().then(async () => {
      const link = await host.links.create({ role: 'editor' });
      console.log(link.ok ? `tutti-link ${link.value.url}` : `tutti-link-failed ${link.explanation}`);
    });
  });
}
