import type { DesktopRooms } from './session/desktop-rooms.ts';

/** Prints a share link of the first room that opens, for the script that started the app. */
export function announceLink(rooms: DesktopRooms): void {
  const subscription = rooms.onDidOpenRoom((host) => {
    subscription.dispose();
    void host.whenOnline().then(async () => {
      const link = await host.links.create({ role: 'editor' });
      console.log(link.ok ? `tutti-link ${link.value.url}` : `tutti-link-failed ${link.explanation}`);
    });
  });
}
