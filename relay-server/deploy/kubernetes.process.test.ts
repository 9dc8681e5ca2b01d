import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseDuration } from '../config.ts';
import { readDockerfile } from '../testing/dockerfile.ts';
import { KUBERNETES_SHAPES } from '../testing/kubernetes-shapes.ts';
import { readRelayOptions, type RelayOptions, STOP_WITHIN_SECONDS } from '../testing/relay-options.ts';
import { readYaml, type YamlNode } from '../testing/yaml-node.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = fileURLToPath(new URL('kubernetes/', import.meta.url));
const FILES = readdirSync(FOLDER).map((name) => join(FOLDER, name));
/** What the AWS SDK reads by itself. */
const SDK_ENVIRONMENT = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];

const objects = FILES.flatMap((file) => readYaml(file));
const kindOf = (object: YamlNode) => object.at('kind').text;
const nameOf = (object: YamlNode) => object.at('metadata', 'name').text;
const ofKind = (...kinds: readonly string[]) => objects.filter((object) => kinds.includes(kindOf(object)));
const workloads = ofKind('StatefulSet', 'Deployment');
const podOf = (workload: YamlNode) => workload.at('spec', 'template', 'spec');
const containersOf = (workload: YamlNode) => podOf(workload).at('containers').items;

function find(kind: string, name: string): YamlNode {
  const found = ofKind(kind).find((object) => nameOf(object) === name);
  if (!found) throw new Error(`There is no ${kind} ${name}.`);
  return found;
}

const relay = find('StatefulSet', 'tutti-relay');
const relayContainer = containersOf(relay)[0] ?? relay;

/** The workloads whose pods have the labels. */
function selectedBy(labels: YamlNode): readonly YamlNode[] {
  const wanted = [...labels.fields].map(([key, value]) => [key, value.text] as const);
  expect(wanted).not.toEqual([]);
  return workloads.filter((workload) => {
    const { fields } = workload.at('spec', 'template', 'metadata', 'labels');
    return wanted.every(([key, value]) => fields.get(key)?.text === value);
  });
}

/** The keys that a comment at the beginning of a file tells to make an object with. */
function madeByHand(kind: 'secret generic' | 'configmap', name: string): ReadonlyMap<string, string> {
  const comments = FILES.map((file) => readFileSync(file, 'utf8').replace(/ ?\\\n# */g, ' ')).join('\n');
  const command = new RegExp(`kubectl create ${kind} ${name} ([^\n]*)`).exec(comments)?.[1];
  if (command === undefined) throw new Error(`No comment says how to create the ${kind} ${name}.`);
  const given = command.matchAll(/--from-(?:file|literal)=([^=\s]+)(?:=(\S+))?/g);
  return new Map([...given].map(([, key = '', value = '']) => [key, value]));
}

let options: RelayOptions;
beforeAll(async () => {
  options = await readRelayOptions();
});

describe('the manifests of Kubernetes', () => {
  it('have the fields that Kubernetes knows', () => {
    expect(objects.length).toBeGreaterThan(5);
    for (const object of objects) {
      const shape = KUBERNETES_SHAPES.get(`${object.at('apiVersion').text} ${kindOf(object)}`);
      expect(shape, `${object.at('apiVersion').text} ${kindOf(object)}`).toBeDefined();
      expect(object.findMisshapen(shape ?? 'any')).toEqual([]);
    }
    expect(new Set(objects.map((object) => `${kindOf(object)} ${nameOf(object)}`)).size).toBe(objects.length);
    // Read as octal by some versions of YAML and as decimal by others.
    for (const file of FILES) expect(readFileSync(file, 'utf8')).not.toMatch(/: 0\d/);
  });

  it('select the pods that are meant', () => {
    for (const workload of workloads)
      expect(selectedBy(workload.at('spec', 'selector', 'matchLabels'))).toEqual([workload]);
    for (const service of ofKind('Service')) {
      const [selected, ...more] = selectedBy(service.at('spec', 'selector'));
      expect(more).toEqual([]);
      const ports = selected ? containersOf(selected).flatMap((container) => container.at('ports').items) : [];
      for (const port of service.at('spec', 'ports').items) {
        const target = port.at('targetPort').isPresent ? port.at('targetPort').value : port.at('port').value;
        expect(ports.flatMap((open) => [open.at('name').value, open.at('containerPort').value])).toContain(target);
      }
    }
    const budgets = ofKind('PodDisruptionBudget').map((budget) => budget.at('spec', 'selector', 'matchLabels'));
    expect(budgets.flatMap((labels) => selectedBy(labels).map(nameOf)).toSorted()).toEqual(
      workloads.map(nameOf).toSorted(),
    );
    for (const spread of podOf(relay).at('topologySpreadConstraints').items)
      expect(selectedBy(spread.at('labelSelector', 'matchLabels'))).toEqual([relay]);
  });

  it('probe ports and paths that are there', () => {
    for (const container of workloads.flatMap(containersOf)) {
      const ports = container.at('ports').items.map((port) => port.at('name').text);
      const probes = ['readinessProbe', 'livenessProbe'].map((name) => container.at(name)).filter((p) => p.isPresent);
      expect(probes.length).toBeGreaterThan(0);
      for (const probe of probes) expect(ports).toContain(probe.at('httpGet', 'port').text);
    }
    expect(relayContainer.at('readinessProbe', 'httpGet', 'path').text).toBe('/readyz');
    expect(relayContainer.at('livenessProbe', 'httpGet', 'path').text).toBe('/healthz');
    // It does not let `/readyz` through.
    const [nginx] = containersOf(find('Deployment', 'tutti-nginx'));
    expect(nginx?.at('readinessProbe', 'httpGet', 'path').text).toBe('/healthz');
  });

  it('mount what is declared, and name objects that are there or told to be made', () => {
    for (const workload of workloads) {
      const volumes = podOf(workload).at('volumes').items;
      const mounts = containersOf(workload).flatMap((container) => container.at('volumeMounts').items);
      const mounted = new Set(mounts.map((mount) => mount.at('name').text));
      expect([...mounted].toSorted()).toEqual(volumes.map((volume) => volume.at('name').text).toSorted());
      for (const mount of mounts.filter((one) => one.at('subPath').isPresent)) {
        const volume = volumes.find((one) => one.at('name').text === mount.at('name').text);
        const name = volume?.at('configMap', 'name').text ?? '';
        const isInFiles = ofKind('ConfigMap').some((object) => nameOf(object) === name);
        const keys = isInFiles ? find('ConfigMap', name).at('data').keys : [...madeByHand('configmap', name).keys()];
        expect(keys).toContain(mount.at('subPath').text);
      }
    }
    for (const path of madeByHand('configmap', 'tutti-nginx').values())
      expect(existsSync(join(PROJECT, path))).toBe(true);
  });

  it('take from the secret what it is told to hold, all of it', () => {
    const secretVolumes = podOf(relay)
      .at('volumes')
      .items.map((volume) => volume.at('secret'));
    const files = secretVolumes
      .filter(({ isPresent }) => isPresent)
      .flatMap((secret) => {
        expect(secret.at('secretName').text).toBe('tutti-relay');
        return secret.at('items').items.map((item) => item.at('key').text);
      });
    const references = relayContainer.at('env').items.map((entry) => entry.at('valueFrom', 'secretKeyRef'));
    const literals = references
      .filter(({ isPresent }) => isPresent)
      .map((reference) => {
        expect(reference.at('name').text).toBe('tutti-relay');
        return reference.at('key').text;
      });
    expect([...files, ...literals].toSorted()).toEqual(
      [...madeByHand('secret generic', 'tutti-relay').keys()].toSorted(),
    );
  });

  it('give the relay options and variables that it has, on the port that is named', () => {
    const args = relayContainer.at('args').texts;
    expect(args.filter((text) => text.startsWith('--')).filter((name) => !options.options.has(name))).toEqual([]);
    expect(args).toEqual(readDockerfile().command);
    const known = new Set([...options.environment, ...SDK_ENVIRONMENT]);
    const names = relayContainer.at('env').items.map((entry) => entry.at('name').text);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
    const [port] = relayContainer.at('ports').items;
    expect(String(port?.at('containerPort').number)).toBe(args[args.indexOf('--port') + 1]);
    const keyFile = relayContainer.at('env').items.find((entry) => entry.at('name').text === 'TUTTI_RELAY_KEY_FILE');
    const keyMount = relayContainer.at('volumeMounts').items.find((mount) => mount.at('name').text === 'key');
    expect(keyFile?.at('value').text).toBe(`${keyMount?.at('mountPath').text}/relay-key.json`);
    const data = args[args.indexOf('--data') + 1];
    expect(relayContainer.at('volumeMounts').items.map((mount) => mount.at('mountPath').text)).toContain(data);
  });

  it('leave time for the pause before the end, and for the end', () => {
    const args = relayContainer.at('args').texts;
    const drain = args[args.indexOf('--drain') + 1];
    const drainMs = args.includes('--drain') ? parseDuration(drain ?? '') : parseDuration(options.defaultOf('--drain'));
    const pauseSeconds = relayContainer.at('lifecycle', 'preStop', 'sleep', 'seconds').number;
    const neededSeconds = pauseSeconds + drainMs / 1000 + STOP_WITHIN_SECONDS;
    expect(neededSeconds).toBeLessThan(podOf(relay).at('terminationGracePeriodSeconds').number);
    // Whoever sends people to the node has noticed by then that it is leaving.
    const probe = relayContainer.at('readinessProbe');
    expect(probe.at('periodSeconds').number * probe.at('failureThreshold').number).toBeLessThan(pauseSeconds);
    const nginx = find('Deployment', 'tutti-nginx');
    const hook = containersOf(nginx)[0]?.at('lifecycle', 'preStop', 'exec', 'command').texts.join(' ') ?? '';
    const nginxPauseSeconds = Number(/^sh -c sleep (\d+) && nginx -s quit$/.exec(hook)?.[1]);
    expect(nginxPauseSeconds).toBeLessThan(podOf(nginx).at('terminationGracePeriodSeconds').number);
  });

  it('let nginx hash on every relay node, by its name', () => {
    const service = find('Service', relay.at('spec', 'serviceName').text);
    expect(service.at('spec', 'clusterIP').text).toBe('None');
    expect(selectedBy(service.at('spec', 'selector'))).toEqual([relay]);
    const configuration = find('ConfigMap', 'tutti-relays').at('data', 'relays.conf').text;
    const port = service.at('spec', 'ports').items[0]?.at('port').number;
    const nodes = Array.from({ length: relay.at('spec', 'replicas').number }, (_, index) => index);
    expect([...configuration.matchAll(/^ *server (\S+)/gm)].map(([, server]) => server)).toEqual(
      nodes.map((index) => `${nameOf(relay)}-${index}.${nameOf(service)}:${port}`),
    );
  });
});
