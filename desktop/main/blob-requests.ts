import { basename } from 'node:path';
import { type BrowserWindow, dialog } from 'electron';
import type { BlobChannels } from '../ipc/index.ts';
import { MAX_COPIED_BYTES } from './session/room-contents.ts';
import type { RoomHost } from './session/room-host.ts';

/** Answers of one open room to what is asked in a window about files that are no texts. */
export type BlobAnswers = {
  readonly [C in keyof BlobChannels]: (
    request: BlobChannels[C]['request'],
    host: RoomHost,
    window: BrowserWindow,
  ) => Promise<BlobChannels[C]['response']>;
};

export const BLOB_ANSWERS: BlobAnswers = {
  'blob:read': ({ fileId }, { contents }) => contents.read(fileId),
  'blob:read-whole': ({ fileId }, { contents }) => contents.read(fileId, MAX_COPIED_BYTES),
  'blob:save-copy': async ({ fileId }, { contents }, window) => {
    const path = contents.pathOf(fileId);
    if (path === undefined) return { ok: false, explanation: 'The file is not in the room any more.' };
    const { canceled, filePath } = await dialog.showSaveDialog(window, { defaultPath: basename(path) });
    return canceled || filePath === '' ? { ok: true, value: false } : contents.saveCopy(fileId, filePath);
  },
};

/** The channels that {@link BLOB_ANSWERS} answers. */
export const BLOB_CHANNELS = Object.keys(BLOB_ANSWERS) as readonly (keyof BlobChannels)[];
