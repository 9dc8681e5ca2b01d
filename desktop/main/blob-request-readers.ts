import type { BlobChannels } from '../ipc/index.ts';
import { readText } from './request-fields.ts';
import type { RequestReader } from './typed-ipc.ts';

const MAX_ID_LENGTH = 64;

/** One check per channel: what comes from a window is untrusted. */
export const BLOB_READERS: { readonly [C in keyof BlobChannels]: RequestReader<C> } = {
  'blob:read': readFile,
  'blob:read-whole': readFile,
  'blob:save-copy': readFile,
};

function readFile(value: unknown): { readonly request: { readonly fileId: string } } | undefined {
  const fileId = readText(value, 'fileId', MAX_ID_LENGTH);
  return fileId === undefined ? undefined : { request: { fileId } };
}
