import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = path.join(root, 'ops', 'kubernetes');
/** A file with values for a chart, not a Kubernetes manifest. */
const VALUES = 'prometheus-adapter.yaml';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: Record<string, unknown>;
  readonly data?: Record<string, string>;
  readonly stringData?: Record<string, string>;
}
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml') && file !== VALUES);
const manifests = files.flatMap((file) =>
  parseAllDocuments(readFileSync(path.join(folder, file), 'utf8'), { merge: true }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0].message}`);
    return [file, document.toJS() as Manifest] as const;
  }),
);

const { kinds, definitions } = JSON.parse(readFileSync(new URL('kubernetes-schemas.json', import.meta.url), 'utf8')) as {
  kinds: Record<string, object>;
  definitions: Record<string, object>;
};
const ajv = new Ajv({
  strict: false,
  allErrors: true,
  formats: { 'int-or-string': true, 'date-time': true, int32: true, int64: true, double: true, byte: true },
});
const validators = new Map<string, ReturnType<typeof ajv.compile>>();

/** What Kubernetes itself would refuse: kinds, types, misspelt and missing fields. */
function problemsOf(manifest: Manifest): readonly string[] {
  const kind = `${manifest.apiVersion} ${manifest.kind}`;
  if (!(kind in kinds)) return [`no schema of ${kind}`];
  let validate = validators.get(kind);
  if (validate === undefined) {
    validate = ajv.compile({ ...kinds[kind], definitions });
    validators.set(kind, validate);
  }
  void validate(manifest);
  return (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
}

/** Every object in a manifest, however deep. */
function* within(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const part of Object.values(value)) yield* within(part);
}
const named = (kind: string): Manifest => {
  const found = manifests.find(([, manifest]) => manifest.kind === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found[1];
};
const podsOf = (manifest: Manifest) =>
  [...within(manifest)].filter((one) => Array.isArray(one.containers)) as { containers: Container[]; initContainers?: Container[] }[];
interface Container {
  readonly image: string;
  readonly args?: string[];
  readonly securityContext?: object;
  readonly envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  readonly ports?: { name: string; containerPort: number }[];
}
const containers = manifests.flatMap(([, manifest]) =>
  podsOf(manifest).flatMap((pod) => [...pod.containers, ...(pod.initContainers ?? [])]),
);

describe('the manifests for Kubernetes', () => {
  it.each(manifests.map(([file, manifest]) => [`${file}: ${manifest.kind} ${manifest.metadata.name}`, manifest] as const))(
    '%s fits the schema of its kind',
    (_, manifest) => {
      expect(problemsOf(manifest)).toEqual([]);
    },
  );

  it('are checked by a schema that finds a misspelt field, a wrong type and a missing field', () => {
    const deployment = named('Deployment');
    const broken = (change: (spec: Record<string, never>) => void): readonly string[] => {
      const copy = structuredClone(deployment);
      change(copy.spec as Record<string, never>);
      return problemsOf(copy);
    };
    expect(broken((spec) => Object.assign(spec, { replica: 2 })).join()).toContain('"additionalProperty":"replica"');
    expect(broken((spec) => Object.assign(spec, { replicas: 'two' })).join()).toContain('/spec/replicas');
    expect(broken((spec) => delete spec.selector).join()).toContain('"missingProperty":"selector"');
  });

  it('refer only to objects, ports and variables that exist', () => {
    for (const { envFrom = [] } of containers) {
      expect(envFrom.map(({ configMapRef, secretRef }) => configMapRef?.name ?? secretRef?.name)).toEqual([
        named('ConfigMap').metadata.name,
        named('Secret').metadata.name,
      ]);
    }
    const claims = manifests.flatMap(([, manifest]) =>
      [...within(manifest)].flatMap((one) => (typeof one.claimName === 'string' ? [one.claimName] : [])),
    );
    expect(new Set(claims)).toEqual(new Set([named('PersistentVolumeClaim').metadata.name]));
    const worker = containers.find(({ args }) => args?.[0] === 'worker');
    for (const [, manifest] of manifests) {
      for (const probe of within(manifest)) {
        const port = (probe.httpGet as { port?: string } | undefined)?.port;
        if (port !== undefined) expect(worker?.ports?.map(({ name }) => name)).toContain(port);
      }
    }
    const documented = ['configuration.md', 'sources.md'].map((doc) => readFileSync(path.join(root, 'docs', doc), 'utf8')).join();
    for (const variable of [...Object.keys(named('ConfigMap').data ?? {}), ...Object.keys(named('Secret').stringData ?? {})]) {
      expect(documented.includes(variable) || variable.startsWith('TEMPORAL_TLS'), variable).toBe(true);
    }
  });

  it('scale the workers by a metric that workers serve and the adapter passes on', () => {
    const [{ external }] = (
      named('HorizontalPodAutoscaler').spec as { metrics: { external: { metric: { name: string; selector: { matchLabels: object } } } }[] }
    ).metrics;
    expect(external.metric).toEqual({ name: 'predictlab_queue_length', selector: { matchLabels: { state: 'running' } } });
    expect(readFileSync(path.join(root, 'src', 'telemetry', 'metrics.ts'), 'utf8')).toContain(`'${external.metric.name}'`);
    expect(readFileSync(path.join(folder, VALUES), 'utf8')).toContain(`as: ${external.metric.name}`);
    const scaled = named('HorizontalPodAutoscaler').spec as { scaleTargetRef: { name: string } };
    expect(scaled.scaleTargetRef.name).toBe(named('Deployment').metadata.name);
  });

  it('give a worker more time to end than it needs, run as an ordinary user, write only to volumes, and contain no secret', () => {
    const pod = podsOf(named('Deployment'))[0] as unknown as { terminationGracePeriodSeconds: number };
    const grace = Number(/SHUTDOWN_GRACE = '(\d+)s'/.exec(readFileSync(path.join(root, 'src', 'worker', 'start-worker.ts'), 'utf8'))?.[1]);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(grace + 20);
    for (const [file, manifest] of manifests) {
      for (const each of podsOf(manifest))
        expect(each, file).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } });
    }
    for (const { securityContext, image } of containers) {
      expect(securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
      expect(image).toMatch(/:\d+\.\d+\.\d+$/);
    }
    expect(Object.values(named('Secret').stringData ?? {}).join('')).toBe('');
  });

  it('use one name for the build of the workers', () => {
    const worker = manifests.filter(([file]) => file === 'worker.yaml').map(([, manifest]) => manifest);
    expect(new Set(worker.map(({ metadata }) => metadata.name)).size).toBe(1);
    const builds = worker.flatMap((manifest) =>
      [...within(manifest)].flatMap((one) => (typeof one['predictlab/build'] === 'string' ? [one['predictlab/build']] : [])),
    );
    expect(new Set(builds)).toEqual(new Set(['1']));
  });
});
