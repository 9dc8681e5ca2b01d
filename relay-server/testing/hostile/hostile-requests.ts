import type { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { hostileBlobRequest } from './hostile-blobs.ts';
import type { HostileRequest } from './hostile-request.ts';
import { mutateBytes, oddJson, oddText, oddNumber } from './odd-values.ts';

type Body = Readonly<Record<string, unknown>>;

interface Route {
  readonly method: string;
  readonly path: string;
  readonly body?: Body;
}

/** What a client asks of `/api`, well-formed. */
function routes(room: string, secret: string, token: string): readonly Route[] {
  const base = `/api/rooms/${room}`;
  return [
    { method: 'POST', path: `${base}/tokens`, body: { secret, name: 'Eve', previousToken: token, request: 'r' } },
    { method: 'POST', path: `${base}/proposals`, body: { token, document: 'file', update: 'AAA=' } },
    { method: 'POST', path: `${base}/links`, body: { role: 'viewer', label: 'x', maxUses: 1, paths: ['src/**'] } },
    { method: 'GET', path: `${base}/links` },
    { method: 'DELETE', path: `${base}/links/none` },
    { method: 'GET', path: `${base}/people` },
    { method: 'PUT', path: `${base}/people/nobody/role`, body: { role: 'viewer' } },
    { method: 'POST', path: `${base}/revocations`, body: { subject: 'nobody' } },
    { method: 'GET', path: `${base}/audit?before=9&limit=2` },
    { method: 'PUT', path: `${base}/settings`, body: { chat: 'everyone' } },
    { method: 'POST', path: `${base}/join-requests/none`, body: { decision: 'approved' } },
    { method: 'GET', path: `${base}/proposals/none` },
    { method: 'POST', path: `${base}/proposals/none`, body: { state: 'applied' } },
    { method: 'GET', path: `${base}/events?before=9&limit=2` },
    { method: 'POST', path: `${base}/events`, body: EVENT },
    { method: 'GET', path: `${base}/changes/file?epoch=e&after=0` },
    { method: 'POST', path: `${base}/changes`, body: { documents: [{ document: 'file', epoch: 'e', after: 0 }] } },
    { method: 'POST', path: '/api/rooms', body: { name: 'x', room: 'x', ownerSecret: 'y'.repeat(20) } },
    { method: 'POST', path: '/api/oidc/tokens', body: { token, room } },
    { method: 'GET', path: '/.well-known/jwks.json' },
    { method: 'GET', path: `/join/${room}` },
  ];
}

const EVENT = {
  ...{ id: 'event-0123456789', kind: 'bulk', label: 'Switched to main', detail: '', files: 2, atMs: 1 },
  spans: [{ document: 'file', epoch: 'e', fromSeq: 1, toSeq: 2 }],
};

export function hostileRequest(
  random: SeededRandom,
  known: { readonly room: string; readonly secret: string; readonly token: string; readonly bearer: string },
): HostileRequest {
  if (random.chance(0.25)) return hostileBlobRequest(random, known);
  const route = random.pick(routes(known.room, known.secret, known.token));
  const method = random.chance(0.1) ? random.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) : route.method;
  const type = random.chance(0.1) ? random.pick(['text/plain', 'application/json; x', '']) : 'application/json';
  const body = method === 'GET' ? new Uint8Array(0) : hostileBody(random, route.body ?? {});
  const bearer = headerText(known.bearer);
  return {
    method,
    path: random.chance(0.2) ? hostilePath(random, route.path) : route.path,
    headers: { 'Content-Type': type, Authorization: random.chance(0.1) ? `Basic ${bearer}` : `Bearer ${bearer}` },
    body,
  };
}

function hostileBody(random: SeededRandom, body: Body): Uint8Array {
  const kind = random.below(10);
  const fields = Object.keys(body);
  const field = fields.length > 0 ? random.pick(fields) : 'field';
  if (kind === 0) return mutateBytes(random, Buffer.from(JSON.stringify(body)));
  if (kind === 1) return Buffer.from(JSON.stringify(oddJson(random)));
  if (kind === 2) return Buffer.from('['.repeat(1 + random.below(5_000)));
  if (kind === 3) return Buffer.from(JSON.stringify({ ...body, [oddText(random)]: oddJson(random) }));
  if (kind === 4) return Buffer.from(JSON.stringify({ ...body, [field]: undefined }));
  if (kind === 5) return Buffer.from(`{"${field}":1,"${field}":2}`);
  return Buffer.from(JSON.stringify({ ...body, [field]: oddJson(random) }));
}

function hostilePath(random: SeededRandom, path: string): string {
  const parts = path.split('/');
  const odd = [
    encodeURIComponent(oddText(random).toWellFormed()),
    '%ff',
    '%',
    '..',
    '%2e%2e',
    String(oddNumber(random)),
  ];
  parts[1 + random.below(parts.length - 1)] = random.pick(odd);
  return parts.join('/');
}

/** What a header can hold. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '~');
}
