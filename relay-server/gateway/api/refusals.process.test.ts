import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { type Role, ROLES } from '../../../shared/access/index.ts';
import type { ApiRelay } from '../../testing/api-relay.ts';
import { shareApiRelay } from '../../testing/api-relay.ts';
import { contentHash } from '../../log/content-hash.ts';
import { LoggedFiles } from '../../testing/logged-files.ts';
import { createWorthlessTokens, WORTHLESS, type Worthless } from '../../testing/worthless-tokens.ts';
import { API_ROUTES } from './index.ts';

/** Ids of what there is in a room. */
interface Contents {
  readonly linkId: string;
  readonly requestId: string;
  readonly proposalId: string;
  readonly eventLabel: string;
  readonly blob: string;
}

type Answer = readonly [status: number, error: string | undefined];

interface Row {
  /** In place of the second `*`. */
  readonly id?: (contents: Contents) => string;
  /** Of a request to which nothing is wrong but the token. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ok: number;
  /** The answer to an owner of another tenant's room of the same name, who knows all ids. */
  readonly foreign: number;
}

/** Every route for owners. */
const OWNER_ROWS: Readonly<Record<string, Row>> = {
  'GET /api/rooms/*/links': { ok: 200, foreign: 200 },
  'POST /api/rooms/*/links': { body: { role: 'editor' }, ok: 201, foreign: 201 },
  'GET /api/rooms/*/people': { ok: 200, foreign: 200 },
  'PUT /api/rooms/*/people/*/role': { id: () => 'ben', body: { role: 'viewer' }, ok: 200, foreign: 200 },
  'POST /api/rooms/*/revocations': { body: { subject: 'cleo' }, ok: 204, foreign: 404 },
  'GET /api/rooms/*/settings': { ok: 200, foreign: 200 },
  'PUT /api/rooms/*/settings': { body: { chat: 'everyone' }, ok: 204, foreign: 204 },
  'GET /api/rooms/*/join-requests': { ok: 200, foreign: 200 },
  'POST /api/rooms/*/join-requests/*': {
    id: ({ requestId }) => requestId,
    body: { decision: 'approved' },
    ok: 204,
    foreign: 404,
  },
  'GET /api/rooms/*/audit': { ok: 200, foreign: 200 },
  'GET /api/rooms/*/proposals': { ok: 200, foreign: 200 },
  'GET /api/rooms/*/proposals/*': { id: ({ proposalId }) => proposalId, ok: 200, foreign: 404 },
  'POST /api/rooms/*/proposals/*': {
    id: ({ proposalId }) => proposalId,
    body: { state: 'applied' },
    ok: 204,
    foreign: 404,
  },
  'DELETE /api/rooms/*/links/*': { id: ({ linkId }) => linkId, ok: 204, foreign: 404 },
};

const BLOB_BYTES = Buffer.from('secret bytes of a blob');
const BLOB_OF_NOBODY = '0'.repeat(64);

/** What is asked of events and changes. */
const EVENT = {
  id: 'event-0123456789',
  kind: 'bulk',
  label: 'Switched',
  files: 1,
  atMs: 1,
  spans: [{ document: 'file', epoch: 'e', fromSeq: 1, toSeq: 1 }],
};

/** Every route for those whom a room lets in, and who of them is refused. */
const MEMBER_ROWS: Readonly<Record<string, Row & { readonly refused?: readonly Role[] }>> = {
  'POST events': { body: EVENT, ok: 201, foreign: 201, refused: ['commenter', 'viewer'] },
  'GET events': { ok: 200, foreign: 200 },
  'GET changes/*': { id: () => 'file?epoch=e&after=0', ok: 200, foreign: 404 },
  'POST blobs': { body: { blobs: [BLOB_OF_NOBODY] }, ok: 200, foreign: 200, refused: ['commenter', 'viewer'] },
  'GET blobs/*': { id: ({ blob }) => blob, ok: 200, foreign: 404 },
  'GET blobs/*/parts/*': { id: ({ blob }) => blob, ok: 200, foreign: 404 },
  'PUT blobs/*/parts/*': {
    id: () => contentHash(Buffer.from('another')),
    body: Buffer.from('another'),
    ok: 204,
    foreign: 204,
    refused: ['commenter', 'viewer'],
  },
  'PATCH blobs/*/parts/*': {
    id: () => contentHash(Buffer.from('a piece')),
    headers: { 'Upload-Offset': '0', 'Upload-Length': String(Buffer.byteLength('a piece')) },
    body: Buffer.from('a piece'),
    ok: 204,
    foreign: 204,
    refused: ['commenter', 'viewer'],
  },
  'POST blobs/*': {
    id: ({ blob }) => blob,
    body: { sizeBytes: BLOB_BYTES.byteLength, parts: [contentHash(BLOB_BYTES)] },
    ok: 204,
    foreign: 409,
    refused: ['commenter', 'viewer'],
  },
  'POST changes': { body: { documents: [{ document: 'file', epoch: 'e', after: 0 }] }, ok: 200, foreign: 200 },
};
const memberRows = () =>
  Object.entries(MEMBER_ROWS).map(([route, row]) => [route.replace(' ', ' /api/rooms/*/'), row] as const);

const OWNER_REFUSALS: Readonly<Record<Worthless, Answer>> = {
  'of another tenant': [404, 'not-found'],
  'of another room': [401, 'unauthenticated'],
  expired: [401, 'unauthenticated'],
  revoked: [403, 'revoked'],
  'of another relay': [401, 'unauthenticated'],
  'of an operator': [401, 'unauthenticated'],
  damaged: [401, 'unauthenticated'],
};

const UPDATE = Buffer.from(Y.encodeStateAsUpdate(new Y.Doc())).toString('base64');
const UNAUTHENTICATED = [401, 'unauthenticated'] as const;
const UNKNOWN_LINK = [404, 'link-unknown'] as const;
const UNKNOWN_PERSON = [401, 'proposal-unauthenticated'] as const;
const NO_NEED = [409, 'proposal-not-revoked'] as const;
const NO_PROVIDER = [404, 'not-found'] as const;

/** Every other route: what is sent with a token, and the answer to each. */
const OTHER_ROWS: Readonly<
  Record<string, { readonly body: (token: string) => unknown; readonly answers: Readonly<Record<Worthless, Answer>> }>
> = {
  'POST /api/rooms': {
    body: () => ({ room: 'made-by-an-operator' }),
    answers: { ...all(UNAUTHENTICATED), 'of an operator': [201, undefined] },
  },
  'POST /api/oidc/tokens': { body: (token) => ({ token, room: 'room' }), answers: all(NO_PROVIDER) },
  'POST /api/rooms/*/tokens': {
    body: (previousToken) => ({ secret: 'x'.repeat(43), name: 'Eve', previousToken }),
    answers: all(UNKNOWN_LINK),
  },
  'POST /api/rooms/*/proposals': {
    body: (token) => ({ token, document: 'file', update: UPDATE }),
    answers: {
      ...all(UNKNOWN_PERSON),
      'of another tenant': NO_NEED,
      expired: NO_NEED,
      // It is for these.
      revoked: [201, undefined],
    },
  },
};

const relay = shareApiRelay('--max-failures', '100000');
let rooms = 0;

function all(answer: Answer): Record<Worthless, Answer> {
  return {
    'of another tenant': answer,
    'of another room': answer,
    expired: answer,
    revoked: answer,
    'of another relay': answer,
    'of an operator': answer,
    damaged: answer,
  };
}

/** A room in which there is one of everything. */
async function fillRoom(to: ApiRelay): Promise<Contents & { readonly room: string; readonly owner: string }> {
  const room = `room-${rooms++}`;
  const owner = await to.createRoom(room);
  const at = `/api/rooms/${room}`;
  const link = await to.ask(`POST ${at}/links`, { token: owner, body: { role: 'editor', needsApproval: true } });
  await to.ask(`POST ${at}/tokens`, { body: { secret: link.body['secret'], name: 'Ben' } });
  const requests = (await to.ask(`GET ${at}/join-requests`, { token: owner })).body['requests'] as { id: string }[];
  const member = { role: 'editor', linkId: undefined, lastSeenMs: Date.now() } as const;
  const members = ['cleo', 'dan'].map((name) => ({ ...member, subject: name, name, lineageId: name }));
  await to.storage.access.recordVisits([{ key: { tenant: 'default', room }, members, events: [] }]);
  await to.ask(`POST ${at}/revocations`, { token: owner, body: { subject: 'dan' } });
  const token = await to.sign({ room, subject: 'dan' });
  const proposal = await to.ask(`POST ${at}/proposals`, { body: { token, document: 'file', update: UPDATE } });
  const eventLabel = `Secret work of ${room}`;
  const event = { ...EVENT, id: 'event-that-is-there', label: eventLabel };
  await to.ask(`POST ${at}/events`, { token: owner, body: event });
  await new LoggedFiles(to.storage.log, { tenant: 'default', room }).write('file', 'cleo', 'x');
  const blob = contentHash(BLOB_BYTES);
  await to.ask(`PUT ${at}/blobs/${blob}/parts/0`, { token: owner, body: BLOB_BYTES });
  await to.ask(`POST ${at}/blobs/${blob}`, { token: owner, body: { sizeBytes: BLOB_BYTES.byteLength, parts: [blob] } });
  const ids = { linkId: link.body['id'], requestId: requests[0]?.id, proposalId: proposal.body['id'] };
  return {
    room,
    owner,
    linkId: String(ids.linkId),
    requestId: String(ids.requestId),
    proposalId: String(ids.proposalId),
    eventLabel,
    blob,
  };
}

function fillIn(route: string, room: string, id = ''): string {
  return route.replace('*', room).replace('*', id).replace('*', '0');
}

async function readRoom(room: string) {
  const key = { tenant: 'default', room };
  const { access } = relay().storage;
  // Whom the relay has turned away is noted, which makes a version.
  const { version: _version, ...state } = await access.readAccess(key);
  return {
    state,
    links: await access.listLinks(key),
    requests: await access.listJoinRequests(key, Date.now()),
    proposals: await access.listProposals(key),
    blobBytes: await relay().storage.blobs.roomBytes(key),
    events: await relay().storage.events.listEvents(key, { limit: 100, maxBytes: 1e6 }),
  };
}

describe('every route of the API', () => {
  it('is in the tables of this test', () => {
    const rows = [...Object.keys(OWNER_ROWS), ...memberRows().map(([route]) => route), ...Object.keys(OTHER_ROWS)];
    expect(rows.sort()).toEqual([...API_ROUTES].sort());
  });

  it.each(Object.entries(OWNER_ROWS))('%s is for owners of the room alone', async (route, { id, body, ok }) => {
    const world = await fillRoom(relay());
    const { room } = world;
    const request = fillIn(route, room, id?.(world));
    const tokens = await createWorthlessTokens(relay(), room);
    const before = await readRoom(room);
    expect(await relay().ask(request, { body })).toMatchObject({ status: 401, body: { error: 'unauthenticated' } });
    for (const kind of WORTHLESS) {
      const answer = await relay().ask(request, { token: tokens[kind], body });
      expect([kind, answer.status, answer.body['error']]).toEqual([kind, ...OWNER_REFUSALS[kind]]);
      expect(Object.keys(answer.body)).toEqual(['error', 'explanation']);
    }
    for (const role of ['editor', 'commenter', 'viewer'] as const) {
      const answer = await relay().ask(request, { token: await relay().sign({ room, role }), body });
      expect([role, answer.status, answer.body['error']]).toEqual([role, 403, 'forbidden']);
    }
    const after = await readRoom(room);
    expect(after).toEqual(before);
    expect((await relay().ask(request, { token: world.owner, body })).status).toBe(ok);
  });

  it.each(memberRows())(
    '%s is for those whom the room lets in',
    async (route, { id, body, headers = {}, ok, refused = [] }) => {
      const world = await fillRoom(relay());
      const { room } = world;
      const request = fillIn(route, room, id?.(world));
      const tokens = await createWorthlessTokens(relay(), room);
      const before = await readRoom(room);
      expect(await relay().ask(request, { body, headers })).toMatchObject({
        status: 401,
        body: { error: 'unauthenticated' },
      });
      for (const kind of WORTHLESS) {
        const answer = await relay().ask(request, { token: tokens[kind], body, headers });
        expect([kind, answer.status, answer.body['error']]).toEqual([kind, ...OWNER_REFUSALS[kind]]);
        expect(Object.keys(answer.body)).toEqual(['error', 'explanation']);
      }
      for (const role of refused) {
        const answer = await relay().ask(request, { token: await relay().sign({ room, role }), body, headers });
        expect([role, answer.status, answer.body['error']]).toEqual([role, 403, 'forbidden']);
      }
      expect(await readRoom(room)).toEqual(before);
      for (const role of ROLES.filter((known) => !refused.includes(known))) {
        const token = await relay().sign({ room, role });
        const own =
          route.startsWith('POST') && route.endsWith('events') ? { ...EVENT, id: `${EVENT.id}-${role}` } : body;
        expect([role, (await relay().ask(request, { token, body: own, headers })).status]).toEqual([role, ok]);
      }
    },
  );

  it.each(Object.entries(OTHER_ROWS))('%s takes of tokens what it is for', async (route, { body, answers }) => {
    const { room } = await fillRoom(relay());
    const tokens = await createWorthlessTokens(relay(), room);
    for (const kind of WORTHLESS) {
      const token = tokens[kind];
      const answer = await relay().ask(fillIn(route, room), { token, body: body(token) });
      expect([kind, answer.status, answer.body['error']]).toEqual([kind, ...answers[kind]]);
    }
  });

  it.each([...Object.entries(OWNER_ROWS), ...memberRows()])(
    '%s keeps rooms of the same name in other tenants apart',
    async (route, { id, body, headers = {}, foreign }) => {
      const world = await fillRoom(relay());
      const { room } = world;
      const token = await relay().createRoom(room, 'other');
      const before = await readRoom(room);
      const answer = await relay().ask(fillIn(route, room, id?.(world)), { token, body, headers });
      expect(answer.status).toBe(foreign);
      for (const secret of [world.linkId, world.requestId, world.proposalId, world.eventLabel, String(BLOB_BYTES)])
        expect(answer.text).not.toContain(secret);
      expect(await readRoom(room)).toEqual(before);
    },
  );
});

describe('a secret', () => {
  it('of another room lets nobody in, and an earlier token of another place is nobody’s here', async () => {
    const { room, owner } = await fillRoom(relay());
    const elsewhere = await fillRoom(relay());
    const link = await relay().ask(`POST /api/rooms/${room}/links`, { token: owner, body: { role: 'viewer' } });
    const { secret } = link.body;
    const trade = (where: string, previousToken?: string) =>
      relay().ask(`POST /api/rooms/${where}/tokens`, { body: { secret, name: 'Eve', previousToken } });
    expect(await trade(elsewhere.room)).toMatchObject({ status: 404, body: { error: 'link-unknown' } });
    const tokens = await createWorthlessTokens(relay(), room);
    for (const kind of WORTHLESS) {
      const { status, body } = await trade(room, tokens[kind]);
      expect([kind, status, body['role']]).toEqual([kind, 200, 'viewer']);
      expect(body['subject']).toMatch(/^guest-/);
    }
  });

  it('that a tenant has chosen for a room is no other tenant’s', async () => {
    const [ours, theirs] = [
      await relay().authority.signOperatorToken(Date.now() + 60_000),
      await relay().authority.signOperatorToken(Date.now() + 60_000, 'other'),
    ];
    const body = { room: 'chosen', ownerSecret: 'chosen-secret-0123456789' };
    expect((await relay().ask('POST /api/rooms', { token: ours, body })).status).toBe(201);
    expect((await relay().ask('POST /api/rooms', { token: ours, body })).status).toBe(201);
    expect(await relay().ask('POST /api/rooms', { token: theirs, body })).toMatchObject({ status: 409 });
    const other = { ...body, ownerSecret: 'another-secret-0123456789' };
    expect((await relay().ask('POST /api/rooms', { token: theirs, body: other })).status).toBe(201);
  });
});
