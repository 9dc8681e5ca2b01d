import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';
import { readBytes } from './read-bytes.ts';

const MAX_BODY_BYTES = 16 * 1024;

// A body is there once, and whoever decides by it may ask for it again.
const bodies = new WeakMap<IncomingMessage, Promise<Readonly<Record<string, unknown>>>>();

/** Reads a request's JSON object of at most `maxBytes`, once. Rejects with {@link HttpError}. */
export function readJsonObject(
  request: IncomingMessage,
  maxBytes = MAX_BODY_BYTES,
): Promise<Readonly<Record<string, unknown>>> {
  const known = bodies.get(request);
  if (known) return known;
  const body = readBody(request, maxBytes);
  bodies.set(request, body);
  return body;
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Readonly<Record<string, unknown>>> {
  const type = request.headers['content-type'] ?? '';
  // A type that no HTML form can send, so that no other site can post in a person's name.
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new HttpError(415, 'unsupported-type', 'The body must be JSON with the type application/json.');
  }
  const text = (await readBytes(request, maxBytes)).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpError(400, 'malformed-json', 'The body is no valid JSON.');
  }
  if (!isObject(value)) throw new HttpError(400, 'malformed-json', 'The body must be a JSON object.');
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Refuses fields that nobody knows: a misspelt one would otherwise be ignored silently. */
export function checkFields(body: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(body).find((field) => !known.includes(field));
  if (unknown === undefined) return;
  // Only what is a misspelt name is repeated: anything else may be a secret in the wrong place.
  const name = /^[A-Za-z]{1,24}$/.test(unknown) ? unknown : 'that was sent';
  throw invalid(name, `is unknown; known are ${known.join(', ')}`);
}

/** A string of 1 to `maxLength` characters. */
export function requireText(body: Readonly<Record<string, unknown>>, field: string, maxLength: number): string {
  const value = optionalText(body, field, maxLength);
  if (value === undefined || value === '') throw invalid(field, 'is missing');
  return value;
}

export function optionalText(
  body: Readonly<Record<string, unknown>>,
  field: string,
  maxLength: number,
): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > maxLength)
    throw invalid(field, `must be a text of at most ${maxLength} characters`);
  return value;
}

/** A whole number from 1 to `max`. */
export function optionalCount(body: Readonly<Record<string, unknown>>, field: string, max: number): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > max) {
    throw invalid(field, `must be a whole number from 1 to ${max}`);
  }
  return value;
}

export function optionalFlag(body: Readonly<Record<string, unknown>>, field: string): boolean | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw invalid(field, 'must be true or false');
  return value;
}

/** A list of texts of 1 to `maxLength` characters. */
export function optionalTexts(
  body: Readonly<Record<string, unknown>>,
  field: string,
  { maxItems, maxLength }: { readonly maxItems: number; readonly maxLength: number },
): readonly string[] | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const texts = items.filter((item) => typeof item === 'string' && item !== '' && item.length <= maxLength);
  if (items.length === 0 || items.length > maxItems || texts.length !== items.length)
    throw invalid(field, `must be a list of 1 to ${maxItems} texts of at most ${maxLength} characters`);
  return texts.map(String);
}

export function invalid(field: string, problem: string): HttpError {
  return new HttpError(400, 'invalid-field', `The field ${field} ${problem}.`);
}
