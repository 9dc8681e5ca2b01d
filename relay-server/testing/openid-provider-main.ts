import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type ClientMetadata, type Configuration } from 'oidc-provider';

// An OpenID provider where everybody signs in as whom `login_hint` says: the claims as JSON. Prints its address.

const SECRET = 'a secret of the client that is long enough for any algorithm';
const SHARED: ClientMetadata = {
  client_id: '',
  application_type: 'web',
  redirect_uris: ['https://app.example/signed-in'],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  token_endpoint_auth_method: 'client_secret_post',
  client_secret: SECRET,
};
const CLIENTS: ClientMetadata[] = [
  { ...SHARED, client_id: 'tutti', id_token_signed_response_alg: 'ES256' },
  { ...SHARED, client_id: 'tutti-rsa', id_token_signed_response_alg: 'RS256' },
  { ...SHARED, client_id: 'brief', id_token_signed_response_alg: 'ES256' },
  { ...SHARED, client_id: 'symmetric', id_token_signed_response_alg: 'HS256' },
];

const accounts = new Map<string, Record<string, unknown>>();

async function createKey(alg: 'ES256' | 'RS256') {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: alg };
}

const configuration: Configuration = {
  clients: CLIENTS,
  jwks: { keys: [await createKey('ES256'), await createKey('RS256')] },
  enabledJWA: { idTokenSigningAlgValues: ['ES256', 'RS256', 'HS256'] },
  // Claims of scopes are in the ID token, not only at another address.
  conformIdTokenClaims: false,
  claims: { openid: ['sub', 'name', 'organisation', 'tutti_role', 'groups'] },
  ttl: { IdToken: (_context, _token, client) => (client.clientId === 'brief' ? 1 : 3600), AccessToken: 60 },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  cookies: { keys: ['of no use to anybody'] },
  findAccount: (_context, accountId) => ({ accountId, claims: () => ({ ...accounts.get(accountId), sub: accountId }) }),
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client?.clientId, accountId: oidc.session?.accountId });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, configuration);
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void answer(request, response);
    const signIn = async () => {
      const { params } = await provider.interactionDetails(request, response);
      const claims = JSON.parse(String(params['login_hint'])) as Record<string, unknown>;
      const accountId = String(claims['sub']);
      accounts.set(accountId, claims);
      await provider.interactionFinished(request, response, { login: { accountId } });
    };
    signIn().catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      response.writeHead(500).end();
    });
  });
  process.stdout.write(`${issuer}\n`);
});
