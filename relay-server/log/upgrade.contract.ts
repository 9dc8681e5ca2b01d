import { describe, expect, it } from 'vitest';
import { JOIN_DECISION_KEPT_MS } from './access-directory.ts';
import type { RelayStorage } from './relay-storage.ts';

type Column = string | number | boolean | Uint8Array | null;

/** A database of the version that was the first to keep the access of rooms. */
export interface OldDatabase {
  insert(table: string, row: Readonly<Record<string, Column>>): void | Promise<void>;
  /** Opens it with the current version. */
  open(): RelayStorage | Promise<RelayStorage>;
}

const KEY = { tenant: 't', room: 'r' };
const FILE = { ...KEY, document: 'file' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

async function insertLink(old: OldDatabase, more: Readonly<Record<string, Column>> = {}): Promise<void> {
  await old.insert('rooms', { ...KEY, name: 'Room', created_at_ms: 1 });
  await old.insert('links', {
    ...KEY,
    link_id: 'link',
    role: 'editor',
    label: 'Friends',
    secret_hash: new Uint8Array(32).fill(1),
    created_at_ms: 2,
    max_uses: 5,
    uses: 2,
    ...more,
  });
}

async function insertAccess(old: OldDatabase): Promise<void> {
  await insertLink(old, { created_by: 'ana', closed_at_ms: 9 });
  const settings = JSON.stringify({ presenter: 'ana', chat: 'commenters' });
  await old.insert('room_access', { ...KEY, version: 7, audit_seq: 2, settings, revoked_before_ms: 3 });
  await old.insert('room_roles', { ...KEY, subject: 'ben', role: 'viewer' });
  await old.insert('revoked_subjects', { ...KEY, subject: 'eve', revoked_at_ms: 4 });
  await old.insert('revoked_lineages', { ...KEY, lineage_id: 'lost phone', revoked_at_ms: NOW_MS });
  const member = { ...KEY, name: 'Ana', role: 'owner', first_seen_ms: NOW_MS - 20, last_seen_ms: NOW_MS - 20 };
  await old.insert('members', { ...member, lineage_id: 'a', subject: 'ana' });
  const ben = { lineage_id: 'b', subject: 'ben', name: 'Ben', role: 'editor', link_id: 'link' };
  await old.insert('members', { ...member, ...ben, first_seen_ms: NOW_MS - 90 * HOUR_MS, last_seen_ms: NOW_MS - 10 });
  const event = { ...KEY, at_ms: 5, actor: 'ana', actor_name: 'Ana', detail: '' };
  await old.insert('audit', { ...event, seq: 1, kind: 'room-created', target: '' });
  await old.insert('audit', { ...event, seq: 2, kind: 'person-revoked', target: 'eve' });
  const proposal = { ...KEY, subject: 'eve', name: 'Eve', document: 'file', created_at_ms: 6, state: 'open' };
  await old.insert('proposals', { ...proposal, proposal_id: 'p', bytes: 2, content: new Uint8Array([8, 9]) });
}

async function insertDocument(old: OldDatabase): Promise<void> {
  const snapshot = { snapshot_seq: 3, snapshot_id: 'three', snapshot_bytes: 30 };
  await old.insert('documents', { ...FILE, document_id: 7, epoch: 'e', head: 4, archived_seq: 2, ...snapshot });
  await old.insert('segments', { document_id: 7, from_seq: 1, to_seq: 2, epoch: 'e', segment_id: '1-2', bytes: 12 });
  await old.insert('sessions', { session_key: 1, subject: 'ana', session_id: 's' });
  for (const seq of [3, 4]) {
    const update = { document_id: 7, seq, session_key: 1, client_seq: seq, name: 'Ana', time_ms: 7 };
    await old.insert('updates', { ...update, payload: new Uint8Array([seq]) });
  }
}

/** What bringing a database of an older version up to date must do. `open` gives an empty one of that version. */
export function describeUpgrade(name: string, open: () => OldDatabase | Promise<OldDatabase>): void {
  describe(`a database of an older version: ${name}`, () => {
    it('keeps who may do what, and goes on from there', async () => {
      const old = await open();
      await insertAccess(old);
      const { access, directory } = await old.open();
      expect(await access.readAccess(KEY)).toEqual({
        version: 7,
        settings: { presenter: 'ana', chat: 'commenters' },
        revokedBeforeMs: 3,
        revokedLinks: new Set(),
        revokedSubjects: new Set(['eve']),
        revokedLineages: new Set(['lost phone']),
        roles: new Map([['ben', 'viewer']]),
      });
      const link = { linkId: 'link', label: 'Friends', uses: 2, maxUses: 5, createdBy: 'ana', closedAtMs: 9 };
      expect(await access.listLinks(KEY)).toMatchObject([{ ...link, closedReason: undefined, revokedAtMs: undefined }]);
      expect(await directory.useLink('t', 'link')).toBe(false);
      expect(await access.listProposals(KEY)).toMatchObject([{ proposalId: 'p', subject: 'eve' }]);
      expect([...((await access.readProposal(KEY, 'p')) ?? [])]).toEqual([8, 9]);
      const event = {
        atMs: NOW_MS,
        kind: 'joined',
        actor: 'cleo',
        actorName: 'Cleo',
        target: 'c',
        detail: '',
      } as const;
      const cleo = { lineageId: 'c', subject: 'cleo', name: 'Cleo', role: 'editor', linkId: 'link' } as const;
      await access.recordVisits([{ key: KEY, members: [{ ...cleo, lastSeenMs: NOW_MS }], events: [event] }]);
      const { people } = await access.listPeople(KEY, { limit: 10 });
      expect(people.map(({ sessions }) => sessions[0]?.subject)).toEqual(['ana', 'cleo', 'ben']);
      expect((await access.listAudit(KEY, { limit: 10 })).map(({ seq, kind }) => [seq, kind])).toEqual([
        [3, 'joined'],
        [2, 'person-revoked'],
        [1, 'room-created'],
      ]);
      expect(await access.change(KEY, { kind: 'revoke-all' }, event)).toMatchObject({ version: 9 });
    });

    it('keeps documents, and goes on from there', async () => {
      const old = await open();
      await insertDocument(old);
      const { log, segments, objectsClaims } = await old.open();
      const snapshot = { seq: 3, snapshotId: 'three', byteLength: 30 };
      expect(await log.readDocument(FILE)).toEqual({ epoch: 'e', headSeq: 4, snapshot });
      expect(await segments.findAfter(FILE, 0)).toMatchObject({ fromSeq: 1, toSeq: 2, segmentId: '1-2' });
      expect((await log.readUpdates(FILE, ALL)).map(({ seq, payload }) => [seq, ...payload])).toEqual([
        [3, 3],
        [4, 4],
      ]);
      const update = { session: { subject: 'ana', sessionId: 's' }, clientSeq: 5, name: 'Ana', timeMs: 8 };
      const updates = [{ ...update, payload: new Uint8Array([5]) }];
      expect(await log.append([{ key: FILE, epochWhenNew: 'x', updates }])).toEqual([
        { epoch: 'e', headSeq: 5, seqs: [5] },
      ]);
      expect(await objectsClaims.read()).toBeUndefined();
    });

    it('takes events and blobs, of which it had none', async () => {
      const old = await open();
      await insertAccess(old);
      await insertDocument(old);
      const { events, blobs, log } = await old.open();
      const blob = { ...KEY, blob: 'a'.repeat(64) };
      expect(await events.listEvents(KEY, { limit: 10, maxBytes: 1_000_000 })).toEqual([]);
      expect(await blobs.findBlob(blob)).toBeUndefined();
      const span = { document: 'file', epoch: 'e', fromSeq: 3, toSeq: 4 };
      const made = { kind: 'bulk', label: 'Switched', detail: '', files: 1, atMs: 1, receivedMs: 2, spans: [span] };
      const event = { ...made, eventId: 'event-0123456789', actor: 'ana', actorName: 'Ana' };
      const bounds = { maxEvents: 10, maxBytes: 1_000_000 };
      expect(await events.addEvent(KEY, event, bounds)).toEqual({ kind: 'kept', seq: 1, isNew: true });
      expect(await events.listEvents(KEY, { limit: 10, maxBytes: 1_000_000 })).toEqual([{ ...event, seq: 1 }]);
      const part = { part: 0, sha256: 'b'.repeat(64), sizeBytes: 5_000 };
      expect(await blobs.announcePart(blob, part, { maxRoomBytes: 5_000, nowMs: NOW_MS })).toBe('announced');
      expect(await blobs.storePart(blob, part)).toBe(true);
      const whole = { parts: [part], sizeBytes: 5_000, createdBy: 'ana', nowMs: NOW_MS };
      expect(await blobs.complete(blob, whole)).toBe(true);
      expect(await blobs.findBlob(blob)).toEqual({ state: 'complete', sizeBytes: 5_000, parts: [part] });
      expect(await blobs.roomBytes(KEY)).toBe(5_000);
      expect(await log.readDocument(FILE)).toMatchObject({ epoch: 'e', headSeq: 4 });
    });

    it('lets those who asked to come in wait for their whole week, since it does not know when they asked last', async () => {
      const old = await open();
      await insertLink(old);
      const hashOf = (requestId: string) => new Uint8Array(32).fill(requestId.charCodeAt(0));
      const request = async (requestId: string, ageMs: number, decision = 'pending') => {
        const requester = {
          request_id: requestId,
          request_hash: hashOf(requestId),
          subject: requestId,
          name: requestId,
        };
        const made = { link_id: 'link', created_at_ms: NOW_MS - ageMs, decision };
        await old.insert('join_requests', { ...KEY, ...requester, ...made });
      };
      await request('waiting', 3 * HOUR_MS);
      await request('also waiting', JOIN_DECISION_KEPT_MS - HOUR_MS);
      await request('gone', JOIN_DECISION_KEPT_MS + HOUR_MS);
      await request('let in', 5 * HOUR_MS, 'approved');
      const { access } = await old.open();
      const listed = async (nowMs: number) =>
        (await access.listJoinRequests(KEY, nowMs)).map(({ requestId }) => requestId);
      expect(await listed(NOW_MS)).toEqual(['waiting', 'also waiting']);
      expect(await access.redeemJoinRequest(KEY, hashOf('let in'), 'lineage')).toBe('lineage');
      const fresh = { requestId: 'new', linkId: 'link', subject: 'n', name: 'n', createdAtMs: NOW_MS };
      expect(await access.addJoinRequest(KEY, fresh, hashOf('new'), 3)).toBe(true);
      expect(await access.pollJoinRequest(KEY, hashOf('waiting'), NOW_MS)).toMatchObject({ requestId: 'waiting' });
      expect(await access.pollJoinRequest(KEY, hashOf('gone'), NOW_MS)).toBeUndefined();
      expect(await access.pollJoinRequest(KEY, hashOf('let in'), NOW_MS)).toMatchObject({ decision: 'approved' });
      // Who has asked again since is known to wait, or not to.
      expect(await listed(NOW_MS + HOUR_MS / 2)).toEqual(['also waiting']);
      const event = {
        kind: 'join-approved',
        actor: 'ana',
        actorName: 'Ana',
        target: 'also waiting',
        detail: '',
      } as const;
      expect(
        await access.decideJoinRequest(KEY, 'also waiting', 'approved', { ...event, atMs: NOW_MS + HOUR_MS / 2 }),
      ).toBe(true);
    });
  });
}
