import type { IncomingMessage } from 'node:http';
import { HttpError } from '../http-error.ts';

export function queryOf(request: IncomingMessage): URLSearchParams {
  return new URL(request.url ?? '/', 'http://relay').searchParams;
}

/** A whole number from 1; undefined without the parameter. Throws {@link HttpError}. */
export function readCount(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^[1-9]\d{0,14}$/.test(value))
    throw new HttpError(400, 'invalid-field', `The parameter ${name} must be a whole number from 1.`);
  return Number(value);
}
