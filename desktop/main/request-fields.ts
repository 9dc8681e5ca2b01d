const MAX_TEXT_LENGTH = 32_768;

/** A field of an untrusted request; undefined when it is no text or too long. */
export function readText(value: unknown, key: string, maxLength = MAX_TEXT_LENGTH): string | undefined {
  const field = readField(value, key);
  return typeof field === 'string' && field.length <= maxLength ? field : undefined;
}

/** A field of an untrusted request, of whatever kind. */
export function readField(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

/** Reads a request that says nothing. */
export function nothing(value: unknown): { readonly request: undefined } | undefined {
  return value === undefined || value === null ? { request: undefined } : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
