import type { InvokeChannel } from '../ipc/index.ts';
import { ACCESS_READERS } from './access-request-readers.ts';
import { BLOB_READERS } from './blob-request-readers.ts';
import { HISTORY_READERS } from './history-request-readers.ts';
import { MIRROR_READERS } from './mirror-request-readers.ts';
import { nothing, readText } from './request-fields.ts';
import { STORAGE_READERS } from './storage-request-readers.ts';
import type { RequestReader } from './typed-ipc.ts';

/** One check per channel: what comes from a window is untrusted. */
export const REQUEST_READERS: { readonly [C in InvokeChannel]: RequestReader<C> } = {
  'window:ready': nothing,
  'folder:choose': nothing,
  'folder:open-recent': (value) => {
    const path = readText(value, 'path');
    return path === undefined ? undefined : { request: { path } };
  },
  'room:open-untitled': nothing,
  'room:join': (value) => {
    const link = readText(value, 'link');
    const name = readText(value, 'name');
    return link === undefined || name === undefined ? undefined : { request: { link, name } };
  },
  'room:cancel-join': nothing,
  'room:leave': nothing,
  ...ACCESS_READERS,
  ...HISTORY_READERS,
  ...MIRROR_READERS,
  ...BLOB_READERS,
  ...STORAGE_READERS,
  'mirror:retry': nothing,
  'problem:dismiss': (value) => {
    const id = readText(value, 'id');
    return id === undefined ? undefined : { request: { id } };
  },
  'settings:person-name': (value) => {
    const name = readText(value, 'name');
    return name === undefined ? undefined : { request: { name } };
  },
  'clipboard:write': (value) => {
    const text = readText(value, 'text');
    return text === undefined ? undefined : { request: { text } };
  },
  'folder:reveal': (value) => {
    const fileId = readText(value, 'fileId');
    return fileId === undefined ? undefined : { request: { fileId } };
  },
};
