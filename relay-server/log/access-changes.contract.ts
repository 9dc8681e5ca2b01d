import { describe, expect, it } from 'vitest';
import type { AccessChange, AuditEvent, AuditKind, MemberRecord, RoomVisits } from './access-directory.ts';
import { NEWCOMER_KEPT_MS } from './access-directory.ts';
import type { OpenAccessNodes } from './access-nodes.contract.ts';
import { ChangeRefused } from './change-refused.ts';
import type { NewLink } from './room-directory.ts';

const KEY = { tenant: 't', room: 'r' } as const;
const OTHER = { tenant: 't', room: 'another' } as const;
const ALL = { limit: 1_000 };
const MEMBER = { subject: 'ben', name: 'Ben', role: 'editor', linkId: 'one', lineageId: 'a', lastSeenMs: 10 } as const;
const REQUEST = { requestId: 'q', linkId: 'one', subject: 'guest', name: 'Gus', createdAtMs: 10 } as const;
const REFUSED = new ChangeRefused('forbidden', 'No.');

function event(kind: AuditKind = 'role-changed', atMs = 50): AuditEvent {
  return { atMs, kind, actor: 'ana', actorName: 'Ana', target: 'x', detail: '' };
}

function link(linkId: string, changes: Partial<NewLink> = {}): NewLink {
  return {
    ...KEY,
    linkId,
    role: 'editor',
    label: `for ${linkId}`,
    secretHash: hash(linkId),
    createdAtMs: 1,
    expiresAtMs: undefined,
    maxUses: undefined,
    needsApproval: true,
    paths: undefined,
    createdBy: 'ana',
    ...changes,
  };
}

function hash(name: string): Uint8Array {
  return Buffer.from(name.padEnd(32));
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function visit(...members: readonly Partial<MemberRecord>[]): RoomVisits[] {
  return [{ key: KEY, members: members.map((member) => ({ ...MEMBER, ...member })), events: [] }];
}

/** What every `AccessDirectory` must make of a change of a room's access, on several nodes at once. */
export function describeAccessChanges(name: string, open: OpenAccessNodes): void {
  async function setUp() {
    const { nodes, removeTable } = await open();
    const [{ access, directory }, { access: other }] = nodes;
    await directory.createRoom({ ...KEY, name: '', createdAtMs: 1 });
    for (const linkId of ['one', 'two'])
      await access.change(
        KEY,
        { kind: 'add-link', link: link(linkId, linkId === 'one' ? { maxUses: 1 } : {}) },
        undefined,
      );
    const linkStates = async () =>
      (await access.listLinks(KEY))
        .toSorted((a, b) => (a.linkId < b.linkId ? -1 : 1))
        .map(({ linkId, closedAtMs, closedReason }) => [linkId, closedAtMs, closedReason]);
    return { access, other, directory, removeTable, linkStates };
  }

  describe(`changes of access: ${name}`, () => {
    it('are decided by how things stand in their own transaction, and undone when they are refused', async () => {
      const { access } = await setUp();
      await access.recordVisits(visit({}, { lineageId: 'b', lastSeenMs: 20 }, { subject: 'cleo', lineageId: 'c' }));
      const role: AccessChange = { kind: 'set-role', subject: 'ben', role: 'viewer' };
      await access.change(KEY, role, ({ access: before, sessions }) => {
        expect(before.roles.get('ben')).toBeUndefined();
        expect(sessions.map(({ lineageId, lastSeenMs }) => [lineageId, lastSeenMs])).toEqual([
          ['b', 20],
          ['a', 10],
        ]);
        return { ...event(), detail: 'by a function' };
      });
      const before = await access.readAccess(KEY);
      expect(before.roles).toEqual(new Map([['ben', 'viewer']]));
      const refuse = () => {
        throw REFUSED;
      };
      const changes: readonly AccessChange[] = [
        { kind: 'set-role', subject: 'ben', role: 'owner' },
        { kind: 'revoke-subject', subject: 'ben' },
        { kind: 'add-link', link: link('three') },
        { kind: 'revoke-all' },
      ];
      for (const change of changes) await expect(access.change(KEY, change, refuse)).rejects.toBe(REFUSED);
      await access.addJoinRequest(KEY, REQUEST, hash('q'), 9);
      await expect(access.decideJoinRequest(KEY, 'q', 'approved', refuse)).rejects.toBe(REFUSED);
      await access.addProposal(
        KEY,
        { proposalId: 'p', subject: 'ben', name: 'Ben', document: 'd', createdAtMs: 10 },
        new Uint8Array(4),
        { maxRoomBytes: 9, maxSubjectBytes: 9, maxSubjectProposals: 9, maxSubjectDropped: 9 },
        event('proposal-received'),
      );
      await expect(access.settleProposal(KEY, 'p', 'dropped', refuse)).rejects.toBe(REFUSED);
      expect(await access.readAccess(KEY)).toEqual({ ...before, version: before.version + 2 });
      expect((await access.listAudit(KEY, ALL)).map(({ kind, detail }) => [kind, detail])).toEqual([
        ['proposal-received', ''],
        ['join-requested', 'one'],
        ['role-changed', 'by a function'],
      ]);
      expect(await access.listJoinRequests(KEY, 11)).toHaveLength(1);
      expect(await access.listProposals(KEY)).toHaveLength(1);
      expect(await access.listLinks(KEY)).toHaveLength(2);
    });

    it('of two nodes at once see each other: who is out makes none any more', async () => {
      const { access, other } = await setUp();
      for (let round = 0; round < 10; round++) {
        const [ana, ben] = [`ana ${round}`, `ben ${round}`];
        const remove = (node: typeof access, actor: string, subject: string) =>
          node.change(KEY, { kind: 'revoke-subject', subject }, ({ access: before }) => {
            if (before.revokedSubjects.has(actor)) throw REFUSED;
            return event('person-revoked');
          });
        const removals = await Promise.allSettled([remove(access, ana, ben), remove(other, ben, ana)]);
        expect(removals.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        const { revokedSubjects } = await access.readAccess(KEY);
        expect([ana, ben].filter((subject) => revokedSubjects.has(subject))).toHaveLength(1);
      }
    });

    it('close the links of a person, note why, tell which, and open none again', async () => {
      const { access, linkStates } = await setUp();
      await access.recordVisits(visit({}, { lineageId: 'b', linkId: 'two' }, { subject: 'cleo', lineageId: 'c' }));
      const set = (subject: string, role: MemberRecord['role'] | undefined, closesLinks = false) =>
        access.change(KEY, { kind: 'set-role', subject, role, closesLinks }, event());
      const lowered = await set('ben', 'viewer', true);
      expect(lowered.closedLinks.toSorted((a, b) => (a.linkId < b.linkId ? -1 : 1))).toEqual([
        { linkId: 'one', role: 'editor', label: 'for one' },
        { linkId: 'two', role: 'editor', label: 'for two' },
      ]);
      const noted = (await access.listAudit(KEY, ALL)).map(({ kind, actor, target, detail }) => [
        kind,
        actor,
        target,
        detail,
      ]);
      expect(noted.toSorted(byText)).toEqual([
        ['link-closed', 'ana', 'one', 'editor, for one: the role of somebody who came by it was lowered'],
        ['link-closed', 'ana', 'two', 'editor, for two: the role of somebody who came by it was lowered'],
        ['role-changed', 'ana', 'x', ''],
      ]);
      expect((await access.listAudit(KEY, ALL)).map(({ seq }) => seq)).toEqual([3, 2, 1]);
      for (const role of ['owner', undefined] as const) expect((await set('ben', role)).closedLinks).toEqual([]);
      // What is closed stays so, for the reason of then.
      expect((await access.change(KEY, { kind: 'revoke-subject', subject: 'cleo' }, event())).closedLinks).toEqual([]);
      expect(await linkStates()).toEqual([
        ['one', 50, 'role-lowered'],
        ['two', 50, 'role-lowered'],
      ]);
      expect(await access.listAudit(KEY, ALL)).toHaveLength(6);
    });

    it('say of a link whether a removal has closed it', async () => {
      const { access, linkStates } = await setUp();
      await access.recordVisits(visit({}, { subject: 'cleo', lineageId: 'c', linkId: 'two' }));
      const { closedLinks } = await access.change(KEY, { kind: 'revoke-subject', subject: 'ben' }, event());
      expect(closedLinks.map(({ linkId }) => linkId)).toEqual(['one']);
      await access.change(KEY, { kind: 'set-role', subject: 'cleo', role: 'owner' }, undefined);
      const all = await access.change(KEY, { kind: 'revoke-all' }, event('all-revoked', 60));
      expect(all.closedLinks.map(({ linkId }) => linkId)).toEqual(['two']);
      expect(await linkStates()).toEqual([
        ['one', 50, 'person-removed'],
        ['two', 60, 'all-removed'],
      ]);
    });

    it.each<[string, readonly AccessChange[], isLast: boolean]>([
      ['is removed', [{ kind: 'revoke-subject', subject: 'ben' }], true],
      ['may only comment', [{ kind: 'set-role', subject: 'ben', role: 'commenter' }], true],
      ['may only read', [{ kind: 'set-role', subject: 'ben', role: 'viewer' }], true],
      ['is out with their link', [{ kind: 'revoke-link', linkId: 'one' }], true],
      ['is out with everybody', [{ kind: 'revoke-all' }], true],
      ['has no session any more', [{ kind: 'revoke-lineage', lineageId: 'a' }], true],
      ['is made an owner', [{ kind: 'set-role', subject: 'ben', role: 'owner' }], false],
      [
        'is an owner when everybody else goes',
        [{ kind: 'set-role', subject: 'ben', role: 'owner' }, { kind: 'revoke-all' }],
        false,
      ],
      ['has nothing to do with it', [{ kind: 'revoke-subject', subject: 'cleo' }], false],
    ])('end the presenting of somebody who %s, or not', async (_what, changes, isEnded) => {
      const { access } = await setUp();
      await access.recordVisits(visit({}, { subject: 'cleo', lineageId: 'c', linkId: 'two' }));
      await access.change(KEY, { kind: 'set-settings', settings: { presenter: 'ben', chat: 'editors' } }, undefined);
      const [before = 0] = await access.readVersions([KEY]);
      for (const change of changes) await access.change(KEY, change, event());
      const { version, settings } = await access.readAccess(KEY);
      expect([settings.presenter, settings.chat]).toEqual([isEnded ? undefined : 'ben', 'editors']);
      expect(version).toBe(before + changes.length);
      const endings = (await access.listAudit(KEY, ALL)).filter(({ kind }) => kind === 'settings-changed');
      expect(endings.map(({ actor, target, detail }) => [actor, target, detail])).toEqual(
        isEnded ? [['ana', 'ben', '{"presenter":null}']] : [],
      );
    });

    it('end no presenting of whom nothing is noted yet, unless they are meant', async () => {
      const { access } = await setUp();
      const present = () => access.change(KEY, { kind: 'set-settings', settings: { presenter: 'new' } }, undefined);
      const presenter = async (change: AccessChange) => {
        await present();
        await access.change(KEY, change, event());
        return (await access.readAccess(KEY)).settings.presenter;
      };
      expect(await presenter({ kind: 'revoke-subject', subject: 'ben' })).toBe('new');
      expect(await presenter({ kind: 'set-role', subject: 'new', role: 'editor' })).toBe('new');
      expect(await presenter({ kind: 'set-role', subject: 'new', role: 'viewer' })).toBeUndefined();
      expect(await presenter({ kind: 'revoke-subject', subject: 'new' })).toBeUndefined();
    });
  });

  describe(`requests that were approved: ${name}`, () => {
    it('let one session in, which counts as one use of the link, whoever comes by them at once', async () => {
      const { access, other, directory } = await setUp();
      const redeem = (node: typeof access, lineageId: string, request = 'q') =>
        node.redeemJoinRequest(KEY, hash(request), lineageId);
      await access.addJoinRequest(KEY, REQUEST, hash('q'), 9);
      expect(await redeem(access, 'early')).toBeUndefined();
      await access.decideJoinRequest(KEY, 'q', 'approved', event('join-approved', 11));
      expect(await access.pollJoinRequest(KEY, hash('q'), 12)).toMatchObject({ lineageId: undefined });
      const [first, second] = await Promise.all([redeem(access, 'l1'), redeem(other, 'l2')]);
      expect(['l1', 'l2']).toContain(first);
      expect(second).toBe(first);
      expect(await redeem(other, 'l3')).toBe(first);
      expect(await directory.findLink('t', 'one')).toMatchObject({ uses: 1 });
      expect(await access.pollJoinRequest(KEY, hash('q'), 12)).toMatchObject({ lineageId: first });
      expect(await redeem(access, 'l4', 'unknown')).toBeUndefined();
      expect(await access.redeemJoinRequest({ ...KEY, room: 'none' }, hash('q'), 'l5')).toBeUndefined();
      // The link is for one.
      await access.addJoinRequest(KEY, { ...REQUEST, requestId: 'q2' }, hash('q2'), 9);
      await access.decideJoinRequest(KEY, 'q2', 'approved', event('join-approved', 11));
      expect(await redeem(access, 'l6', 'q2')).toBeUndefined();
    });
  });

  describe(`visits of several rooms: ${name}`, () => {
    it('are one change, made as a whole', async () => {
      const { access, directory, removeTable } = await setUp();
      await directory.createRoom({ ...OTHER, name: '', createdAtMs: 1 });
      const versions = () => access.readVersions([KEY, OTHER]);
      const seen = [...visit({}), { key: OTHER, members: [MEMBER], events: [event('joined'), event('joined')] }];
      const [before = 0] = await versions();
      await access.recordVisits(seen);
      expect(await versions()).toEqual([before + 1, 1]);
      expect((await access.listAudit(OTHER, ALL)).map(({ seq }) => seq)).toEqual([2, 1]);
      await access.recordVisits([{ key: KEY, members: [], events: [] }]);
      await access.recordVisits([]);
      await removeTable('audit');
      await expect(access.recordVisits(seen)).rejects.toMatchObject({ name: 'LogFailure' });
      expect(await versions()).toEqual([before + 1, 1]);
    });

    it('of two nodes do not wait for each other in a circle, in whatever order they name the rooms', async () => {
      const { access, other } = await setUp();
      const rooms = Array.from({ length: 10 }, (_, index) => ({ tenant: 't', room: `r${index}` }));
      const note = async (node: typeof access, order: readonly (typeof rooms)[number][]) => {
        for (let round = 0; round < 10; round++)
          await node.recordVisits(order.map((key) => ({ key, members: [], events: [event('joined')] })));
      };
      await Promise.all([note(access, rooms), note(other, rooms.toReversed())]);
      expect(await access.readVersions(rooms)).toEqual(rooms.map(() => 20));
    });
  });

  describe(`the people of a room: ${name}`, () => {
    async function fillWithPeople() {
      const { access } = await setUp();
      // The owners, and who is in all day, were seen first.
      const people: Partial<MemberRecord>[] = ['ana', 'otto', 'zoe', 'dan'].map((subject, index) => ({
        subject,
        lineageId: `session of ${subject}`,
        lastSeenMs: index + 1,
        ...(subject === 'ana' && { role: 'owner' }),
      }));
      for (let index = 0; index < 30; index++)
        people.push({ subject: `bot ${index}`, lineageId: `s${index}`, lastSeenMs: 100 + index });
      await access.recordVisits(visit(...people));
      await access.recordVisits(visit({ subject: 'bot 5', lineageId: 'again', lastSeenMs: 500 }));
      await access.change(KEY, { kind: 'set-role', subject: 'otto', role: 'owner' }, undefined);
      return access;
    }

    it('are listed page by page: owners, those who are in, and then those seen last', async () => {
      const access = await fillWithPeople();
      const page = { limit: 10 };
      const first = await access.listPeople(KEY, { ...page, connected: ['zoe', 'bot 29', 'nobody', 'ana'] });
      const subjectsOf = ({ people }: typeof first) => people.map(({ sessions }) => sessions[0]?.subject);
      expect(subjectsOf(first).slice(0, 2).toSorted(byText)).toEqual(['ana', 'otto']);
      expect(subjectsOf(first).slice(2)).toEqual(['zoe', 'bot 29', 'bot 5', 'bot 28', 'bot 27', 'bot 26', 'bot 25']);
      const seen = new Set(subjectsOf(first));
      let { next } = first;
      let pages = 1;
      while (next) {
        const following: typeof first = await access.listPeople(KEY, { ...page, after: next });
        expect(following.people.length).toBeLessThanOrEqual(10);
        for (const subject of subjectsOf(following)) seen.add(subject);
        ({ next } = following);
        pages++;
      }
      expect([seen.size, pages]).toEqual([34, 4]);
      expect(await access.listPeople({ ...KEY, room: 'none' }, page)).toEqual({ people: [], next: undefined });
      const whole = await access.listPeople(KEY, { limit: 1_000 });
      expect([subjectsOf(whole).length, whole.next]).toEqual([34, undefined]);
      // More who come first than a page has.
      const crowded = await access.listPeople(KEY, { limit: 2, connected: ['zoe', 'dan'] });
      expect(subjectsOf(crowded).toSorted(byText)).toEqual(['ana', 'otto']);
      const rest = await access.listPeople(KEY, { limit: 2, ...(crowded.next && { after: crowded.next }) });
      expect(subjectsOf(rest)).toEqual(['bot 5', 'bot 29']);
    });

    it('have their newest sessions, and the time when they were seen first, whichever session that was', async () => {
      const access = await fillWithPeople();
      const lastMs = NEWCOMER_KEPT_MS / 2;
      for (let index = 0; index < 30; index++)
        await access.recordVisits(visit({ lineageId: `b${index}`, linkId: undefined, lastSeenMs: lastMs + index }));
      const { people } = await access.listPeople(KEY, { limit: 4 });
      const ben = people.find(({ sessions }) => sessions[0]?.subject === 'ben');
      expect(ben?.firstSeenMs).toBe(lastMs);
      expect(ben?.sessions.map(({ lineageId }) => lineageId)).toEqual(
        Array.from({ length: 20 }, (_, index) => `b${29 - index}`),
      );
      const bot = (await access.listPeople(KEY, { limit: 99 })).people.find(
        ({ sessions }) => sessions[0]?.subject === 'bot 5',
      );
      expect(bot).toMatchObject({ firstSeenMs: 105, sessions: [{ lineageId: 'again' }, { lineageId: 's5' }] });
    });
  });

  describe(`proposals that owners drop: ${name}`, () => {
    it('are known when they come again, and of whom many were dropped nothing more is taken', async () => {
      const { access, other } = await setUp();
      const bounds = { maxRoomBytes: 99, maxSubjectBytes: 99, maxSubjectProposals: 9, maxSubjectDropped: 3 };
      const proposal = (proposalId: string, subject = 'ben') => ({ proposalId, subject, bytes: 4 });
      const add = (proposalId: string, subject = 'ben') =>
        access.addProposal(
          KEY,
          { proposalId, subject, name: 'Ben', document: 'd', createdAtMs: 10 },
          new Uint8Array(4),
          bounds,
          event('proposal-received'),
        );
      for (const proposalId of ['p1', 'p2', 'p3', 'p4']) {
        expect(await add(proposalId)).toBe('open');
        const isApplied = proposalId === 'p2';
        await access.settleProposal(KEY, proposalId, isApplied ? 'applied' : 'dropped', event());
      }
      const [before] = await access.readVersions([KEY]);
      expect([await add('p1'), await add('p2'), await add('p5'), await add('p5', 'eve')]).toEqual([
        'dropped',
        'applied',
        'full',
        'open',
      ]);
      expect(await other.checkProposal(KEY, proposal('p1'), bounds)).toBe('dropped');
      expect(await other.checkProposal(KEY, proposal('p6'), bounds)).toBe('full');
      expect(await other.checkProposal(KEY, proposal('p6', 'eve'), bounds)).toBe('fits');
      expect(await access.readVersions([KEY])).toEqual([(before ?? 0) + 1]);
    });
  });
}
