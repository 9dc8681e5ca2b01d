import type { StorageChannels } from '../ipc/index.ts';
import { nothing, readField, readText } from './request-fields.ts';
import type { RequestReader } from './typed-ipc.ts';

const MAX_KEY_LENGTH = 128;

/** Checks of the requests about what this device keeps. */
export const STORAGE_READERS: { readonly [C in keyof StorageChannels]: RequestReader<C> } = {
  'storage:list': nothing,
  'storage:current': nothing,
  'storage:forget': (value) => {
    const key = readText(value, 'key', MAX_KEY_LENGTH);
    const evenUnsent = readField(value, 'evenUnsent');
    return key === undefined || typeof evenUnsent !== 'boolean' ? undefined : { request: { key, evenUnsent } };
  },
  'storage:open': (value) => {
    const key = readText(value, 'key', MAX_KEY_LENGTH);
    return key === undefined ? undefined : { request: { key } };
  },
  'window:new': nothing,
};
