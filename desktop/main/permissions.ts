import type { Session } from 'electron';

/** The app's page needs the clipboard and nothing else of what a page can ask for. */
export function refusePermissions(session: Session): void {
  const isAllowed = (permission: string) =>
    permission === 'clipboard-sanitized-write' || permission === 'clipboard-read';
  session.setPermissionRequestHandler((_contents, permission, answer) => answer(isAllowed(permission)));
  session.setPermissionCheckHandler((_contents, permission) => isAllowed(permission));
  session.setDevicePermissionHandler(() => false);
}
