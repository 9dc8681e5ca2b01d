import type { MirrorChannels, MirrorChoices } from '../ipc/index.ts';
import { nothing, readField, readText } from './request-fields.ts';
import type { RequestReader } from './typed-ipc.ts';

/** As many files as a room can list. */
const MAX_PATHS = 100_000;

/** One check per channel: what comes from a window is untrusted. */
export const MIRROR_READERS: { readonly [C in keyof MirrorChannels]: RequestReader<C> } = {
  'mirror:choose-folder': nothing,
  'mirror:review': nothing,
  'mirror:read-difference': (value) => {
    const path = readText(value, 'path');
    return path === undefined ? undefined : { request: { path } };
  },
  'mirror:start': (value) => {
    const request = readChoices(value);
    return request && { request };
  },
  'mirror:cancel': nothing,
  'mirror:stop': nothing,
  'mirror:show-backup': nothing,
  'mirror:show-file': (value) => {
    const path = readText(value, 'path');
    return path === undefined ? undefined : { request: { path } };
  },
  'mirror:show-folder': nothing,
};

function readChoices(value: unknown): MirrorChoices | undefined {
  const sharesOthers = readField(value, 'sharesOthers');
  const allowsLargeBackup = readField(value, 'allowsLargeBackup');
  const given = readField(value, 'mine');
  if (typeof sharesOthers !== 'boolean' || typeof allowsLargeBackup !== 'boolean') return undefined;
  if (!Array.isArray(given) || given.length > MAX_PATHS) return undefined;
  const mine: readonly unknown[] = given;
  return mine.every((path) => typeof path === 'string') ? { sharesOthers, allowsLargeBackup, mine } : undefined;
}
