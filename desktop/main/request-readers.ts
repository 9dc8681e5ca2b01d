import type { InvokeChannel } from '../ipc/index.ts';
import type { RequestReader } from './typed-ipc.ts';

const MAX_TEXT_LENGTH = 32_768;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function readText(value: unknown, key: string): string | undefined {
  const field = isRecord(value) ? value[key] : undefined;
  return typeof field === 'string' && field.length <= MAX_TEXT_LENGTH ? field : undefined;
}

const nothing = (value: unknown) => (value === undefined || value === null ? { request: undefined } : undefined);

/** One check per channel: what comes from a window is untrusted. */
export const REQUEST_READERS: { readonly [C in InvokeChannel]: RequestReader<C> } = {
  'window:ready': nothing,
  'folder:choose': nothing,
  'folder:open-recent': (value) => {
    const path = readText(value, 'path');
    return path === undefined ? undefined : { request: { path } };
  },
  'room:join': (value) => {
    const link = readText(value, 'link');
    const name = readText(value, 'name');
    return link === undefined || name === undefined ? undefined : { request: { link, name } };
  },
  'room:leave': nothing,
  'room:create-link': (value) => {
    const role = readText(value, 'role');
    return role === 'editor' || role === 'commenter' || role === 'viewer' ? { request: { role } } : undefined;
  },
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
