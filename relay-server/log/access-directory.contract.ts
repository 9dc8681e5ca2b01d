import { describe, expect, it } from 'vitest';
import { DEFAULT_ROOM_SETTINGS } from '../../shared/access/index.ts';
import { membersOf } from '../testing/members-of.ts';
import type { AccessChange, AccessDirectory, AuditEvent, AuditKind } from './access-directory.ts';
import type { NewLink, RoomDirectory } from './room-directory.ts';

const KEY = { tenant: 't', room: 'r' };
const OTHER = { tenant: 'other', room: 'r' };
const NOTHING = {
  version: 0,
  settings: DEFAULT_ROOM_SETTINGS,
  revokedBeforeMs: undefined,
  revokedLinks: new Set(),
  revokedSubjects: new Set(),
  revokedLineages: new Set(),
  roles: new Map(),
};
const MEMBER = {
  subject: 'ben',
  name: 'Ben',
  role: 'editor',
  linkId: 'l1',
  lineageId: 'first',
  lastSeenMs: 10,
} as const;
const REQUEST = { requestId: 'q1', linkId: 'l1', subject: 'guest', name: 'Zoë', createdAtMs: 5 };
const PROPOSAL = { proposalId: 'p1', subject: 'ben', name: 'Ben', document: 'file', createdAtMs: 5 };
const BOUNDS = { maxRoomBytes: 10, maxSubjectBytes: 6, maxSubjectProposals: 2, maxSubjectDropped: 9 };
const HASH = new Uint8Array(32).fill(9);

function event(kind: AuditKind, atMs = 7): AuditEvent {
  return { atMs, kind, actor: 'ana', actorName: 'Ana', target: 'x', detail: 'd' };
}

function link(linkId: string, changes: Partial<NewLink> = {}): NewLink {
  return {
    ...KEY,
    linkId,
    role: 'editor',
    label: '',
    secretHash: new Uint8Array(32).fill(Number(linkId.slice(1))),
    createdAtMs: Number(linkId.slice(1)),
    expiresAtMs: undefined,
    maxUses: undefined,
    needsApproval: false,
    paths: undefined,
    createdBy: 'ana',
    ...changes,
  };
}

/** What every {@link AccessDirectory} must do. `open` gives an empty one, closed by the test's own hooks. */
export function describeAccessDirectory(
  name: string,
  open: () => Promise<{ readonly access: AccessDirectory; readonly directory: RoomDirectory }>,
): void {
  async function setUp() {
    const { access, directory } = await open();
    await directory.createRoom({ ...KEY, name: '', createdAtMs: 1 });
    await directory.createRoom({ ...OTHER, name: '', createdAtMs: 1 });
    const change = async (what: AccessChange, atMs = 7) =>
      (await access.change(KEY, what, event('role-changed', atMs))).version;
    return { access, directory, change };
  }

  describe(`access directory: ${name}`, () => {
    it('begins with nothing, also for rooms that are not there', async () => {
      const { access } = await setUp();
      expect(await access.readAccess(KEY)).toEqual(NOTHING);
      expect(await access.readAccess({ tenant: 't', room: 'nowhere' })).toEqual(NOTHING);
      expect(await access.readVersions([KEY, OTHER])).toEqual([0, 0]);
      expect(await access.readVersions([])).toEqual([]);
    });

    it('keeps roles, settings and what was taken back, each change with a version of its own', async () => {
      const { access, change } = await setUp();
      const settings = { presenter: 'ana', chat: 'everyone' } as const;
      expect(await change({ kind: 'set-role', subject: 'ben', role: 'viewer' })).toBe(1);
      expect(await change({ kind: 'set-role', subject: 'ben', role: 'owner' })).toBe(2);
      expect(await change({ kind: 'set-role', subject: 'cleo', role: 'viewer' })).toBe(3);
      expect(await change({ kind: 'set-role', subject: 'cleo', role: undefined })).toBe(4);
      expect(await change({ kind: 'set-settings', settings })).toBe(5);
      expect(await change({ kind: 'revoke-lineage', lineageId: 'first' })).toBe(6);
      expect(await change({ kind: 'revoke-lineage', lineageId: 'first' })).toBe(7);
      expect(await change({ kind: 'revoke-subject', subject: 'eve' })).toBe(8);
      expect(await access.change(KEY, { kind: 'touch' }, undefined)).toEqual({ version: 9, closedLinks: [] });
      expect(await access.readAccess(KEY)).toEqual({
        ...NOTHING,
        version: 9,
        settings,
        revokedSubjects: new Set(['eve']),
        revokedLineages: new Set(['first']),
        roles: new Map([['ben', 'owner']]),
      });
      expect(await access.readAccess(OTHER)).toEqual(NOTHING);
      expect(await access.readVersions([OTHER, KEY])).toEqual([0, 9]);
      await access.change(KEY, { kind: 'set-settings', settings: { ...settings, presenter: undefined } }, undefined);
      expect((await access.readAccess(KEY)).settings).toEqual({ chat: 'everyone', presenter: undefined });
    });

    it('takes back links, and closes those that a person came by', async () => {
      const { access, change } = await setUp();
      for (const made of [link('l1'), link('l2'), link('l3', { role: 'owner' })])
        await access.change(KEY, { kind: 'add-link', link: made }, undefined);
      await access.change(OTHER, { kind: 'add-link', link: link('l4', OTHER) }, undefined);
      await access.recordVisits([{ key: KEY, members: [MEMBER], events: [] }]);
      await change({ kind: 'revoke-subject', subject: 'ben' }, 20);
      await change({ kind: 'revoke-subject', subject: 'ben' }, 21);
      const states = async () =>
        (await access.listLinks(KEY)).map(({ linkId, closedAtMs, revokedAtMs }) => [linkId, closedAtMs, revokedAtMs]);
      expect(await states()).toEqual([
        ['l3', undefined, undefined],
        ['l2', undefined, undefined],
        ['l1', 20, undefined],
      ]);
      await access.recordVisits([
        { key: KEY, members: [{ ...MEMBER, subject: 'dan', lineageId: 'dans', linkId: 'l2' }], events: [] },
      ]);
      await change({ kind: 'set-role', subject: 'dan', role: 'viewer' }, 25);
      expect((await states())[1]).toEqual(['l2', undefined, undefined]);
      await change({ kind: 'set-role', subject: 'dan', role: 'viewer', closesLinks: true }, 26);
      expect((await states())[1]).toEqual(['l2', 26, undefined]);
      await change({ kind: 'revoke-link', linkId: 'l2' }, 30);
      await change({ kind: 'revoke-link', linkId: 'l2' }, 31);
      await change({ kind: 'revoke-link', linkId: 'l4' }, 31);
      expect((await access.readAccess(KEY)).revokedLinks).toEqual(new Set(['l2']));
      await change({ kind: 'revoke-all' }, 40);
      expect(await states()).toEqual([
        ['l3', undefined, undefined],
        ['l2', 26, 30],
        ['l1', 20, 40],
      ]);
      expect(await access.readAccess(KEY)).toMatchObject({ revokedBeforeMs: 41, revokedLinks: new Set(['l1', 'l2']) });
      expect((await access.listLinks(OTHER)).map(({ revokedAtMs }) => revokedAtMs)).toEqual([undefined]);
      expect(JSON.stringify(await access.listLinks(KEY))).not.toContain('secretHash');
    });

    it('lists who was there, those seen last first', async () => {
      const { access } = await setUp();
      await access.recordVisits([{ key: KEY, members: [MEMBER], events: [] }]);
      await access.recordVisits([
        { key: KEY, members: [{ ...MEMBER, lineageId: 'second', linkId: undefined, lastSeenMs: 20 }], events: [] },
      ]);
      await access.recordVisits([
        { key: KEY, members: [{ ...MEMBER, name: 'Benny', role: 'viewer', lastSeenMs: 30 }], events: [] },
      ]);
      await access.recordVisits([{ key: OTHER, members: [{ ...MEMBER, subject: 'x' }], events: [] }]);
      expect(await membersOf(access, KEY)).toEqual([
        { ...MEMBER, name: 'Benny', role: 'viewer', firstSeenMs: 10, lastSeenMs: 30 },
        { ...MEMBER, lineageId: 'second', linkId: undefined, firstSeenMs: 20, lastSeenMs: 20 },
      ]);
      expect(await access.readVersions([KEY])).toEqual([3]);
    });

    it('numbers what happened without a gap, also when much happens at once', async () => {
      const { access, change } = await setUp();
      await access.recordVisits([{ key: KEY, members: [], events: [event('joined', 1), event('refused', 2)] }]);
      await access.recordVisits([{ key: KEY, members: [], events: [] }]);
      const changes = Array.from({ length: 20 }, (_, index) =>
        change({ kind: 'set-role', subject: `s${index}`, role: 'viewer' }, 100 + index),
      );
      const versions = await Promise.all(changes);
      expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
      const all = await access.listAudit(KEY, { limit: 100 });
      expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 22 }, (_, index) => 22 - index));
      expect(all.slice(-2)).toEqual([
        { seq: 2, ...event('refused', 2) },
        { seq: 1, ...event('joined', 1) },
      ]);
      expect((await access.listAudit(KEY, { beforeSeq: 3, limit: 1 })).map(({ seq }) => seq)).toEqual([2]);
      expect(await access.listAudit(OTHER, { limit: 100 })).toEqual([]);
    });

    it('keeps requests to join until they are decided, once', async () => {
      const { access } = await setUp();
      expect(await access.addJoinRequest(KEY, REQUEST, HASH, 2)).toBe(true);
      const later = { ...REQUEST, requestId: 'q2', createdAtMs: 6 };
      const hashes = [3, 4].map((byte) => new Uint8Array(32).fill(byte));
      const crowd = await Promise.all(
        hashes.map((hash, index) => access.addJoinRequest(KEY, { ...later, requestId: `q${index + 2}` }, hash, 2)),
      );
      expect(crowd.filter(Boolean)).toHaveLength(1);
      expect(await access.pollJoinRequest(KEY, HASH, 7)).toEqual({ ...REQUEST, decision: 'pending' });
      expect(await access.pollJoinRequest(OTHER, HASH, 7)).toBeUndefined();
      const before = await access.readVersions([KEY]);
      const decisions = await Promise.all(
        (['approved', 'denied'] as const).map((decision) =>
          access.decideJoinRequest(KEY, 'q1', decision, event('join-approved')),
        ),
      );
      expect(decisions.filter(Boolean)).toHaveLength(1);
      expect(await access.readVersions([KEY])).toEqual([(before[0] ?? 0) + 1]);
      expect(await access.decideJoinRequest(KEY, 'none', 'denied', event('join-denied'))).toBe(false);
      const listed = await access.listJoinRequests(KEY, 7);
      expect(listed.map(({ requestId, decision }) => [requestId === 'q1', decision])).toEqual([[false, 'pending']]);
      expect((await access.pollJoinRequest(KEY, HASH, 7))?.decision).not.toBe('pending');
      const kinds = (await access.listAudit(KEY, { limit: 10 })).map(({ kind }) => kind);
      expect(kinds).toEqual(['join-approved', 'join-requested', 'join-requested']);
    });

    it('keeps proposals within bounds until they are settled, then forgets what they held', async () => {
      const { access } = await setUp();
      const add = (proposalId: string, bytes: number, subject = 'ben') =>
        access.addProposal(
          KEY,
          { ...PROPOSAL, proposalId, subject },
          new Uint8Array(bytes).fill(7),
          BOUNDS,
          event('proposal-received'),
        );
      expect([await add('p1', 4), await add('p1', 4), await add('p2', 3), await add('p3', 2)]).toEqual([
        'open',
        'open',
        'full',
        'open',
      ]);
      expect([await add('p4', 0), await add('p5', 5, 'eve'), await add('p6', 4, 'eve')]).toEqual([
        'full',
        'full',
        'open',
      ]);
      const known = { proposalId: 'p6', subject: 'eve', bytes: 4, state: 'open' };
      expect(await access.findProposal(KEY, 'p6')).toEqual({ ...PROPOSAL, ...known });
      expect([await access.findProposal(KEY, 'p5'), await access.findProposal(OTHER, 'p6')]).toEqual([
        undefined,
        undefined,
      ]);
      expect((await access.listProposals(KEY)).map(({ proposalId, bytes }) => [proposalId, bytes])).toEqual([
        ['p1', 4],
        ['p3', 2],
        ['p6', 4],
      ]);
      expect([...((await access.readProposal(KEY, 'p1')) ?? [])]).toEqual([7, 7, 7, 7]);
      expect(await access.readProposal(OTHER, 'p1')).toBeUndefined();
      expect(await access.settleProposal(KEY, 'p1', 'applied', event('proposal-applied'))).toBe(true);
      expect(await access.settleProposal(KEY, 'p1', 'dropped', event('proposal-dropped'))).toBe(false);
      expect(await access.readProposal(KEY, 'p1')).toBeUndefined();
      expect((await access.listProposals(KEY)).map(({ proposalId }) => proposalId)).toEqual(['p3', 'p6']);
      // One that was settled and is sent again is not new.
      expect(await add('p1', 4)).toBe('applied');
      expect((await access.listProposals(KEY)).map(({ proposalId }) => proposalId)).toEqual(['p3', 'p6']);
      expect(await add('p7', 4)).toBe('open');
      const kinds = (await access.listAudit(KEY, { limit: 10 })).map(({ kind }) => kind);
      expect(kinds).toEqual([
        'proposal-received',
        'proposal-applied',
        'proposal-received',
        'proposal-received',
        'proposal-received',
      ]);
    });
  });
}
