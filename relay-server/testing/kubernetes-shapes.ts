import type { YamlShape } from './yaml-node.ts';

function fields(known: Readonly<Record<string, YamlShape>>): YamlShape {
  return { fields: known };
}

function items(shape: YamlShape): YamlShape {
  return { items: shape };
}

/** Fields that are values by themselves. */
function values(...names: readonly string[]): Readonly<Record<string, YamlShape>> {
  return Object.fromEntries(names.map((name) => [name, 'any']));
}

const METADATA = fields({ ...values('name'), labels: 'any' });
const SELECTOR = fields({ matchLabels: 'any' });
const SOURCE = fields({ secretKeyRef: fields(values('name', 'key')) });
const PROBE = fields({
  httpGet: fields(values('path', 'port')),
  ...values('periodSeconds', 'timeoutSeconds', 'failureThreshold'),
});
const PRE_STOP = fields({ sleep: fields(values('seconds')), exec: fields({ command: items('any') }) });
const SECCOMP = fields(values('type'));

const CONTAINER = fields({
  ...values('name', 'image'),
  args: items('any'),
  ports: items(fields(values('name', 'containerPort'))),
  env: items(fields({ ...values('name', 'value'), valueFrom: SOURCE })),
  readinessProbe: PROBE,
  livenessProbe: PROBE,
  lifecycle: fields({ preStop: PRE_STOP }),
  resources: fields({ requests: fields(values('cpu', 'memory')), limits: fields(values('memory')) }),
  securityContext: fields({
    ...values('allowPrivilegeEscalation', 'readOnlyRootFilesystem'),
    capabilities: fields({ drop: items('any') }),
  }),
  volumeMounts: items(fields(values('name', 'mountPath', 'subPath', 'readOnly'))),
});

const VOLUME = fields({
  ...values('name', 'emptyDir'),
  secret: fields({ ...values('secretName', 'defaultMode'), items: items(fields(values('key', 'path'))) }),
  configMap: fields(values('name')),
});

const POD = fields({
  metadata: fields({ labels: 'any' }),
  spec: fields({
    ...values('terminationGracePeriodSeconds', 'automountServiceAccountToken'),
    securityContext: fields({
      ...values('runAsNonRoot', 'runAsUser', 'runAsGroup', 'fsGroup'),
      seccompProfile: SECCOMP,
    }),
    topologySpreadConstraints: items(
      fields({ ...values('maxSkew', 'topologyKey', 'whenUnsatisfiable'), labelSelector: SELECTOR }),
    ),
    containers: items(CONTAINER),
    volumes: items(VOLUME),
  }),
});

function manifest(spec: Readonly<Record<string, YamlShape>>): YamlShape {
  return fields({ ...values('apiVersion', 'kind'), metadata: METADATA, ...spec });
}

/** The fields of Kubernetes that the manifests use, by `apiVersion kind`: another one is a misspelling, or belongs here. */
export const KUBERNETES_SHAPES: ReadonlyMap<string, YamlShape> = new Map([
  ['v1 ConfigMap', manifest({ data: 'any' })],
  [
    'v1 Service',
    manifest({
      spec: fields({
        ...values('clusterIP', 'publishNotReadyAddresses', 'selector'),
        ports: items(fields(values('name', 'port', 'targetPort'))),
      }),
    }),
  ],
  [
    'apps/v1 StatefulSet',
    manifest({
      spec: fields({ ...values('serviceName', 'replicas', 'podManagementPolicy'), selector: SELECTOR, template: POD }),
    }),
  ],
  ['apps/v1 Deployment', manifest({ spec: fields({ ...values('replicas'), selector: SELECTOR, template: POD }) })],
  ['policy/v1 PodDisruptionBudget', manifest({ spec: fields({ ...values('maxUnavailable'), selector: SELECTOR }) })],
]);
