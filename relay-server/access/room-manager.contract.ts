import { describe, expect, it } from 'vitest';
import type { Role } from '../../shared/access/index.ts';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import type { OpenAccessNodes } from '../log/access-nodes.contract.ts';
import { loadRelayIdentity } from './relay-identity.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import type { Actor } from './actor.ts';
import type { RoomGrant } from './room-grant.ts';
import { type Revocation, RoomManager } from './room-manager.ts';
import { ShareLinks } from './share-links.ts';
import { TokenAuthority } from './token-authority.ts';

const KEY = { tenant: 't', room: 'r' } as const;
const OUT = { name: 'ChangeRefused', reason: 'revoked' };
const NO_OWNER = { name: 'ChangeRefused', reason: 'forbidden' };

function actorOf(subject: string, role: Role = 'owner', linkId?: string): Actor & { readonly grant: RoomGrant } {
  const times = { issuedAtMs: 1, expiresAtMs: 1_000_000 };
  const lineage = { lineageId: `session of ${subject}`, jti: subject, paths: undefined };
  return { subject, name: subject, grant: { ...KEY, subject, name: subject, role, linkId, ...lineage, ...times } };
}

/** What owners must be able to rely on who use different nodes on one database. */
export function describeRoomManager(name: string, open: OpenAccessNodes): void {
  async function setUp() {
    const { nodes } = await open();
    const scheduler = new ManualScheduler();
    const authority = new TokenAuthority(await loadRelayIdentity(temporaryFolder()), scheduler);
    const [{ directory }] = nodes;
    await directory.createRoom({ ...KEY, name: '', createdAtMs: 1 });
    const managers = nodes.map(({ access, directory: ownDirectory }) => {
      const shareLinks = new ShareLinks({ directory: ownDirectory, access, authority, scheduler });
      return new RoomManager({ access, shareLinks, scheduler });
    });
    const [one, two] = managers;
    if (!one || !two) throw new Error('there are two nodes');
    return { one, two, access: nodes[0].access, authority, scheduler };
  }

  describe(`owners on two nodes: ${name}`, () => {
    it.each([
      ['remove', 'remove'],
      ['remove', 'lower'],
      ['lower', 'lower'],
    ] as const)('who would %s and %s each other at once leave one owner', async (ofAna, ofBen) => {
      const { one, two, access } = await setUp();
      const act = (manager: RoomManager, what: 'remove' | 'lower', actor: Actor, subject: string) =>
        what === 'remove'
          ? manager.revoke(KEY, actor, { kind: 'subject', subject })
          : manager.setRole(KEY, actor, subject, 'editor');
      for (let round = 0; round < 10; round++) {
        const [ana, ben] = [actorOf(`ana ${round}`), actorOf(`ben ${round}`)];
        const outcomes = await Promise.allSettled([
          act(one, ofAna, ana, ben.subject),
          act(two, ofBen, ben, ana.subject),
        ]);
        const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
        expect(refused).toHaveLength(1);
        expect(refused[0]?.reason).toMatchObject({ name: 'ChangeRefused' });
        const { revokedSubjects, roles } = await access.readAccess(KEY);
        const owners = [ana, ben].filter(({ subject }) => !revokedSubjects.has(subject) && !roles.has(subject));
        expect(owners).toHaveLength(1);
        expect(await access.listAudit(KEY, { limit: 1_000 })).toHaveLength(round + 1);
      }
    });

    it('who are none any more change nothing, whatever it is', async () => {
      const { one, two, access, scheduler } = await setUp();
      const [ana, out, lowered] = [actorOf('ana'), actorOf('out'), actorOf('lowered')];
      const guest = { requestId: 'q', linkId: 'l', subject: 'guest', name: 'Gus', createdAtMs: scheduler.now() };
      await access.addJoinRequest(KEY, guest, Buffer.alloc(32), 9);
      const proposal = { proposalId: 'p', subject: 'ben', name: 'Ben', document: 'd', createdAtMs: scheduler.now() };
      const bounds = { maxRoomBytes: 9, maxSubjectBytes: 9, maxSubjectProposals: 9, maxSubjectDropped: 9 };
      const received = { kind: 'proposal-received', actor: 'ben', actorName: 'Ben', target: 'p', detail: 'd' } as const;
      await access.addProposal(KEY, proposal, new Uint8Array(4), bounds, { ...received, atMs: scheduler.now() });
      await one.revoke(KEY, ana, { kind: 'subject', subject: 'out' });
      await one.setRole(KEY, ana, 'lowered', 'editor');
      const before = [await access.readAccess(KEY), await access.listLinks(KEY)];
      const revocations: readonly Revocation[] = [
        { kind: 'subject', subject: 'ana' },
        { kind: 'session', lineageId: 'session of ana' },
        { kind: 'link', linkId: 'l' },
        { kind: 'all' },
      ];
      for (const [actor, refusal] of [
        [out, OUT],
        [lowered, NO_OWNER],
        [actorOf('never', 'viewer'), NO_OWNER],
      ] as const) {
        for (const what of revocations) await expect(two.revoke(KEY, actor, what)).rejects.toMatchObject(refusal);
        const attempts: (() => Promise<unknown>)[] = [
          () => two.setRole(KEY, actor, 'ana', 'viewer'),
          () => two.setSettings(KEY, actor, { chat: 'everyone' }),
          () => two.createLink(actor, { ...KEY, role: 'owner' }),
          () => two.decideJoin(KEY, actor, 'q', 'approved'),
          () => two.settleProposal(KEY, actor, 'p', 'dropped'),
        ];
        for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject(refusal);
      }
      expect([await access.readAccess(KEY), await access.listLinks(KEY)]).toEqual(before);
      expect(await access.listProposals(KEY)).toHaveLength(1);
      expect(await one.decideJoin(KEY, ana, 'q', 'approved')).toBe(true);
      expect(await one.settleProposal(KEY, ana, 'p', 'dropped')).toBe(true);
    });

    it('give the presenting to nobody who was removed, or may not edit any more, meanwhile', async () => {
      const { one, two, access, scheduler } = await setUp();
      const ana = actorOf('ana');
      for (let round = 0; round < 10; round++) {
        const subject = `ben ${round}`;
        const member = { name: 'Ben', role: 'editor', linkId: undefined, lastSeenMs: scheduler.now() } as const;
        const members = [{ ...member, subject, lineageId: subject }];
        await access.recordVisits([{ key: KEY, members, events: [] }]);
        await Promise.allSettled([
          one.setSettings(KEY, ana, { presenter: subject }),
          round % 2 === 0
            ? two.revoke(KEY, ana, { kind: 'subject', subject })
            : two.setRole(KEY, ana, subject, 'viewer'),
        ]);
        expect((await access.readAccess(KEY)).settings.presenter).toBeUndefined();
      }
    });
  });
}
