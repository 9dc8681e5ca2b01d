import { describe, expect, it } from 'vitest';
import { openAccess, WHERE } from '../testing/access-under-test.ts';
import { OPERATOR, type Revocation } from './room-manager.ts';

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
      await access.recordVisits(WHERE, [{ subject, name, role, linkId, lineageId, lastSeenMs: scheduler.now() }], []);
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
  await access.recordVisits(WHERE, [{ ...member, lastSeenMs: scheduler.now() }], []);
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
  const { access, manager } = await openAccess();
  await manager.setSettings(WHERE, OPERATOR, { chat: 'everyone' });
  await manager.setSettings(WHERE, OPERATOR, { presenter: 'ana' });
  await manager.setSettings(WHERE, OPERATOR, { presenter: undefined });
  expect((await access.readAccess(WHERE)).settings).toEqual({ presenter: undefined, chat: 'everyone' });
  const details = (await access.listAudit(WHERE, { limit: 9 })).map(({ detail }) => detail);
  expect(details).toEqual(['{"presenter":null}', '{"presenter":"ana"}', '{"chat":"everyone"}']);
});
