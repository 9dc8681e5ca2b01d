import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseDuration, parsePostgresUrl, parsePublicUrl, parseRedisUrl, parseS3Location } from '../config.ts';
import { readDockerfile } from '../testing/dockerfile.ts';
import { readRelayOptions, type RelayOptions, STOP_WITHIN_SECONDS } from '../testing/relay-options.ts';
import { readYaml, YamlNode, type YamlShape } from '../testing/yaml-node.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const SERVICE_FIELDS = [
  ...['image', 'restart', 'command', 'environment', 'ports', 'volumes', 'depends_on', 'healthcheck'],
  ...['build', 'stop_grace_period', 'entrypoint'],
];
const SERVICE: YamlShape = { fields: Object.fromEntries(SERVICE_FIELDS.map((name) => [name, 'any'])) };
const SDK_ENVIRONMENT = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];

const [file = new YamlNode(undefined, 'compose.yaml'), ...more] = readYaml(join(FOLDER, 'compose.yaml'));
const services = file.at('services').fields;
const relays = [...services].filter(([, service]) => service.at('build').isPresent);

function serviceOf(name: string): YamlNode {
  const service = services.get(name);
  if (!service) throw new Error(`There is no service ${name}.`);
  return service;
}

/** Fills in the variables of a text as Compose does, each with its default or `given`. */
function interpolate(text: string): string {
  return text.replace(
    /\$\{[A-Z0-9_]+(?::([-?])([^}]*))?\}/g,
    (_all, kind: string | undefined, word: string | undefined) => (kind === '-' ? (word ?? '') : 'given'),
  );
}

function relayVariable(name: string): string {
  const [, relay] = relays[0] ?? [];
  return interpolate(relay?.at('environment', name).text ?? '');
}

let options: RelayOptions;
beforeAll(async () => {
  options = await readRelayOptions();
});

describe('compose.yaml', () => {
  it('has the fields that Compose knows, and names services and volumes that are there', () => {
    expect(more).toEqual([]);
    expect(file.keys).toEqual(['name', 'x-relay', 'services', 'volumes']);
    for (const [name, service] of services) {
      expect(service.findMisshapen(SERVICE)).toEqual([]);
      const { value } = service.at('depends_on');
      const needed = Array.isArray(value) ? service.at('depends_on').texts : value ? service.at('depends_on').keys : [];
      for (const other of needed) {
        expect([...services.keys()], `needed by ${name}`).toContain(other);
        const condition = Array.isArray(value) ? undefined : service.at('depends_on', other, 'condition').text;
        if (condition === 'service_healthy') expect(serviceOf(other).at('healthcheck', 'test').isPresent).toBe(true);
        else expect([undefined, 'service_completed_successfully']).toContain(condition);
      }
    }
    const sources = [...services.values()].flatMap((service) =>
      service.at('volumes').itemsIfAny.map(({ text }) => text.split(':')[0] ?? ''),
    );
    const named = new Set(sources.filter((source) => !source.startsWith('.')));
    expect([...named].toSorted()).toEqual(file.at('volumes').keys.toSorted());
    for (const path of sources.filter((source) => source.startsWith('.')))
      expect(existsSync(join(FOLDER, path))).toBe(true);
  });

  it('builds from a folder and a file that are there', () => {
    expect(relays.map(([name]) => name)).toEqual(['relay-1', 'relay-2']);
    for (const [, relay] of relays) {
      const context = join(FOLDER, relay.at('build', 'context').text);
      expect(existsSync(join(context, 'package.json'))).toBe(true);
      expect(existsSync(join(context, relay.at('build', 'dockerfile').text))).toBe(true);
    }
  });

  it('gives the relay variables that it has, with what it can read', () => {
    const known = new Set([...options.environment, ...SDK_ENVIRONMENT]);
    for (const [, relay] of relays) expect(relay.at('environment').keys.filter((name) => !known.has(name))).toEqual([]);
    const s3 = parseS3Location(relayVariable('TUTTI_S3_URL'));
    const addresses = [
      parsePostgresUrl(relayVariable('TUTTI_POSTGRES_URL')),
      parseRedisUrl(relayVariable('TUTTI_REDIS_URL')),
      s3.endpoint ?? '',
    ];
    expect(addresses.map((url) => new URL(url).hostname)).toEqual(['postgres', 'redis', 's3']);
    for (const url of addresses) expect(services.has(new URL(url).hostname)).toBe(true);
    const published = new URL(parsePublicUrl(relayVariable('TUTTI_PUBLIC_URL'))).port;
    expect(
      serviceOf('nginx')
        .at('ports')
        .texts.map((port) => port.split(':')[0]),
    ).toEqual([published]);
    const bucket = serviceOf('bucket').at('command').texts.join();
    expect(bucket).toContain(`--bucket ${s3.bucket} `);
    expect(bucket).toContain(`--endpoint-url ${s3.endpoint} `);
  });

  it('gives the servers the names and passwords that the relay comes with', () => {
    const database = new URL(relayVariable('TUTTI_POSTGRES_URL'));
    const postgres = serviceOf('postgres').at('environment');
    expect(postgres.at('POSTGRES_USER').text).toBe(database.username);
    // Postgres names the database after the user.
    expect(database.pathname).toBe(`/${database.username}`);
    const [, relay] = relays[0] ?? [];
    expect(relay?.at('environment', 'TUTTI_POSTGRES_URL').text).toContain(`:${postgres.at('POSTGRES_PASSWORD').text}@`);
    const s3 = serviceOf('s3').at('environment');
    for (const client of [relay, serviceOf('bucket')]) {
      expect(client?.at('environment', 'AWS_ACCESS_KEY_ID').text).toBe(s3.at('ROOT_ACCESS_KEY').text);
      expect(client?.at('environment', 'AWS_SECRET_ACCESS_KEY').text).toBe(s3.at('ROOT_SECRET_KEY').text);
    }
  });

  it('reaches the relay where it listens', () => {
    const { command } = readDockerfile();
    const port = command[command.indexOf('--port') + 1];
    const data = command[command.indexOf('--data') + 1];
    for (const [, relay] of relays) {
      expect(relay.at('command').isPresent).toBe(false);
      expect(relay.at('healthcheck', 'test').texts.join(' ')).toContain(`http://127.0.0.1:${port}/readyz`);
      expect(relay.at('volumes').texts).toEqual([`relay-key:${data}`]);
    }
    const upstream = readFileSync(join(FOLDER, 'nginx/tutti-relays.conf'), 'utf8');
    expect([...upstream.matchAll(/^ *server (\S+)/gm)].map(([, server]) => server)).toEqual(
      relays.map(([name]) => `${name}:${port}`),
    );
    const listen = /^listen (\d+);$/m.exec(readFileSync(join(FOLDER, 'nginx/tutti-listen.conf'), 'utf8'))?.[1];
    expect(
      serviceOf('nginx')
        .at('ports')
        .texts.map((published) => published.split(':')[1]),
    ).toEqual([listen]);
  });

  it('leaves the relay time to say goodbye', () => {
    const drainSeconds = parseDuration(options.defaultOf('--drain')) / 1000;
    for (const [, relay] of relays) {
      const graceSeconds = parseDuration(relay.at('stop_grace_period').text) / 1000;
      expect(drainSeconds + STOP_WITHIN_SECONDS).toBeLessThan(graceSeconds);
    }
  });
});

describe('the README', () => {
  it('names the variables of the relay, all of them and no others', () => {
    const named = [...readFileSync(join(FOLDER, 'README.md'), 'utf8').matchAll(/TUTTI_[A-Z0-9_]+/g)].map(
      ([name]) => name,
    );
    expect([...new Set(named)].toSorted()).toEqual([...options.environment].toSorted());
  });
});
