import { describe, expect, it } from 'vitest';
import { membersOf } from '../testing/members-of.ts';
import {
  type AuditEvent,
  type AuditKind,
  JOIN_DECISION_KEPT_MS,
  JOIN_REQUEST_IDLE_MS,
  MAX_TOKEN_AGE_MS,
  NEWCOMER_KEPT_MS,
} from './access-directory.ts';
import type { OpenAccessNodes } from './access-nodes.contract.ts';
import type { NewLink } from './room-directory.ts';

const KEY = { tenant: 't', room: 'r' } as const;
const ALL = { limit: 1_000 };
/** Later than everything that is kept for some time. */
const NOW_MS = 2 * MAX_TOKEN_AGE_MS;
const MEMBER = { subject: 'ben', name: 'Ben', role: 'editor', linkId: 'one', lineageId: 'a' } as const;
const REQUEST = { requestId: 'q', linkId: 'one', subject: 'guest', name: 'Gus' } as const;
const PROPOSAL = { proposalId: 'p', subject: 'ben', name: 'Ben', document: 'd' } as const;
const BOUNDS = { maxRoomBytes: 10, maxSubjectBytes: 6, maxSubjectProposals: 2, maxSubjectDropped: 9 };

function event(kind: AuditKind, atMs = NOW_MS, detail = ''): AuditEvent {
  return { atMs, kind, actor: 'ana', actorName: 'Ana', target: 'x', detail };
}

function link(linkId: string, changes: Partial<NewLink> = {}): NewLink {
  return {
    ...KEY,
    linkId,
    role: 'editor',
    label: '',
    secretHash: Buffer.from(linkId.padEnd(32)),
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

/** What every `AccessDirectory` must bound, and do as one. */
export function describeAccessBounds(name: string, open: OpenAccessNodes): void {
  async function setUp() {
    const { nodes, removeTable } = await open();
    const [{ access, directory }, { access: other }] = nodes;
    await directory.createRoom({ ...KEY, name: '', createdAtMs: 1 });
    const ask = (requestId: string, atMs: number, linkId = 'one', maxPending = 2) =>
      access.addJoinRequest(KEY, { ...REQUEST, requestId, linkId, createdAtMs: atMs }, hash(requestId), maxPending);
    const waiting = async (nowMs: number) =>
      (await access.listJoinRequests(KEY, nowMs)).map(({ requestId }) => requestId).sort();
    return { access, other, removeTable, ask, waiting };
  }

  describe(`bounds of the access directory: ${name}`, () => {
    it('lets so many wait by one link, and others by another one', async () => {
      const { ask, waiting } = await setUp();
      expect([await ask('a', NOW_MS), await ask('b', NOW_MS), await ask('c', NOW_MS)]).toEqual([true, true, false]);
      expect(await ask('d', NOW_MS, 'two')).toBe(true);
      expect(await waiting(NOW_MS)).toEqual(['a', 'b', 'd']);
    });

    it('lets nobody wait who asks no more, and those who do as long as they like', async () => {
      const { access, ask, waiting } = await setUp();
      await ask('gone', NOW_MS);
      await ask('here', NOW_MS);
      for (let atMs = NOW_MS; atMs < NOW_MS + 5 * JOIN_REQUEST_IDLE_MS; atMs += 20_000) {
        expect(await access.pollJoinRequest(KEY, hash('here'), atMs)).toMatchObject({ decision: 'pending' });
      }
      const lateMs = NOW_MS + 5 * JOIN_REQUEST_IDLE_MS;
      expect(await waiting(lateMs)).toEqual(['here']);
      expect(await access.pollJoinRequest(KEY, hash('gone'), lateMs)).toBeUndefined();
      const [before] = await access.readVersions([KEY]);
      expect(await access.decideJoinRequest(KEY, 'gone', 'approved', event('join-approved', lateMs))).toBe(false);
      expect(await access.readVersions([KEY])).toEqual([before]);
      // The place of who is gone is free.
      expect([await ask('new', lateMs), await ask('one too many', lateMs)]).toEqual([true, false]);
      expect(await access.decideJoinRequest(KEY, 'here', 'approved', event('join-approved', lateMs))).toBe(true);
    });

    it('keeps a decision for who comes back later, and not for good', async () => {
      const { access, ask } = await setUp();
      await ask('a', NOW_MS);
      await access.decideJoinRequest(KEY, 'a', 'approved', event('join-approved', NOW_MS));
      const lastMs = NOW_MS + JOIN_DECISION_KEPT_MS;
      await ask('b', lastMs);
      expect(await access.pollJoinRequest(KEY, hash('a'), lastMs)).toMatchObject({ decision: 'approved' });
      await ask('c', lastMs + 1);
      expect(await access.pollJoinRequest(KEY, hash('a'), lastMs + 1)).toBeUndefined();
    });

    it('leaves to owners who were made so the link that they came by, closed to others, when all is revoked', async () => {
      const { access } = await setUp();
      const links = [link('one'), link('two'), link('three'), link('four', { role: 'owner' })];
      for (const made of links) await access.change(KEY, { kind: 'add-link', link: made }, undefined);
      await access.recordVisits([
        {
          key: KEY,
          members: [
            { ...MEMBER, lastSeenMs: NOW_MS },
            { ...MEMBER, subject: 'cleo', lineageId: 'b', linkId: 'two', lastSeenMs: NOW_MS },
          ],
          events: [],
        },
      ]);
      await access.change(KEY, { kind: 'set-role', subject: 'ben', role: 'owner' }, undefined);
      await access.change(KEY, { kind: 'set-role', subject: 'cleo', role: 'viewer' }, undefined);
      await access.change(KEY, { kind: 'revoke-all' }, event('all-revoked'));
      const states = (await access.listLinks(KEY)).map(({ linkId, closedAtMs, revokedAtMs }) => [
        linkId,
        closedAtMs !== undefined,
        revokedAtMs !== undefined,
      ]);
      expect(states).toEqual([
        ['four', false, false],
        ['one', true, false],
        ['three', false, true],
        ['two', false, true],
      ]);
      expect((await access.readAccess(KEY)).revokedBeforeMs).toBe(NOW_MS + 1);
    });

    it('makes a link and notes it, or neither', async () => {
      const { access, removeTable } = await setUp();
      const add = (made: NewLink) => access.change(KEY, { kind: 'add-link', link: made }, event('link-created'));
      expect(await add(link('one'))).toEqual({ version: 1, closedLinks: [] });
      await expect(add(link('one'))).rejects.toMatchObject({ name: 'LogFailure' });
      expect(await access.listAudit(KEY, ALL)).toHaveLength(1);
      await removeTable('audit');
      await expect(add(link('two'))).rejects.toMatchObject({ name: 'LogFailure' });
      expect((await access.listLinks(KEY)).map(({ linkId }) => linkId)).toEqual(['one']);
      expect(await access.readVersions([KEY])).toEqual([1]);
      const nowhere = { tenant: 't', room: 'nowhere' };
      const lost = access.change(nowhere, { kind: 'add-link', link: link('three', nowhere) }, undefined);
      await expect(lost).rejects.toMatchObject({ name: 'LogFailure' });
    });

    it('loses no setting when two owners set different ones at once', async () => {
      const { access, other } = await setUp();
      for (let round = 0; round < 10; round++) {
        const presenter = `owner ${round}`;
        const chat = round % 2 === 0 ? 'everyone' : 'editors';
        await Promise.all([
          access.change(KEY, { kind: 'set-settings', settings: { presenter } }, undefined),
          other.change(KEY, { kind: 'set-settings', settings: { chat } }, undefined),
        ]);
        expect((await access.readAccess(KEY)).settings).toEqual({ presenter, chat });
      }
      await access.change(KEY, { kind: 'set-settings', settings: { presenter: undefined } }, undefined);
      expect((await access.readAccess(KEY)).settings).toEqual({ presenter: undefined, chat: 'editors' });
    });

    it('notes who came and what happened as one change', async () => {
      const { access, removeTable } = await setUp();
      const members = ['a', 'b'].map((lineageId) => ({ ...MEMBER, lineageId, lastSeenMs: NOW_MS }));
      await access.recordVisits([{ key: KEY, members, events: [event('joined'), event('joined')] }]);
      expect(await access.readVersions([KEY])).toEqual([1]);
      await removeTable('audit');
      const late = [{ ...MEMBER, lineageId: 'c', lastSeenMs: NOW_MS }];
      await expect(access.recordVisits([{ key: KEY, members: late, events: [event('joined')] }])).rejects.toMatchObject(
        { name: 'LogFailure' },
      );
      expect(await membersOf(access, KEY)).toHaveLength(2);
    });

    it('forgets who was never in after a day, and everybody after the longest life of a token', async () => {
      const { access } = await setUp();
      const see = (lineageId: string, lastSeenMs: number, linkId: string | undefined = 'one') =>
        access.recordVisits([{ key: KEY, members: [{ ...MEMBER, lineageId, linkId, lastSeenMs }], events: [] }]);
      const known = async () => (await membersOf(access, KEY)).map(({ lineageId }) => lineageId).sort();
      await see('never in', NOW_MS);
      await access.recordVisits([
        {
          key: KEY,
          members: [{ ...MEMBER, lineageId: 'without a link', linkId: undefined, lastSeenMs: NOW_MS }],
          events: [],
        },
      ]);
      await see('in', NOW_MS);
      await see('in', NOW_MS + 1);
      await see('new', NOW_MS + NEWCOMER_KEPT_MS);
      expect(await known()).toEqual(['in', 'never in', 'new', 'without a link']);
      await see('new', NOW_MS + NEWCOMER_KEPT_MS + 1);
      expect(await known()).toEqual(['in', 'new', 'without a link']);
      await see('new', NOW_MS + MAX_TOKEN_AGE_MS + 1);
      expect(await known()).toEqual(['in', 'new']);
      await see('new', NOW_MS + MAX_TOKEN_AGE_MS + 2);
      expect(await known()).toEqual(['new']);
    });

    it('forgets which sessions were ended once no token of them counts', async () => {
      const { access } = await setUp();
      const end = (lineageId: string, atMs: number) =>
        access.change(KEY, { kind: 'revoke-lineage', lineageId }, event('session-revoked', atMs));
      await end('old', NOW_MS);
      await end('newer', NOW_MS + 1);
      await end('newest', NOW_MS + MAX_TOKEN_AGE_MS + 1);
      expect((await access.readAccess(KEY)).revokedLineages).toEqual(new Set(['newer', 'newest']));
    });

    it('keeps of an event what fits, and nothing that hides or turns around the rest', async () => {
      const { access } = await setUp();
      const details = [`${'x'.repeat(1020)}🙂!`, `${'x'.repeat(1022)}🙂`, 'a\u202eb\nc\u2066d', 'Zoë 🙂'];
      await access.recordVisits([
        { key: KEY, members: [], events: details.map((detail) => event('refused', NOW_MS, detail)) },
      ]);
      await access.recordVisits([
        { key: KEY, members: [], events: [{ ...event('joined'), actorName: `An\u202ea${'é'.repeat(200)}` }] },
      ]);
      const [named, ...kept] = await access.listAudit(KEY, ALL);
      const [plain = '', turned, cutWithin = '', cut = ''] = kept.map(({ detail }) => detail);
      expect([plain, turned]).toEqual(['Zoë 🙂', 'a\uFFFDb\uFFFDc\uFFFDd']);
      for (const text of [cut, cutWithin]) {
        expect(text).toMatch(/^x+$/);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024);
        expect(text.length).toBeGreaterThan(1000);
      }
      expect(named?.actorName).toMatch(/^An\uFFFDaé+$/);
      expect(Buffer.byteLength(named?.actorName ?? '')).toBeLessThanOrEqual(256);
    });

    it('says whether a proposal would be taken before anybody looks into it, and forgets settled ones', async () => {
      const { access } = await setUp();
      const check = (proposalId: string, bytes: number, subject = 'ben') =>
        access.checkProposal(KEY, { proposalId, subject, bytes }, BOUNDS);
      const add = (proposalId: string, bytes: number, createdAtMs = NOW_MS) => {
        const proposal = { ...PROPOSAL, proposalId, createdAtMs };
        return access.addProposal(KEY, proposal, new Uint8Array(bytes), BOUNDS, event('proposal-received'));
      };
      expect([await check('p', 6), await check('p', 7), await check('p', 11, 'eve')]).toEqual(['fits', 'full', 'full']);
      await add('p', 3);
      expect([await check('p', 3), await check('q', 4), await check('q', 3)]).toEqual(['open', 'full', 'fits']);
      await add('q', 1);
      expect([await check('r', 0), await check('r', 6, 'eve'), await check('r', 7, 'eve')]).toEqual([
        'full',
        'fits',
        'full',
      ]);
      await access.settleProposal(KEY, 'p', 'dropped', event('proposal-dropped'));
      expect([await check('p', 3), await check('r', 5)]).toEqual(['dropped', 'fits']);
      await add('s', 0, NOW_MS + MAX_TOKEN_AGE_MS);
      expect(await check('p', 3)).toBe('dropped');
      await access.settleProposal(KEY, 's', 'dropped', event('proposal-dropped'));
      await add('u', 0, NOW_MS + MAX_TOKEN_AGE_MS + 1);
      expect([await check('p', 3, 'eve'), await check('q', 1)]).toEqual(['fits', 'open']);
    });
  });
}
