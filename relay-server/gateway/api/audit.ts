import type { IncomingMessage } from 'node:http';
import type { AccessDirectory, AccessKey, AuditRecord } from '../../log/access-directory.ts';
import { HttpError } from '../http-error.ts';
import type { ApiAnswer, ApiServices, Owner } from './api-services.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** What happened to the room's access, newest first; everything as lines when that is asked for. */
export async function listAudit({ access }: ApiServices, { key }: Owner, request: IncomingMessage): Promise<ApiAnswer> {
  if (/\bapplication\/x-ndjson\b/.test(request.headers.accept ?? ''))
    return { status: 200, lines: everything(access, key) };
  const query = new URL(request.url ?? '/', 'http://relay').searchParams;
  const beforeSeq = readCount(query, 'before');
  const limit = Math.min(readCount(query, 'limit') ?? DEFAULT_LIMIT, MAX_LIMIT);
  const events = await access.listAudit(key, { ...(beforeSeq === undefined ? {} : { beforeSeq }), limit });
  return { status: 200, body: { events } };
}

async function* everything(
  access: AccessDirectory,
  key: AccessKey,
): AsyncGenerator<{ readonly [K in keyof AuditRecord]: AuditRecord[K] }> {
  let beforeSeq: number | undefined;
  for (;;) {
    const page = await access.listAudit(key, { ...(beforeSeq === undefined ? {} : { beforeSeq }), limit: MAX_LIMIT });
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < MAX_LIMIT) return;
    beforeSeq = last.seq;
  }
}

function readCount(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^[1-9]\d{0,14}$/.test(value))
    throw new HttpError(400, 'invalid-field', `The parameter ${name} must be a whole number from 1.`);
  return Number(value);
}
