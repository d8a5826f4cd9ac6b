import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config/config.ts';
import { settings } from '../../src/config/settings.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = `${ROOT}examples/kubernetes/`;

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- manifests are as deep as the tests look */
const manifests: any[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((name) => parseAllDocuments(readFileSync(FOLDER + name, 'utf8')))
  .map((document) => {
    if (document.errors.length > 0) throw document.errors[0]!;
    return document.toJS();
  });

function manifest(kind: string, name = 'dataworks-gateway') {
  return manifests.find((one) => one.kind === kind && one.metadata.name === name);
}

const pod = manifest('Deployment').spec.template.spec;
const [container] = pod.containers;
const config: Record<string, string> = manifest('ConfigMap').data;

describe('the Kubernetes example', () => {
  test('consists of the manifests that its README names', () => {
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
      'ConfigMap dataworks-gateway',
      'Deployment dataworks-gateway',
      'Deployment dataworks-gateway-redis',
      'NetworkPolicy dataworks-gateway',
      'NetworkPolicy dataworks-gateway-redis',
      'PodDisruptionBudget dataworks-gateway',
      'Service dataworks-gateway',
      'Service dataworks-gateway-redis',
    ]);
  });

  test('sets no unknown variables', () => {
    const names = [...Object.keys(config), ...container.env.map(({ name }: { name: string }) => name)];
    const known = (name: string) => name in settings.shape || /^(?:ALIBABA_CLOUD|OTEL)_/.test(name);
    expect(names.filter((name) => !known(name))).toEqual([]);
  });

  test('has settings that the gateway starts with', () => {
    const loaded = loadConfig({
      ...config,
      REDIS_URL: 'redis://:password@dataworks-gateway-redis:6379/0',
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'id',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'secret',
    });
    expect(loaded).not.toHaveProperty('problems');
  });

  test('references secrets, and contains none', () => {
    const values = container.env.filter((one: object) => !('valueFrom' in one));
    expect(values).toEqual([]);
    expect(Object.keys(config).filter((name) => /SECRET|PASSWORD|TOKEN_|KEY|REDIS/.test(name))).toEqual([]);
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  test('configures the number of replicas that it runs', () => {
    expect(config['REPLICAS']).toBe(String(manifest('Deployment').spec.replicas));
  });

  test('allows enough time for the shutdown of a pod', () => {
    const [waitMs] = /\d{4,}/.exec(container.lifecycle.preStop.exec.command.at(-1)) ?? [];
    const neededMs = Number(waitMs) + Number(config['SHUTDOWN_GRACE_MS']);
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(neededMs);
  });

  test('runs without privileges on a read-only file system', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('probes the port on which the gateway listens', () => {
    const [port] = container.ports;
    expect(String(port.containerPort)).toBe(config['PORT']);
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
    expect(probes.map(({ httpGet }) => httpGet)).toEqual([
      { path: '/health/live', port: port.name },
      { path: '/health/live', port: port.name },
      { path: '/health/ready', port: port.name },
    ]);
    expect(manifest('Service').spec.ports[0].targetPort).toBe(port.name);
  });

  test('selects pods by labels that they have', () => {
    for (const { spec } of manifests) {
      const selected = spec?.podSelector?.matchLabels ?? spec?.selector?.matchLabels ?? spec?.selector;
      if (!selected) continue;
      const labels = manifests.map((one) => one.spec?.template?.metadata.labels).filter(Boolean);
      expect(labels).toContainEqual(selected);
    }
  });
});

describe('the image', () => {
  const dockerfile = readFileSync(`${ROOT}Dockerfile`, 'utf8');
  const ignored = readFileSync(`${ROOT}.dockerignore`, 'utf8');

  test('copies nothing that its build context excludes', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
      names.split(' '),
    );
    const allowed = [...ignored.matchAll(/^!(\S+)$/gm)].map(([, name]) => name);
    expect([...new Set(copied)].sort()).toEqual(allowed.sort());
  });

  test('starts Node itself, not as root', () => {
    expect(dockerfile).toMatch(/^USER 1000:1000$/m);
    expect(dockerfile).toMatch(/^CMD \["node", "dist\/cli\/main\.js"\]$/m);
  });
});
