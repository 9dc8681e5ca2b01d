import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PostgresServer } from '../testing/postgres-server.ts';
import { migrateThrough } from '../testing/postgres-under-test.ts';
import type { AuditEvent, AuditKind } from './access-directory.ts';
import { describeAccessBounds } from './access-bounds.contract.ts';
import { describeAccessChanges } from './access-changes.contract.ts';
import { type AccessUnderTest, describeAccessNodes } from './access-nodes.contract.ts';
import { describeEventDirectory } from './event-directory.contract.ts';
import { openPostgresStorage, type PostgresStorage } from './postgres.ts';

const KEY = { tenant: 't', room: 'r' };

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.dispose());

async function openStorage(url: string): Promise<PostgresStorage> {
  const storage = await openPostgresStorage(url, {
    reportProblem: (problem) => {
      throw problem;
    },
  });
  onTestFinished(() => storage.close());
  return storage;
}

function event(kind: AuditKind, atMs: number): AuditEvent {
  return { atMs, kind, actor: 'ana', actorName: 'Ana', target: '', detail: '' };
}

describeAccessNodes('Postgres', openNodes);
describeAccessBounds('Postgres', openNodes);
describeAccessChanges('Postgres', openNodes);
describeEventDirectory('Postgres', async () => {
  const url = await server.createDatabase();
  return [(await openStorage(url)).events, (await openStorage(url)).events];
});

async function openNodes(): Promise<AccessUnderTest> {
  const url = await server.createDatabase();
  return {
    nodes: [await openStorage(url), await openStorage(url)],
    removeTable: async (name) => void (await server.query(url, `DROP TABLE tutti.${name}`)),
  };
}

describe('access in Postgres', () => {
  it('comes to a database of the version before, whose nodes keep working', async () => {
    const url = await server.createDatabase();
    await migrateThrough(url, '0003-segments');
    await server.query(url, `INSERT INTO tutti.rooms VALUES ('t', 'r', 'Room', 1)`);
    const addLink = (linkId: string, role: string, createdAtMs: number) =>
      server.query(
        url,
        `INSERT INTO tutti.links (tenant, link_id, room, role, label, secret_hash, created_at_ms, expires_at_ms,
           max_uses, revoked_at_ms) VALUES ('t', $1, 'r', $2, '', $3, $4, NULL, NULL, NULL)`,
        [linkId, role, Buffer.from(linkId), createdAtMs],
      );
    await addLink('one', 'owner', 1);
    const [{ access, directory }] = await Promise.all([openStorage(url), openStorage(url)]);
    await addLink('two', 'editor', 2);
    const plain = { needsApproval: false, paths: undefined, createdBy: '', closedAtMs: undefined };
    expect(await access.listLinks(KEY)).toMatchObject([
      { ...plain, linkId: 'two', role: 'editor', revokedAtMs: undefined },
      { ...plain, linkId: 'one', role: 'owner', revokedAtMs: undefined },
    ]);
    expect(await directory.findLinkBySecret('r', Buffer.from('one'))).toMatchObject({ linkId: 'one', tenant: 't' });
    expect(await access.change(KEY, { kind: 'revoke-all' }, event('all-revoked', 50))).toMatchObject({ version: 1 });
    expect(await server.query(url, 'SELECT link_id FROM tutti.links WHERE revoked_at_ms = 50')).toEqual([
      { link_id: 'two' },
    ]);
  });

  it('is changed by many at once in every way, and none waits for another in a circle', async () => {
    const url = await server.createDatabase();
    const nodes = await Promise.all([openStorage(url), openStorage(url)]);
    const [{ access, directory }] = nodes;
    const linkIds = Array.from({ length: 10 }, (_, index) => `link${index}`);
    const link = {
      ...KEY,
      role: 'editor',
      label: '',
      createdAtMs: 1,
      expiresAtMs: undefined,
      maxUses: undefined,
    } as const;
    const member = { name: 'n', role: 'editor', lastSeenMs: 1 } as const;
    const more = { needsApproval: false, paths: undefined, createdBy: '' };
    await directory.createRoom({ ...KEY, name: 'Room', createdAtMs: 1 });
    for (const [index, linkId] of linkIds.entries()) {
      const made = { ...link, ...more, linkId, secretHash: new Uint8Array(32).fill(index) };
      await access.change(KEY, { kind: 'add-link', link: made }, undefined);
      for (const subject of ['ben', 'cleo'])
        await access.recordVisits([
          { key: KEY, members: [{ ...member, subject, linkId, lineageId: `${subject} ${linkId}` }], events: [] },
        ]);
    }
    const [start = 0] = await access.readVersions([KEY]);
    const work = nodes.map(async (node, own) => {
      for (let round = 1; round <= 15; round++) {
        const noted = event('joined', round);
        await Promise.all([
          node.access.change(KEY, { kind: 'revoke-all' }, noted),
          node.access.change(KEY, { kind: 'revoke-subject', subject: own === 0 ? 'ben' : 'cleo' }, noted),
          node.access.recordVisits([
            { key: KEY, members: [{ ...member, subject: 'ben', linkId: 'link0', lineageId: 'ben link0' }], events: [] },
          ]),
          ...linkIds.map((linkId) => node.directory.useLink('t', linkId)),
        ]);
      }
    });
    await Promise.all(work);
    expect(await access.readVersions([KEY])).toEqual([start + 90]);
    expect(await access.listAudit(KEY, { limit: 100 })).toHaveLength(60);
    // Only before they were revoked.
    for (const { uses, revokedAtMs } of await access.listLinks(KEY))
      expect([uses <= 30, revokedAtMs]).toEqual([true, expect.any(Number)]);
    const [row] = await server.query(url, 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
    expect(row).toEqual({ deadlocks: '0' });
  });

  it('takes names and explanations with any character', async () => {
    const { access } = await openStorage(await server.createDatabase());
    await access.recordVisits([
      { key: KEY, members: [], events: [{ ...event('joined', 1), actorName: 'a\0b', detail: '\0' }] },
    ]);
    expect(await access.listAudit(KEY, { limit: 1 })).toMatchObject([{ actorName: 'a\uFFFDb', detail: '\uFFFD' }]);
  });
});
