import type { Session } from 'electron';
import { expect, it } from 'vitest';
import { refusePermissions } from './permissions.ts';

const REFUSED = [
  ...['media', 'geolocation', 'notifications', 'midi', 'midiSysex', 'pointerLock', 'fullscreen', 'openExternal'],
  ...['display-capture', 'fileSystem', 'hid', 'serial', 'usb', 'idle-detection', 'window-management', 'keyboardLock'],
  ...['speaker-selection', 'storage-access', 'top-level-storage-access', 'mediaKeySystem', 'unknown', ''],
];

type Answer = (isAllowed: boolean) => void;

it('allows the clipboard and nothing else, asked or checked, and no device', () => {
  let request: ((contents: unknown, permission: string, answer: Answer) => void) | undefined;
  let check: ((contents: unknown, permission: string) => boolean) | undefined;
  let device: (() => boolean) | undefined;
  const session = {
    setPermissionRequestHandler: (handler: typeof request) => (request = handler),
    setPermissionCheckHandler: (handler: typeof check) => (check = handler),
    setDevicePermissionHandler: (handler: typeof device) => (device = handler),
  };
  refusePermissions(session as unknown as Session);
  const isAllowed = (permission: string) => {
    const answers: boolean[] = [];
    request?.(null, permission, (answer) => answers.push(answer));
    return [...answers, check?.(null, permission)];
  };
  for (const permission of ['clipboard-read', 'clipboard-sanitized-write'])
    expect(isAllowed(permission)).toEqual([true, true]);
  for (const permission of REFUSED) expect([permission, isAllowed(permission)]).toEqual([permission, [false, false]]);
  expect(device?.()).toBe(false);
});
