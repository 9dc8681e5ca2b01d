import { join } from 'node:path';
import { type BrowserWindow, dialog, shell } from 'electron';
import type { MirrorChannels, Outcome } from '../ipc/index.ts';
import type { RoomHost } from './session/room-host.ts';

/** Answers of one open room to what is asked in a window about the folder that mirrors it. */
export type MirrorAnswers = {
  readonly [C in keyof MirrorChannels]: (
    request: MirrorChannels[C]['request'],
    host: RoomHost,
    window: BrowserWindow,
  ) => Promise<MirrorChannels[C]['response']>;
};

export const MIRROR_ANSWERS: MirrorAnswers = {
  'mirror:choose-folder': async (_request, { mirror }, window) => {
    const options = { title: 'Mirror to Folder', buttonLabel: 'Mirror Here' };
    const { canceled, filePaths } = await dialog.showOpenDialog(window, {
      ...options,
      properties: ['openDirectory', 'createDirectory'],
    });
    const path = filePaths[0];
    return canceled || path === undefined ? { ok: true, value: false } : mirror.choose(path);
  },
  'mirror:review': (_request, { mirror }) => mirror.review(),
  'mirror:read-difference': ({ path }, { mirror }) => mirror.readDifference(path),
  'mirror:start': (choices, { mirror }) => mirror.start(choices),
  'mirror:cancel': async (_request, { mirror }) => {
    mirror.cancel();
    return { ok: true, value: true };
  },
  'mirror:stop': async (_request, { mirror }) => {
    await mirror.stop();
    return { ok: true, value: true };
  },
  'mirror:show-backup': async (_request, { mirror }) =>
    show(mirror.lastBackup, 'No backup was made for this room on this device.'),
  'mirror:show-file': async ({ path }, { mirror }) => {
    const { folder } = mirror;
    // Only what the person was told of: it may lie below a link, which is not to be followed.
    const isTold = mirror.isUnshared(path);
    return show(folder !== undefined && isTold ? join(folder, path) : undefined, 'The file is shared by now, or gone.');
  },
  'mirror:show-folder': async (_request, { mirror }) =>
    show(mirror.folder, 'The room is not mirrored to a folder on this device.'),
};

function show(path: string | undefined, otherwise: string): Outcome<boolean> {
  if (path === undefined) return { ok: false, explanation: otherwise };
  shell.showItemInFolder(path);
  return { ok: true, value: true };
}

/** The channels that {@link MIRROR_ANSWERS} answers. */
export const MIRROR_CHANNELS = Object.keys(MIRROR_ANSWERS) as readonly (keyof MirrorChannels)[];
