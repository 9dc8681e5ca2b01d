import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { provisionNginx } from '../../scripts/runtimes/nginx.ts';
import { findFreePort } from '../testing/free-port.ts';
import { NginxServer } from '../testing/nginx-server.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { readYaml } from '../testing/yaml-node.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

function read(name: string): string {
  return readFileSync(join(FOLDER, 'nginx', name), 'utf8');
}

function relaysOfKubernetes(): string {
  const maps = readYaml(join(FOLDER, 'kubernetes/nginx.yaml')).filter(
    (object) => object.at('kind').text === 'ConfigMap',
  );
  return maps[0]?.at('data', 'relays.conf').text ?? '';
}

/** Only where the nodes live are their names known; nginx before 1.27.3 cannot look them up again. */
function onThisMachine(relays: string): string {
  return relays
    .replaceAll(/^( *server )[\w.-]+:/gm, '$1127.0.0.1:')
    .replaceAll(/^ *resolver .*;\n/gm, '')
    .replaceAll(' resolve;', ';');
}

/** What `nginx -t` says of the files where the image of nginx has them, and how it ends. */
async function check(site: string, relays: string): Promise<readonly [number, string]> {
  const { executablePath } = await provisionNginx();
  const folder = temporaryFolder();
  for (const name of ['conf.d', 'logs']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'conf.d/default.conf'), site);
  writeFileSync(join(folder, 'conf.d/relays.conf'), relays);
  writeFileSync(join(folder, 'tutti-listen.conf'), `listen 127.0.0.1:${await findFreePort()};\n`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `pid ${folder}/nginx.pid; events {} http { ${temporary.join(' ')} include conf.d/*.conf; }`,
  );
  // The access log is the standard output, which has to be something that can be opened.
  const child = spawn(executablePath, ['-t', '-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const output = text(child.stderr);
  await once(child, 'close');
  return [child.exitCode ?? -1, await output];
}

describe('the configuration of nginx', () => {
  it.each([
    ['Compose', () => read('tutti-relays.conf')],
    ['Kubernetes', relaysOfKubernetes],
  ])('is sound with the nodes of %s', async (_name, relays) => {
    const [code, output] = await check(read('tutti.conf'), onThisMachine(relays()));
    expect(output).toMatch(/syntax is ok[^]*test is successful/);
    expect(output).not.toContain('[warn]');
    expect(code).toBe(0);
  });

  it('is not sound with an unknown word or without nodes', async () => {
    const relays = onThisMachine(read('tutti-relays.conf'));
    expect(await check(read('tutti.conf').replace('proxy_buffering', 'proxy_bufering'), relays)).toEqual([
      1,
      expect.stringContaining('unknown directive "proxy_bufering"'),
    ]);
    expect(await check(read('tutti.conf'), '')).toEqual([1, expect.stringContaining('host not found in upstream')]);
  });
});

it('writes no query down, which may hold a token, also when no node answers', async () => {
  const gone = await findFreePort();
  const nginx = await NginxServer.start([`http://127.0.0.1:${gone}`]);
  onTestFinished(() => nginx.dispose());
  for (const path of ['/yjs/room/file?token=secret-token', '/sync/room?token=secret-token'])
    expect((await fetch(`${nginx.url}${path}`)).status).toBe(502);
  expect(await (await fetch(`${nginx.url}/healthz`)).text()).toBe('ok\n');
  expect((await fetch(`${nginx.url}/readyz`)).status).toBe(404);
  expect(nginx.log).not.toContain('secret-token');
  expect(nginx.log).toContain('"GET /yjs/room/file" 502');
});
