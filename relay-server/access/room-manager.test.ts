import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LogFailure } from '../log/log-failure.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { openAccess, WHERE } from '../testing/access-under-test.ts';
import { describeRoomManager } from './room-manager.contract.ts';
import { OPERATOR, type Revocation, RoomManager } from './room-manager.ts';
import { ShareLinks } from './share-links.ts';

describeRoomManager('SQLite', () => {
  const path = join(temporaryFolder(), 'relay.db');
  const openNode = () => {
    const storage = openSqliteStorage(path);
    onTestFinished(() => storage.dispose());
    return storage;
  };
  return { nodes: [openNode(), openNode()], removeTable: () => Promise.reject(new Error('there is no need to')) };
});

describe('taking everybody’s access back', () => {
  async function world() {
    const opened = await openAccess();
    const { shareLinks, access, authority, manager, scheduler, grant } = opened;
    const { secret } = await shareLinks.create({ ...WHERE, role: 'editor' });
    const trade = (previousToken?: string) => shareLinks.trade({ room: 'room', secret, name: 'Bob', previousToken });
    const come = async () => {
      const traded = await trade();
      if (traded.kind !== 'granted') throw new Error('not granted');
      scheduler.advance(1);
      const { subject, name, role, linkId, lineageId } = traded.grant;
      await access.recordVisits([
        { key: WHERE, members: [{ subject, name, role, linkId, lineageId, lastSeenMs: scheduler.now() }], events: [] },
      ]);
      return traded;
    };
    const [promoted, other] = [await come(), await come()];
    await manager.setRole(WHERE, OPERATOR, promoted.grant.subject, 'owner');
    const first = await authority.signRoomToken({ ...grant, subject: 'olga', role: 'owner' });
    scheduler.advance(1);
    await manager.revoke(WHERE, { subject: 'olga', name: 'Olga' }, { kind: 'all' });
    scheduler.advance(1);
    return { ...opened, trade, promoted, other, first };
  }

  it('leaves every owner in, whatever link they came by, and lets them renew their tokens', async () => {
    const { doorkeeper, trade, promoted, first } = await world();
    for (const { token } of [first, promoted])
      expect(await doorkeeper.admit(token, 'room')).toMatchObject({ kind: 'admitted', standing: { role: 'owner' } });
    const renewed = await trade(promoted.token);
    if (renewed.kind !== 'granted') throw new Error('not granted');
    expect(await doorkeeper.admit(renewed.token, 'room')).toMatchObject({ standing: { role: 'owner' } });
  });

  it('puts everybody else out, who come in by the same link neither with their token nor anew', async () => {
    const { doorkeeper, trade, other } = await world();
    expect(await doorkeeper.admit(other.token, 'room')).toMatchObject({ kind: 'refused', closeCode: 4403 });
    expect(await trade(other.token)).toMatchObject({ kind: 'refused', reason: 'revoked' });
    expect(await trade()).toMatchObject({ kind: 'refused', reason: 'closed' });
  });

  it('puts out who was an owner then and is none any more', async () => {
    const { doorkeeper, manager, trade, promoted } = await world();
    await manager.setRole(WHERE, OPERATOR, promoted.grant.subject, undefined);
    expect(await doorkeeper.admit(promoted.token, 'room')).toMatchObject({ kind: 'refused', closeCode: 4403 });
    expect(await trade(promoted.token)).toMatchObject({ kind: 'refused', reason: 'revoked' });
  });
});

it('knows whom and what there is to take back', async () => {
  const { access, manager, shareLinks, scheduler } = await openAccess();
  const { linkId } = await shareLinks.create({ ...WHERE, role: 'editor' });
  const member = { subject: 'ben', name: 'Ben', role: 'editor', linkId, lineageId: 'session' } as const;
  await access.recordVisits([{ key: WHERE, members: [{ ...member, lastSeenMs: scheduler.now() }], events: [] }]);
  await manager.setRole(WHERE, OPERATOR, 'expected', 'viewer');
  await manager.revoke(WHERE, OPERATOR, { kind: 'subject', subject: 'gone' });
  const known: readonly Revocation[] = [
    { kind: 'subject', subject: 'ben' },
    { kind: 'subject', subject: 'expected' },
    { kind: 'subject', subject: 'gone' },
    { kind: 'session', lineageId: 'session' },
    { kind: 'link', linkId },
    { kind: 'all' },
  ];
  const unknown: readonly Revocation[] = [
    { kind: 'subject', subject: 'session' },
    { kind: 'session', lineageId: 'ben' },
    { kind: 'link', linkId: 'none' },
  ];
  for (const what of known) expect([what, await manager.knows(WHERE, what)]).toEqual([what, true]);
  for (const what of unknown) expect([what, await manager.knows(WHERE, what)]).toEqual([what, false]);
  expect(await manager.knows({ ...WHERE, tenant: 'other' }, { kind: 'subject', subject: 'ben' })).toBe(false);
});

it('raises the version once for a link, which it tells of', async () => {
  const { access, manager } = await openAccess();
  await manager.createLink(OPERATOR, { ...WHERE, role: 'editor', paths: ['src/**'] });
  expect(await access.readVersions([WHERE])).toEqual([1]);
  expect(await access.listAudit(WHERE, { limit: 9 })).toMatchObject([
    { kind: 'link-created', actor: 'operator', detail: 'editor, src/**' },
  ]);
});

it('notes of the settings what was changed', async () => {
  const { access, manager, scheduler } = await openAccess();
  const ana = { subject: 'ana', name: 'Ana', role: 'editor', linkId: undefined, lineageId: 'session' } as const;
  const members = [{ ...ana, lastSeenMs: scheduler.now() }];
  await access.recordVisits([{ key: WHERE, members, events: [] }]);
  await manager.setSettings(WHERE, OPERATOR, { chat: 'everyone' });
  await manager.setSettings(WHERE, OPERATOR, { presenter: 'ana' });
  await manager.setSettings(WHERE, OPERATOR, { presenter: undefined });
  expect((await access.readAccess(WHERE)).settings).toEqual({ presenter: undefined, chat: 'everyone' });
  const details = (await access.listAudit(WHERE, { limit: 9 })).map(({ detail }) => detail);
  expect(details).toEqual(['{"presenter":null}', '{"presenter":"ana"}', '{"chat":"everyone"}']);
});

it('notes whom and what a change was about, so that people of one name are told apart', async () => {
  const { access, manager, shareLinks, scheduler } = await openAccess();
  const { linkId } = await shareLinks.create({ ...WHERE, role: 'editor', label: 'Team' });
  const member = { name: 'Root', role: 'editor', lastSeenMs: scheduler.now() } as const;
  const members = [
    { ...member, subject: 'guest', linkId, lineageId: 'of guest' },
    { ...member, subject: 'other', linkId: undefined, lineageId: 'of other' },
  ];
  await access.recordVisits([{ key: WHERE, members, events: [] }]);
  await manager.setRole(WHERE, OPERATOR, 'guest', 'owner');
  await manager.setRole(WHERE, OPERATOR, 'guest', undefined);
  await manager.setRole(WHERE, OPERATOR, 'guest', 'viewer');
  await manager.setRole(WHERE, OPERATOR, 'nobody', 'viewer');
  await manager.revoke(WHERE, OPERATOR, { kind: 'session', lineageId: 'of other' });
  await manager.revoke(WHERE, OPERATOR, { kind: 'subject', subject: 'guest' });
  await manager.revoke(WHERE, OPERATOR, { kind: 'subject', subject: 'nobody' });
  const noted = (await access.listAudit(WHERE, { limit: 99 })).map(({ kind, target, detail }) => [
    kind,
    target,
    detail,
  ]);
  expect(noted.toReversed()).toEqual([
    ['role-changed', 'guest', 'Root: editor → owner'],
    ['role-changed', 'guest', 'Root: owner → editor, as the link says'],
    ['role-changed', 'guest', 'Root: editor → viewer'],
    ['link-closed', linkId, 'editor, Team: the role of somebody who came by it was lowered'],
    ['role-changed', 'nobody', 'nobody: viewer'],
    ['session-revoked', 'of other', 'Root'],
    ['person-revoked', 'guest', `Root, viewer, by the link Team (${linkId})`],
    ['person-revoked', 'nobody', 'nobody'],
  ]);
});

it('notes who was let in, whose proposal was settled, and of which file', async () => {
  const { access, authority, directory, scheduler } = await openAccess();
  const shareLinks = new ShareLinks({ directory, access, authority, scheduler });
  let isReadable = true;
  const manager = new RoomManager({
    access,
    shareLinks,
    scheduler,
    findFilePath: async (_key, document) => {
      if (!isReadable) throw new LogFailure('corrupted', 'The list of files is damaged.');
      return document === 'f1' ? 'src/a.ts' : undefined;
    },
  });
  const { linkId } = await shareLinks.create({ ...WHERE, role: 'editor', label: 'Team', needsApproval: true });
  const request = { requestId: 'q', linkId, subject: 'guest', name: 'Gus', createdAtMs: scheduler.now() };
  await access.addJoinRequest(WHERE, request, Buffer.alloc(32), 9);
  await manager.decideJoin(WHERE, OPERATOR, 'q', 'denied');
  const bounds = { maxRoomBytes: 99, maxSubjectBytes: 99, maxSubjectProposals: 9, maxSubjectDropped: 9 };
  const settle = async (document: string, state: 'applied' | 'dropped') => {
    const atMs = scheduler.now();
    const about = { subject: 'ben', name: 'Ben', document, createdAtMs: atMs };
    const event = { atMs, kind: 'proposal-received', actor: 'ben', actorName: 'Ben', target: document } as const;
    await access.addProposal(WHERE, { ...about, proposalId: document }, new Uint8Array(4), bounds, {
      ...event,
      detail: '',
    });
    expect(await manager.settleProposal(WHERE, OPERATOR, document, state)).toBe(true);
    expect(await manager.settleProposal(WHERE, OPERATOR, document, state)).toBe(false);
  };
  await settle('f1', 'applied');
  await settle('chat', 'dropped');
  isReadable = false;
  await settle('f2', 'dropped');
  const noted = (await access.listAudit(WHERE, { limit: 99 })).filter(({ actor }) => actor === 'operator');
  expect(noted.map(({ kind, target, detail }) => [kind, target, detail]).toReversed()).toEqual([
    ['join-denied', 'q', `Gus, by the link Team (${linkId})`],
    ['proposal-applied', 'f1', 'Ben: src/a.ts'],
    ['proposal-dropped', 'chat', 'Ben: chat'],
    ['proposal-dropped', 'f2', 'Ben: f2'],
  ]);
});
