import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ApiRelay, type ApiAnswer } from '../../testing/api-relay.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../../testing/openid-provider.ts';
import { runCli } from '../../testing/relay-process.ts';
import { temporaryFolder } from '../../testing/relay-under-test.ts';
import { openWebSocket } from '../../testing/websocket-client.ts';

let provider: OpenIdProvider;
let relay: ApiRelay;

function optionsOf({ issuer }: OpenIdProvider, audience = 'tutti'): readonly string[] {
  return ['--oidc-issuer', issuer, '--oidc-audience', audience, '--oidc-tenant-claim', 'organisation'];
}

beforeAll(async () => {
  provider = await startOpenIdProvider();
  relay = await ApiRelay.start(...optionsOf(provider));
  await relay.createRoom('ours', 'school');
  await relay.createRoom('theirs', 'company');
});

afterAll(async () => {
  await relay.dispose();
  await provider.end();
});

const ADA = { sub: 'ada', name: 'Ada', organisation: 'school', tutti_role: 'editor' };

function trade(token: string, more: Readonly<Record<string, unknown>> = {}, at = relay): Promise<ApiAnswer> {
  return at.ask('POST /api/oidc/tokens', { body: { token, room: 'ours', ...more } });
}

describe('a person of an OpenID Connect provider', () => {
  it('comes into the rooms of their tenant as their role says, and goes on by an earlier token', async () => {
    const idToken = await provider.signIn(ADA);
    const { status, body } = await trade(idToken);
    expect(status).toBe(200);
    expect(body).toMatchObject({ room: 'ours', role: 'editor', subject: 'oidc:ada' });
    const token = String(body['token']);
    expect(decodeJwt(token)).toMatchObject({ tenant: 'school', sub: 'oidc:ada', name: 'Ada', role: 'editor' });
    const socket = await openWebSocket(relay.url, 'ours');
    socket.client.hello(token);
    expect(await socket.until('welcome')).toMatchObject({ role: 'editor', name: 'Ada' });
    const again = await trade(idToken, { previousToken: token });
    const lineageOf = (text: unknown) => decodeJwt(String(text))['lineage'];
    expect(lineageOf(again.body['token'])).toBe(lineageOf(token));
    expect(lineageOf((await trade(idToken)).body['token'])).not.toBe(lineageOf(token));
    const stranger = await relay.sign({ room: 'ours', tenant: 'school', subject: 'oidc:bob' });
    expect(lineageOf((await trade(idToken, { previousToken: stranger })).body['token'])).not.toBe(lineageOf(stranger));
  });

  it('is refused without a role, a tenant, or a room of that tenant', async () => {
    const cases: [number, string, object, object][] = [
      [403, 'oidc-no-role', { tutti_role: undefined }, {}],
      [403, 'oidc-no-role', { tutti_role: 'admin' }, {}],
      [403, 'oidc-no-role', { tutti_role: { role: 'owner' } }, {}],
      [403, 'oidc-no-role', { organisation: undefined }, {}],
      [403, 'oidc-no-role', { organisation: '../school' }, {}],
      [404, 'not-found', {}, { room: 'theirs' }],
      [404, 'not-found', {}, { room: 'nowhere' }],
      [404, 'not-found', { organisation: 'company' }, {}],
      [400, 'invalid-field', {}, { room: 'a/b' }],
      [400, 'invalid-field', {}, { room: undefined }],
      [400, 'invalid-field', {}, { role: 'owner' }],
    ];
    for (const [status, error, claims, request] of cases) {
      const idToken = await provider.signIn({ ...ADA, ...claims });
      const answer = await trade(idToken, { ...request });
      expect([claims, request, answer.status, answer.body['error']]).toEqual([claims, request, status, error]);
    }
  });

  it('is what the highest of several roles says', async () => {
    const idToken = await provider.signIn({ ...ADA, tutti_role: ['viewer', 'something', 'owner', 'editor'] });
    expect((await trade(idToken)).body).toMatchObject({ role: 'owner' });
  });

  it('is what an owner made of them, in the answer and the token, until the owner takes that back', async () => {
    const owner = await relay.createRoom('ours', 'school');
    const idToken = await provider.signIn({ ...ADA, sub: 'lowered' });
    const roles = async () => {
      const { body } = await trade(idToken);
      return [body['role'], decodeJwt(String(body['token']))['role']];
    };
    expect(await roles()).toEqual(['editor', 'editor']);
    for (const [role, counts] of [
      ['viewer', 'viewer'],
      [null, 'editor'],
    ]) {
      const set = 'PUT /api/rooms/ours/people/oidc:lowered/role';
      expect((await relay.ask(set, { token: owner, body: { role } })).status).toBe(200);
      expect(await roles()).toEqual([counts, counts]);
    }
  });

  it('stays out once an owner has taken their access back', async () => {
    const idToken = await provider.signIn({ ...ADA, sub: 'eve' });
    const { body } = await trade(idToken);
    const owner = await relay.createRoom('ours', 'school');
    const { client, until } = await openWebSocket(relay.url, 'ours');
    client.hello(String(body['token']));
    await until('welcome');
    const people = async () => (await relay.ask('GET /api/rooms/ours/people', { token: owner })).text;
    await expect.poll(people).toContain('oidc:eve');
    const revocations = 'POST /api/rooms/ours/revocations';
    expect((await relay.ask(revocations, { token: owner, body: { subject: 'oidc:eve' } })).status).toBe(204);
    for (const more of [{}, { previousToken: body['token'] }]) {
      const refused = await trade(await provider.signIn({ ...ADA, sub: 'eve' }), more);
      expect(refused).toMatchObject({ status: 403, body: { error: 'revoked' } });
    }
    expect((await trade(await provider.signIn(ADA))).status).toBe(200);
  });

  it('signs in anew when everybody’s access was taken back', async () => {
    const owner = await relay.createRoom('emptied', 'school');
    const idToken = await provider.signIn(ADA);
    expect((await trade(idToken, { room: 'emptied' })).status).toBe(200);
    await relay.ask('POST /api/rooms/emptied/revocations', { token: owner, body: { all: true } });
    expect(await trade(idToken, { room: 'emptied' })).toMatchObject({ status: 403, body: { error: 'revoked' } });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await trade(await provider.signIn(ADA), { room: 'emptied' })).status).toBe(200);
  });
});

describe('a token that is not of the provider, or not for this relay', () => {
  it('lets nobody in', async () => {
    const other = await startOpenIdProvider();
    onTestFinished(() => other.end());
    const good = await provider.signIn(ADA);
    const [header = '', payload = '', signature = ''] = good.split('.');
    const edited = Buffer.from(JSON.stringify({ ...decodeJwt(good), tutti_role: 'owner' })).toString('base64url');
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
    const bad: Record<string, string> = {
      'another provider’s': await other.signIn(ADA),
      'for another program': await provider.signIn(ADA, 'tutti-rsa'),
      'signed with a secret that both know': await provider.signIn(ADA, 'symmetric'),
      edited: `${header}.${edited}.${signature}`,
      unsigned: `${unsigned}.${payload}.`,
      damaged: good.slice(0, -8),
      'no token': 'no token',
      'the relay’s own': await relay.sign({ room: 'ours', tenant: 'school', role: 'owner' }),
      'an operator’s': await relay.authority.signOperatorToken(Date.now() + 60_000),
    };
    for (const [what, token] of Object.entries(bad)) {
      const { status, body } = await trade(token);
      expect([what, status, body['error']]).toEqual([what, 401, 'unauthenticated']);
      expect(String(body['explanation'])).toMatch(/Sign in again|is damaged/);
    }
    expect((await trade(good)).status).toBe(200);
  });

  it('is refused after it has expired', async () => {
    const brief = await ApiRelay.start(...optionsOf(provider, 'brief'));
    onTestFinished(() => brief.dispose());
    await brief.createRoom('ours', 'school');
    const idToken = await provider.signIn(ADA, 'brief');
    const { status, body } = await trade(idToken, {}, brief);
    // A token runs no longer than the sign-in that it is given for.
    expect(status === 401 || Number(body['expiresAtMs']) <= Number(body['nowMs']) + 1_000).toBe(true);
    await expect
      .poll(async () => (await trade(idToken, {}, brief)).body['explanation'], { timeout: 15_000, interval: 500 })
      .toBe('The token of your sign-in has expired. Sign in again.');
  });
});

describe('a relay with a provider', () => {
  it('reads other claims, in objects and with other names of roles, and other algorithms', async () => {
    const mapped = await ApiRelay.start(
      ...['--oidc-issuer', provider.issuer, '--oidc-audience', 'tutti-rsa'],
      ...['--oidc-role-claim', 'groups.tutti', '--oidc-roles', 'staff=owner,students=commenter'],
    );
    onTestFinished(() => mapped.dispose());
    await mapped.createRoom('ours');
    const signIn = (groups: unknown) => provider.signIn({ ...ADA, groups }, 'tutti-rsa');
    expect((await trade(await signIn({ tutti: ['students'] }), {}, mapped)).body).toMatchObject({ role: 'commenter' });
    expect((await trade(await signIn({ tutti: 'staff' }), {}, mapped)).body).toMatchObject({ role: 'owner' });
    expect((await trade(await signIn({ tutti: ['owner'] }), {}, mapped)).status).toBe(403);
    expect((await trade(await signIn(['staff']), {}, mapped)).status).toBe(403);
  });

  it('says that the provider cannot be reached, and takes tokens as soon as it can', async () => {
    const late = await startOpenIdProvider();
    const idToken = await late.signIn(ADA);
    const [asked, unasked] = [await ApiRelay.start(...optionsOf(late)), await ApiRelay.start(...optionsOf(late))];
    onTestFinished(async () => {
      await late.end();
      await Promise.all([asked.dispose(), unasked.dispose()]);
    });
    for (const at of [asked, unasked]) await at.createRoom('ours', 'school');
    expect((await trade(idToken, {}, asked)).status).toBe(200);
    await late.end();
    // Its keys are known there.
    expect((await trade(idToken, {}, asked)).status).toBe(200);
    const refused = await trade(idToken, {}, unasked);
    expect(refused).toMatchObject({ status: 503, body: { error: 'oidc-unavailable' } });
    expect(refused.body['explanation']).toMatch(/^The OpenID Connect provider does not answer at .*Try again later\.$/);
    expect((await unasked.ask('GET /healthz')).status).toBe(200);
  });

  it('does not start with half of the options, or with a provider that anybody could be', async () => {
    const data = temporaryFolder();
    for (const [args, words] of [
      [['--oidc-issuer', 'https://login.example.org'], '--oidc-audience'],
      [['--oidc-audience', 'tutti'], '--oidc-issuer'],
      [['--oidc-issuer', 'http://login.example.org', '--oidc-audience', 'tutti'], 'https://'],
      [
        ['--oidc-issuer', 'https://login.example.org', '--oidc-audience', 'tutti', '--oidc-roles', 'staff=god'],
        'VALUE=ROLE',
      ],
    ] as const) {
      const { code, stdout, stderr } = await runCli('serve', '--data', data, '--port', '0', ...args);
      expect([args, code, stdout]).toEqual([args, 1, '']);
      expect(stderr).toContain(words);
    }
  });
});
