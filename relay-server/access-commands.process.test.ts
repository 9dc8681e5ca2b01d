import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { parseShareLink } from '../shared/access/index.ts';
import { shareApiRelay } from './testing/api-relay.ts';
import { createApiRoom, listOf } from './testing/api-room.ts';
import { runCli, tokenFor } from './testing/relay-process.ts';
import { temporaryFolder } from './testing/relay-under-test.ts';
import { openWebSocket } from './testing/websocket-client.ts';

const relay = shareApiRelay();

/** Promised is a second; a busy machine gets some more. */
const CLOSED_WITHIN_MS = 5_000;

async function setUp() {
  const world = await createApiRoom(relay());
  const run = (...args: readonly string[]) => runCli(...args, '--data', relay().data, '--room', world.room);
  const done = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  };
  return { ...world, run, done };
}

/** Resolves to the close code of a socket when it closes in time after a command. */
async function closeCodeAfter(closed: Promise<number>, command: Promise<unknown>): Promise<number | string> {
  await command;
  const late = new Promise<string>((resolve) => setTimeout(() => resolve('still open'), CLOSED_WITHIN_MS));
  return Promise.race([closed, late]);
}

describe('link', () => {
  it('makes links that work, lists them without secrets, and takes them back beside a running relay', async () => {
    const { room, done, comeBy, trade, join } = await setUp();
    const line = await done(
      'link',
      'create',
      '--role',
      'commenter',
      '--label',
      'Team',
      '--max-uses',
      '2',
      '--expires',
      '1h',
    );
    const parsed = parseShareLink(line.trim());
    const secret = parsed.ok ? parsed.link.secret : '';
    expect(parsed).toMatchObject({ ok: true, link: { relayUrl: relay().url, room } });
    const ben = await comeBy(secret);
    expect(ben.role).toBe('commenter');
    const socket = await join(ben.token);
    const text = await done('link', 'list');
    expect(text).toMatch(/^[\w-]{12}\tcommenter\tused 1 of 2\texpires \d{4}-[^\t]*\tTeam\n$/);
    const json = JSON.parse(await done('link', 'list', '--json')) as { linkId: string };
    expect(json).toMatchObject({ role: 'commenter', uses: 1, maxUses: 2, createdBy: 'operator' });
    for (const shown of [text, JSON.stringify(json)]) expect(shown).not.toContain(secret);
    expect(await closeCodeAfter(socket.closed, done('link', 'revoke', json.linkId))).toBe(4403);
    expect(await trade({ secret, name: 'Cleo' })).toMatchObject({ status: 403, body: { error: 'link-revoked' } });
    expect(await done('link', 'list')).toContain('revoked ');
  });

  it('says why nobody new comes by a link any more, and what its limits mean', async () => {
    const { done, ask, createLink, comeBy, auditKinds, join } = await setUp();
    const ben = await comeBy((await createLink()).secret);
    await join(ben.token);
    await expect.poll(auditKinds).toContain('joined');
    await ask(`PUT people/${ben.subject}/role`, { role: 'viewer' });
    expect(await done('link', 'list')).toMatch(/closed \d{4}-[^\t]*: the role of somebody who came by it was lowered/);
    const { stdout } = await runCli('link', 'create', '--help');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'how long people can come in by it, such as 12h or 30d; who is in',
    );
  });

  it('makes links for some paths and with approval', async () => {
    const { done, run, trade, ask } = await setUp();
    const line = await done('link', 'create', '--approval', '--paths', 'src/**', 'docs/*.md');
    const parsed = parseShareLink(line.trim());
    expect((await trade({ secret: parsed.ok ? parsed.link.secret : '', name: 'Ben' })).status).toBe(202);
    expect(listOf(await ask('GET links'), 'links')).toMatchObject([
      { role: 'editor', needsApproval: true, paths: ['src/**', 'docs/*.md'], createdBy: 'operator' },
    ]);
    expect(await done('link', 'list')).toContain('with approval\tfor src/** docs/*.md');
    for (const wrong of [
      ['--role', 'god'],
      ['--role', 'owner', '--paths', 'src/**'],
      ['--paths', '../outside'],
      ['--max-uses', '0'],
      ['--expires', 'soon'],
    ]) {
      const { code, stdout, stderr } = await run('link', 'create', ...wrong);
      expect([wrong, code, stdout]).toEqual([wrong, 1, '']);
      expect(stderr).toMatch(/^(tutti-relay|error): [^\n]+\n/);
    }
  });
});

describe('revoke', () => {
  it.each(['--subject', '--session', '--link', '--all'])(
    '%s ends open sockets within a second or so',
    async (option) => {
      const { owner, done, createLink, comeBy, join, ask, auditKinds } = await setUp();
      const link = await createLink();
      const [ben, cleo] = [await comeBy(link.secret), await comeBy(link.secret, { name: 'Cleo' })];
      const [ana, benSocket, cleoSocket] = [await join(owner), await join(ben.token), await join(cleo.token)];
      await expect.poll(async () => listOf(await ask('GET people'), 'people')).toHaveLength(3);
      const whom: Readonly<Record<string, readonly string[]>> = {
        '--subject': [ben.subject],
        '--session': [String(decodeJwt(ben.token)['lineage'])],
        '--link': [link.id],
        '--all': [],
      };
      const isForAll = option === '--link' || option === '--all';
      expect(await closeCodeAfter(benSocket.closed, done('revoke', option, ...(whom[option] ?? [])))).toBe(4403);
      if (isForAll) expect(await cleoSocket.closed).toBe(4403);
      else expect(cleoSocket.socket.readyState).toBe(1);
      expect(ana.socket.readyState).toBe(1);
      const kinds = {
        '--subject': 'person-revoked',
        '--session': 'session-revoked',
        '--link': 'link-revoked',
        '--all': 'all-revoked',
      };
      expect(await auditKinds()).toContain(Object.entries(kinds).find(([name]) => name === option)?.[1]);
    },
  );

  it('is refused without somebody, with two, and for what is not there', async () => {
    const { run, room } = await setUp();
    for (const [args, words] of [
      [[], 'Say whose access'],
      [['--subject', 'ben', '--all'], 'Say whose access'],
      [['--link', 'unknown'], `The room ${room} has no link unknown`],
      [['--session', 'unknown'], `The room ${room} has no such session`],
    ] as const) {
      const { code, stdout, stderr } = await run('revoke', ...args);
      expect([args, code, stdout]).toEqual([args, 1, '']);
      expect(stderr).toMatch(/^tutti-relay: [^\n]*\n$/);
      expect(stderr).toContain(words);
    }
    const elsewhere = await runCli('revoke', '--data', relay().data, '--room', 'nowhere', '--all');
    expect(elsewhere).toEqual({
      code: 1,
      stdout: '',
      stderr: 'tutti-relay: The room nowhere does not exist on this relay.\n',
    });
  });
});

describe('audit', () => {
  it('prints what happened, oldest first, as text and as JSON', async () => {
    const { done, ask } = await setUp();
    await ask('POST links', { role: 'editor', label: 'Team' });
    await done('revoke', '--subject', 'ben');
    const lines = (await done('audit')).trimEnd().split('\n');
    expect(lines.map((line) => line.split('\t').slice(1))).toEqual([
      ['link-created', 'Ana', expect.any(String) as unknown, 'editor, Team'],
      ['person-revoked', 'Operator', 'ben', 'ben'],
    ]);
    const events = (await done('audit', '--json')).trimEnd().split('\n');
    expect(events.map((event) => JSON.parse(event) as unknown)).toMatchObject([
      { seq: 1, kind: 'link-created', actor: 'ana' },
      { seq: 2, kind: 'person-revoked', actor: 'operator', target: 'ben' },
    ]);
  });
});

describe('token --subject', () => {
  it('names the same person again, whose access can be taken back for good', async () => {
    const { room, done, join } = await setUp();
    const sign = () => tokenFor(relay().data, room, 'editor', '--subject', 'ben@example.org', '--name', 'Ben');
    const first = await join(await sign());
    expect(await closeCodeAfter(first.closed, done('revoke', '--subject', 'ben@example.org'))).toBe(4403);
    const again = await openWebSocket(relay().url, room);
    again.client.hello(await sign());
    expect(await again.closed).toBe(4403);
    expect(await done('audit')).toContain('token-issued\tOperator\tben@example.org');
  });

  it('takes no subject that could be read as something else', async () => {
    const { run } = await setUp();
    for (const subject of ['', 'a b', 'a\tb', 'x'.repeat(129)]) {
      expect(await run('token', '--subject', subject)).toMatchObject({ code: 1, stdout: '' });
    }
  });
});

describe('token --ttl', () => {
  it('is a year at most for a room', async () => {
    const { run, done } = await setUp();
    const refused = await run('token', '--ttl', '367d');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('366 days at most');
    expect(await done('token', '--ttl', '366d')).toMatch(/^ey/);
  });
});

describe('--tenant', () => {
  it('names the room of another tenant, beside the one of the same name', async () => {
    const { room, ask, done } = await setUp();
    const owner = await relay().createRoom(room, 'school');
    const line = await done('link', 'create', '--tenant', 'school', '--label', 'theirs');
    const parsed = parseShareLink(line.trim());
    const secret = parsed.ok ? parsed.link.secret : '';
    const joined = await relay().ask(`POST /api/rooms/${room}/tokens`, { body: { secret, name: 'Ben' } });
    expect(decodeJwt(String(joined.body['token']))).toMatchObject({ tenant: 'school', room });
    expect(listOf(await ask('GET links'), 'links')).toEqual([]);
    expect(await done('link', 'list')).toBe('');
    expect(await done('link', 'list', '--tenant', 'school')).toContain('theirs');
    await done('revoke', '--tenant', 'school', '--subject', 'ben');
    expect(await done('audit')).toBe('');
    expect(await done('audit', '--tenant', 'school')).toContain('person-revoked');
    const theirs = await relay().ask(`GET /api/rooms/${room}/links`, { token: owner });
    expect(listOf(theirs, 'links')).toMatchObject([{ label: 'theirs' }]);
    const operator = await runCli('token', '--data', relay().data, '--create-rooms', '--tenant', 'school');
    expect(decodeJwt(operator.stdout.trim())).toMatchObject({ tenant: 'school' });
    expect((await runCli('token', '--data', relay().data, '--create-rooms', '--tenant', 'a/b')).code).toBe(1);
  });
});

describe('keys rotate', () => {
  it('lets a running relay sign with a new key, while tokens of the old one count as long as was said', async () => {
    const { room, owner, join, createLink, comeBy } = await setUp();
    const link = await createLink();
    const socket = await join(owner);
    const rotated = await runCli('keys', 'rotate', '--data', relay().data, '--delay', '5s', '--overlap', '15s');
    expect([rotated.code, rotated.stderr]).toEqual([0, '']);
    expect(rotated.stdout.trimEnd().split('\n')).toHaveLength(2);
    const newest = rotated.stdout.trimEnd().split('\n').at(-1)?.split('\t')[0];
    const publicKeys = async () =>
      listOf(await relay().ask('GET /.well-known/jwks.json'), 'keys').map(({ kid }) => kid);
    await expect.poll(publicKeys, { timeout: 20_000, interval: 250 }).toHaveLength(2);
    expect(await publicKeys()).toContain(newest);
    await expect
      .poll(async () => decodeProtectedHeader((await comeBy(link.secret)).token).kid, {
        timeout: 10_000,
        interval: 250,
      })
      .toBe(newest);
    await join((await comeBy(link.secret)).token);
    await join(owner);
    expect(socket.socket.readyState).toBe(1);
    await expect.poll(publicKeys, { timeout: 35_000, interval: 250 }).toEqual([newest]);
    const late = await openWebSocket(relay().url, room);
    late.client.hello(owner);
    expect(await late.closed).toBe(4401);
  });

  it('gives the relays time to read the new key before it signs, and makes nothing where nothing is', async () => {
    const hasty = await runCli('keys', 'rotate', '--data', relay().data, '--delay', '3s');
    expect([hasty.code, hasty.stdout]).toEqual([1, '']);
    expect(hasty.stderr).toContain('at least 5s');
    const nowhere = join(temporaryFolder(), 'nowhere');
    expect(await runCli('keys', 'rotate', '--data', nowhere)).toMatchObject({ code: 1, stdout: '' });
    expect(existsSync(nowhere)).toBe(false);
  });
});
