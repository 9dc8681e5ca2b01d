import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('openid-provider-main.ts', import.meta.url));
const SECRET = 'a secret of the client that is long enough for any algorithm';
const REDIRECT = 'https://app.example/signed-in';
const MAX_REDIRECTS = 5;

export type ClientId = 'tutti' | 'tutti-rsa' | 'brief' | 'symmetric';

/** An OpenID provider as a process of its own. */
export interface OpenIdProvider {
  readonly issuer: string;
  /** Signs somebody in by the code flow, as a program would, and gives their ID token. */
  signIn(claims: Readonly<Record<string, unknown>> & { readonly sub: string }, clientId?: ClientId): Promise<string>;
  end(): Promise<void>;
}

export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const child = spawn(process.execPath, [MAIN], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const issuer = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the provider ended with ${code}: ${errors}`)));
  });
  return {
    issuer,
    signIn: (claims, clientId = 'tutti') => signIn(issuer, claims, clientId),
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

async function signIn(issuer: string, claims: Readonly<Record<string, unknown>>, clientId: ClientId): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: REDIRECT,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    login_hint: JSON.stringify(claims),
  });
  const code = await followToCode(`${issuer}/auth?${query.toString()}`);
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: clientId,
      client_secret: SECRET,
      redirect_uri: REDIRECT,
      code,
      code_verifier: verifier,
    }),
  });
  const { id_token: idToken, ...rest } = (await response.json()) as Record<string, unknown>;
  if (typeof idToken !== 'string') throw new Error(`no ID token came: ${JSON.stringify(rest)}`);
  return idToken;
}

/** Goes where the provider sends a browser, with its cookies, until it would go back to the program. */
async function followToCode(start: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = start;
  for (let count = 0; count < MAX_REDIRECTS; count++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { Cookie: cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';', 1)[0] ?? '').split(/=(.*)/s);
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${response.status} from ${url}: ${await response.text()}`);
    if (location.startsWith(REDIRECT)) {
      const { searchParams } = new URL(location);
      const code = searchParams.get('code');
      if (code === null) throw new Error(`refused: ${searchParams.toString()}`);
      return code;
    }
    url = new URL(location, url).href;
  }
  throw new Error('the provider sends on and on');
}
