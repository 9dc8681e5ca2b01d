import { describe, expect, it } from 'vitest';
import { membersOf } from '../testing/members-of.ts';
import type { AccessChange, AccessKey, AuditEvent, AuditKind } from './access-directory.ts';
import type { RelayStorage } from './relay-storage.ts';

type AccessNode = Pick<RelayStorage, 'access' | 'directory'>;

/** An empty database, opened by two nodes; closed by the test's own hooks. */
export interface AccessUnderTest {
  readonly nodes: readonly [AccessNode, AccessNode];
  /** Drops a table behind the relay's back, so that writing to it fails. */
  removeTable(name: string): Promise<void>;
}

const KEY: AccessKey = { tenant: 't', room: 'r' };
/** A room of the same name. */
const OTHER: AccessKey = { tenant: 'other', room: 'r' };
const ALL = { limit: 1_000 };
const FAILURE = { name: 'LogFailure' };

function event(kind: AuditKind, atMs: number, target = ''): AuditEvent {
  return { atMs, kind, actor: 'ana', actorName: 'Ana', target, detail: `at ${atMs}` };
}

const SET_ROLE = { kind: 'set-role', subject: 'ben', role: 'viewer' } as const satisfies AccessChange;
const MEMBER = { subject: 'ben', name: 'Ben', role: 'editor', linkId: 'one', lineageId: 'a', lastSeenMs: 10 } as const;
const LINK = {
  role: 'editor',
  label: 'for Ben',
  expiresAtMs: undefined,
  maxUses: undefined,
  needsApproval: true,
  paths: ['src/**'],
  createdBy: 'ana',
} as const;

async function addRoom(
  { access, directory }: AccessNode,
  key: AccessKey,
  links: Readonly<Record<string, 'owner' | 'editor'>>,
) {
  await directory.createRoom({ ...key, name: 'Room', createdAtMs: 1 });
  for (const [index, [linkId, role]] of Object.entries(links).entries()) {
    const secretHash = new Uint8Array(32).fill(index + (key === KEY ? 1 : 101));
    const link = { ...LINK, ...key, linkId, role, secretHash, createdAtMs: index + 1 };
    await access.change(key, { kind: 'add-link', link }, undefined);
  }
}

const REQUEST = { requestId: 'q', linkId: 'one', subject: 'guest', name: 'Gus', createdAtMs: 10 } as const;
const PROPOSAL = { proposalId: 'p', subject: 'ben', name: 'Ben', document: 'd', createdAtMs: 10 } as const;
const NO_BOUNDS = {
  maxRoomBytes: 1_000,
  maxSubjectBytes: 1_000,
  maxSubjectProposals: 1_000,
  maxSubjectDropped: 9,
} as const;
const RECEIVED = event('proposal-received', 10);

function hash(value: number): Uint8Array {
  return new Uint8Array(32).fill(value);
}

async function kindsOf({ nodes: [{ access }] }: AccessUnderTest, key: AccessKey = KEY): Promise<string[]> {
  return (await access.listAudit(key, ALL)).map(({ kind }) => kind);
}

export type OpenAccessNodes = () => AccessUnderTest | Promise<AccessUnderTest>;

/** What the `AccessDirectory` of several nodes on one database must do. */
export function describeAccessNodes(name: string, open: OpenAccessNodes): void {
  describe(`access directory of two nodes: ${name}`, () => {
    it('closes all links that a revoked person came by, once, and no others', async () => {
      const { nodes } = await open();
      const [{ access }] = nodes;
      await addRoom(nodes[0], KEY, { one: 'editor', two: 'editor', three: 'editor' });
      await access.recordVisits([{ key: KEY, members: [MEMBER], events: [] }]);
      await access.recordVisits([{ key: KEY, members: [{ ...MEMBER, lineageId: 'b', linkId: 'two' }], events: [] }]);
      await access.recordVisits([
        { key: KEY, members: [{ ...MEMBER, lineageId: 'c', linkId: undefined }], events: [] },
      ]);
      await access.recordVisits([
        { key: KEY, members: [{ ...MEMBER, lineageId: 'd', subject: 'cleo', linkId: 'three' }], events: [] },
      ]);
      for (const atMs of [50, 60])
        await access.change(KEY, { kind: 'revoke-subject', subject: 'ben' }, event('person-revoked', atMs));
      expect((await access.listLinks(KEY)).map(({ closedAtMs }) => closedAtMs)).toEqual([undefined, 50, 50]);
      expect(await access.readAccess(KEY)).toMatchObject({
        revokedSubjects: new Set(['ben']),
        revokedLinks: new Set(),
      });
    });

    it('keeps rooms of one name in two tenants apart', async () => {
      const { nodes } = await open();
      const [{ access, directory }] = nodes;
      await addRoom(nodes[0], KEY, { one: 'editor' });
      await addRoom(nodes[0], OTHER, { one: 'editor' });
      for (const key of [KEY, OTHER]) await access.recordVisits([{ key, members: [MEMBER], events: [] }]);
      const before = await access.readAccess(OTHER);
      const changes: readonly AccessChange[] = [
        { kind: 'revoke-subject', subject: 'ben' },
        { kind: 'revoke-lineage', lineageId: 'a' },
        { kind: 'revoke-link', linkId: 'one' },
        { kind: 'revoke-all' },
        { kind: 'set-settings', settings: { presenter: 'ben', chat: 'everyone' } },
        SET_ROLE,
      ];
      for (const change of changes) await access.change(KEY, change, event('role-changed', 50));
      await access.recordVisits([{ key: KEY, members: [{ ...MEMBER, name: 'Benedikt', lastSeenMs: 20 }], events: [] }]);
      expect(await access.readAccess(OTHER)).toEqual(before);
      expect(await access.readVersions([OTHER, KEY, { ...KEY, room: 'none' }, OTHER])).toEqual([2, 9, 0, 2]);
      expect(await access.listLinks(OTHER)).toMatchObject([
        { ...OTHER, linkId: 'one', closedAtMs: undefined, revokedAtMs: undefined },
      ]);
      expect(await membersOf(access, OTHER)).toEqual([{ ...MEMBER, firstSeenMs: 10 }]);
      expect(await access.listAudit(OTHER, ALL)).toEqual([]);
      expect(await directory.findLinkBySecret('r', new Uint8Array(32).fill(101))).toMatchObject(OTHER);
      expect(await directory.findLinkBySecret('r', new Uint8Array(32).fill(1))).toMatchObject(KEY);
    });

    it('makes neither a change nor its version when the event cannot be noted', async () => {
      const { nodes, removeTable } = await open();
      const [{ access }] = nodes;
      await addRoom(nodes[0], KEY, { one: 'editor' });
      const before = await access.readAccess(KEY);
      await removeTable('audit');
      const changes: readonly AccessChange[] = [
        { kind: 'revoke-all' },
        { kind: 'revoke-link', linkId: 'one' },
        { kind: 'revoke-subject', subject: 'ben' },
        SET_ROLE,
      ];
      for (const change of changes)
        await expect(access.change(KEY, change, event('role-changed', 1))).rejects.toMatchObject(FAILURE);
      expect(await access.readAccess(KEY)).toEqual(before);
      expect(await access.listLinks(KEY)).toMatchObject([{ revokedAtMs: undefined, closedAtMs: undefined }]);
    });

    it('notes nothing when the change cannot be made', async () => {
      const { nodes, removeTable } = await open();
      const [{ access }] = nodes;
      await removeTable('room_roles');
      await expect(access.change(KEY, SET_ROLE, event('role-changed', 1))).rejects.toMatchObject(FAILURE);
      expect(await access.listAudit(KEY, ALL)).toEqual([]);
      expect(await access.readVersions([KEY])).toEqual([0]);
    });

    it('gives changes of two nodes at once numbers of their own, and events no gap', async () => {
      const { nodes } = await open();
      const changing = Array.from({ length: 40 }, (_, index) => {
        const { access } = nodes[index % 2 === 0 ? 0 : 1];
        return access.change(KEY, { kind: 'touch' }, event('joined', index, `${index}`));
      });
      const versions = (await Promise.all(changing)).map(({ version }) => version);
      const numbers = versions.map((_, index) => index + 1);
      expect(versions.toSorted((a, b) => a - b)).toEqual(numbers);
      const events = await nodes[1].access.listAudit(KEY, ALL);
      expect(events.map(({ seq }) => seq)).toEqual(numbers.toReversed());
      // A change and its event have the same place.
      expect(events.map(({ seq, target }) => [versions[Number(target)], seq])).toEqual(
        numbers.toReversed().map((number) => [number, number]),
      );
    });

    it('shows at a version everything up to it, and nothing of the next, while others change it', async () => {
      const { nodes } = await open();
      const [writer, reader] = nodes;
      let isDone = false;
      const write = async (from: number) => {
        for (let index = from; index < from + 40; index++)
          await writer.access.change(KEY, { kind: 'revoke-subject', subject: `s${index}` }, undefined);
      };
      const read = async () => {
        let last = 0;
        while (!isDone || last < 80) {
          const [lowest = 0] = await reader.access.readVersions([KEY]);
          const { version, revokedSubjects } = await reader.access.readAccess(KEY);
          expect([version >= lowest, version >= last]).toEqual([true, true]);
          expect(revokedSubjects.size).toBe(version);
          last = version;
          await new Promise(setImmediate);
        }
        return last;
      };
      const reading = read();
      await Promise.all([write(0), write(100)]);
      isDone = true;
      expect(await reading).toBe(80);
    });

    it('revokes all until the latest of two times, whichever clock is behind', async () => {
      const [{ access }] = (await open()).nodes;
      for (const atMs of [70, 50]) await access.change(KEY, { kind: 'revoke-all' }, event('all-revoked', atMs));
      expect(await access.readAccess(KEY)).toMatchObject({ version: 2, revokedBeforeMs: 71 });
    });

    it('takes no more requests than may wait, and again when one is decided', async () => {
      const opened = await open();
      const { nodes } = opened;
      const add = (index: number, key = KEY) =>
        nodes[index % 2 === 0 ? 0 : 1].access.addJoinRequest(
          key,
          { ...REQUEST, requestId: `q${index}` },
          hash(index),
          3,
        );
      const added = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((index) => add(index)));
      expect(added.filter(Boolean)).toHaveLength(3);
      const [{ access }] = nodes;
      expect(await access.listJoinRequests(KEY, 20)).toHaveLength(3);
      expect(await access.readVersions([KEY])).toEqual([3]);
      expect(await kindsOf(opened)).toHaveLength(3);
      expect(await add(9, OTHER)).toBe(true);
      const [first] = await access.listJoinRequests(KEY, 20);
      await access.decideJoinRequest(KEY, first?.requestId ?? '', 'denied', event('join-denied', 20));
      expect([await add(10), await add(11)]).toEqual([true, false]);
    });

    it('decides a request once, whoever asks', async () => {
      const opened = await open();
      const [one, two] = opened.nodes;
      for (let index = 1; index <= 10; index++) {
        const requestId = `q${index}`;
        await one.access.addJoinRequest(KEY, { ...REQUEST, requestId }, hash(index), 99);
        const [isApproved, isDenied] = await Promise.all([
          one.access.decideJoinRequest(KEY, requestId, 'approved', event('join-approved', 20, requestId)),
          two.access.decideJoinRequest(KEY, requestId, 'denied', event('join-denied', 20, requestId)),
        ]);
        expect(isApproved).toBe(!isDenied);
        const decision = isApproved ? 'approved' : 'denied';
        expect(await one.access.pollJoinRequest(KEY, hash(index), 30)).toMatchObject({ decision });
        expect((await kindsOf(opened)).slice(0, 2)).toEqual([`join-${decision}`, 'join-requested']);
      }
      const refused = event('join-denied', 30);
      expect(await one.access.decideJoinRequest(KEY, 'q1', 'denied', refused)).toBe(false);
      expect(await one.access.decideJoinRequest(KEY, 'none', 'denied', refused)).toBe(false);
      expect(await one.access.decideJoinRequest(OTHER, 'q1', 'denied', refused)).toBe(false);
      expect(await one.access.readVersions([KEY, OTHER])).toEqual([20, 0]);
      expect(await kindsOf(opened)).toHaveLength(20);
      expect(await kindsOf(opened, OTHER)).toEqual([]);
    });

    it('neither adds nor decides a request that cannot be noted', async () => {
      const { nodes, removeTable } = await open();
      const [{ access }] = nodes;
      await access.addJoinRequest(KEY, REQUEST, hash(1), 9);
      await removeTable('audit');
      const failed = { name: 'LogFailure' };
      const again = { ...REQUEST, requestId: 'q2' };
      await expect(access.addJoinRequest(KEY, again, hash(2), 9)).rejects.toMatchObject(failed);
      const deciding = access.decideJoinRequest(KEY, 'q', 'approved', event('join-approved', 20));
      await expect(deciding).rejects.toMatchObject(failed);
      expect(await access.listJoinRequests(KEY, 20)).toEqual([{ ...REQUEST, decision: 'pending' }]);
      expect(await access.readVersions([KEY])).toEqual([1]);
    });

    it('takes a proposal that is sent again once, also when it is settled', async () => {
      const opened = await open();
      const { nodes } = opened;
      const bounds = { ...NO_BOUNDS, maxSubjectProposals: 1 };
      const send = () =>
        Promise.all(nodes.map(({ access }) => access.addProposal(KEY, PROPOSAL, new Uint8Array(4), bounds, RECEIVED)));
      expect(await send()).toEqual(['open', 'open']);
      const [{ access }] = nodes;
      expect(await access.listProposals(KEY)).toHaveLength(1);
      await access.settleProposal(KEY, 'p', 'dropped', event('proposal-dropped', 20));
      expect(await send()).toEqual(['dropped', 'dropped']);
      expect(await access.listProposals(KEY)).toEqual([]);
      expect(await kindsOf(opened)).toEqual(['proposal-dropped', 'proposal-received']);
    });

    it.each([
      ['proposals of one person', { maxSubjectProposals: 3 }, 'ben', 3],
      ['bytes of one person', { maxSubjectBytes: 30 }, 'ben', 3],
      ['bytes of the room', { maxRoomBytes: 49 }, 'cleo', 4],
    ])('bounds the %s, also when several come at once', async (_what, bound, boundSubject, allowed) => {
      const opened = await open();
      const { nodes } = opened;
      const [{ access }] = nodes;
      const add = (index: number, subject: string, key = KEY) => {
        const proposal = { ...PROPOSAL, proposalId: `p${index}`, subject };
        const bounds = { ...NO_BOUNDS, ...bound };
        return nodes[index % 2 === 0 ? 0 : 1].access.addProposal(key, proposal, new Uint8Array(10), bounds, RECEIVED);
      };
      const added = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((index) => add(index, 'ben')));
      expect(added.filter((state) => state === 'open')).toHaveLength(allowed);
      expect(await access.listProposals(KEY)).toHaveLength(allowed);
      expect(await access.readVersions([KEY])).toEqual([allowed]);
      expect(await kindsOf(opened)).toHaveLength(allowed);
      expect(await add(20, 'cleo')).toBe(boundSubject === 'ben' ? 'open' : 'full');
      expect(await add(21, 'ben', OTHER)).toBe('open');
      // What is settled makes room.
      const [first] = (await access.listProposals(KEY)).filter(({ subject }) => subject === 'ben');
      await access.settleProposal(KEY, first?.proposalId ?? '', 'dropped', event('proposal-dropped', 20));
      expect([await add(22, 'ben'), await add(23, 'ben')]).toEqual(['open', 'full']);
    });

    it('neither keeps nor settles a proposal that cannot be noted', async () => {
      const { nodes, removeTable } = await open();
      const [{ access }] = nodes;
      await access.addProposal(KEY, PROPOSAL, new Uint8Array(4), NO_BOUNDS, RECEIVED);
      await removeTable('audit');
      const failed = { name: 'LogFailure' };
      const again = { ...PROPOSAL, proposalId: 'p2' };
      await expect(access.addProposal(KEY, again, new Uint8Array(4), NO_BOUNDS, RECEIVED)).rejects.toMatchObject(
        failed,
      );
      const settling = access.settleProposal(KEY, 'p', 'applied', event('proposal-applied', 20));
      await expect(settling).rejects.toMatchObject(failed);
      expect(await access.listProposals(KEY)).toHaveLength(1);
      expect(await access.readProposal(KEY, 'p')).toHaveLength(4);
      expect(await access.readVersions([KEY])).toEqual([1]);
    });
  });
}
