import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';
import { readBytes } from './read-bytes.ts';

/** Reads a request's body of 1 to `maxBytes` bytes. Rejects with {@link HttpError}. */
export async function readRawBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  // A type that no HTML form can send, so that no other site can post in a person's name.
  if (!/^application\/octet-stream\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new HttpError(415, 'unsupported-type', 'The body must be of the type application/octet-stream.');
  const bytes = await readBytes(request, maxBytes);
  if (bytes.byteLength === 0) throw new HttpError(400, 'invalid-field', 'The body is empty.');
  return bytes;
}
