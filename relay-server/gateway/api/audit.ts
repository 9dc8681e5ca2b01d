import type { IncomingMessage } from 'node:http';
import type { AccessDirectory, AccessKey, AuditRecord } from '../../log/access-directory.ts';
import type { ApiAnswer, ApiServices, Owner } from './api-services.ts';
import { queryOf, readCount } from './query.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** What happened to the room's access, newest first; everything as lines when that is asked for. */
export async function listAudit({ access }: ApiServices, { key }: Owner, request: IncomingMessage): Promise<ApiAnswer> {
  if (/\bapplication\/x-ndjson\b/.test(request.headers.accept ?? ''))
    return { status: 200, lines: everything(access, key) };
  const query = queryOf(request);
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
