import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const FILES = ['docker-compose.yml', 'ops/monitoring.compose.yml'] as const;

const condition = z.enum(['service_started', 'service_healthy', 'service_completed_successfully']);
/** The part of the compose specification that these files use; strict, so that a misspelt key fails. */
const service = z.strictObject({
  image: z.string().regex(/^[\w./-]+:[\w.-]+$/, 'an image names its version'),
  build: z.literal('.').optional(),
  restart: z.union([z.literal('unless-stopped'), z.string().regex(/^on-failure:\d+$/)]).optional(),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  cap_add: z.array(z.string()).optional(),
  mem_limit: z.string().optional(),
  security_opt: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string().nullable()).optional(),
  volumes: z.array(z.string().regex(/^[^:]+:\/[^:]+(:ro)?$/)).optional(),
  ports: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  shm_size: z.string().optional(),
  stop_grace_period: z.string().optional(),
  profiles: z.array(z.string()).optional(),
  depends_on: z.union([z.array(z.string()), z.record(z.string(), z.strictObject({ condition }))]).optional(),
  healthcheck: z
    .strictObject({
      test: z.tuple([z.literal('CMD'), z.string()], z.string()),
      interval: z.string(),
      timeout: z.string(),
      retries: z.int(),
      start_period: z.string(),
    })
    .optional(),
});
const composeFile = z.strictObject({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
});

const load = (path: string) => {
  const document = parse(read(path), { merge: true }) as Record<string, unknown>;
  return composeFile.parse(Object.fromEntries(Object.entries(document).filter(([key]) => !key.startsWith('x-'))));
};
const files = FILES.map(load);
const services = Object.fromEntries(files.flatMap((file) => Object.entries(file.services)));

describe('a compose file of the project', () => {
  it.each(FILES)('is valid and declares the volumes that it uses: %s', (path) => {
    const file = load(path);
    const named = Object.values(file.services).flatMap(({ volumes = [] }) =>
      volumes.map((each) => each.split(':')[0]).filter((each) => !each.startsWith('.')),
    );
    expect([...new Set(named)].sort()).toEqual(Object.keys(file.volumes).sort());
  });

  it('mounts only files that exist', () => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) => volumes.map((each) => each.split(':')[0]));
    const paths = mounted.filter((each) => each.startsWith('./'));
    expect(paths.length).toBeGreaterThan(3);
    expect(paths.filter((each) => !existsSync(`${root}${each}`))).toEqual([]);
  });

  it('waits only for services that exist, and for their health only when that is checked', () => {
    const waits = Object.values(services).flatMap(({ depends_on = {} }) =>
      Array.isArray(depends_on)
        ? depends_on.map((name) => ({ name, condition: 'service_started' }))
        : Object.entries(depends_on).map(([name, wait]) => ({ name, condition: wait.condition as string })),
    );
    const wrong = waits.filter(
      ({ name, condition: wanted }) => !services[name] || (wanted === 'service_healthy' && !services[name].healthcheck),
    );
    expect(wrong).toEqual([]);
  });

  it('publishes ports on the loopback address only', () => {
    const ports = Object.values(services).flatMap(({ ports: published = [] }) => published);
    expect(ports.length).toBeGreaterThan(1);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('contains no password: each one must be given', () => {
    const secrets = Object.values(services).flatMap(({ environment = {} }) =>
      Object.entries(environment).filter(([name, value]) => /PASSWORD|PWD/.test(name) || /:\/\/[^@]+@/.test(value ?? '')),
    );
    expect(secrets.length).toBe(8);
    expect(secrets.filter(([, value]) => !/\$\{[A-Z_]+:\?/.test(value ?? ''))).toEqual([]);
  });

  it('passes every documented variable to workers and the command line', () => {
    const documented = [...read('docs/configuration.md').matchAll(/^\|(.*?)\|/gm), ...read('docs/sources.md').matchAll(/^\|(.*?)\|/gm)]
      .flatMap(([, cell]) => [...cell.matchAll(/`((?:PREDICTLAB|PREDICT|POLYMARKET|KALSHI|ALERT)_[A-Z_]+)`/g)])
      .map(([, name]) => name)
      // the image sets its own home
      .filter((name) => name !== 'PREDICTLAB_HOME');
    expect(documented.length).toBeGreaterThan(20);
    for (const service of ['worker', 'worker-next', 'cli'])
      expect(documented.filter((name) => !(name in services[service].environment!))).toEqual([]);
  });

  it('can run two builds at once, each with its own image', () => {
    expect(services['worker-next'].image).not.toBe(services['worker'].image);
    expect(services['worker-next']).toMatchObject({ profiles: ['canary'], command: ['worker'], read_only: true });
  });

  it('registers the search attributes of runs with their types', () => {
    const script = read('ops/temporal/namespace.sh');
    for (const [name, type] of Object.entries(SEARCH_ATTRIBUTES)) expect(script).toContain(`--name ${name} --type ${type}`);
  });

  it('runs workers without root, capabilities or a writable image, and gives them time to end', () => {
    expect(services['worker']).toMatchObject({ read_only: true, cap_drop: ['ALL'], stop_grace_period: '30s' });
    const dockerfile = read('Dockerfile');
    expect(dockerfile.indexOf('\nUSER node\n')).toBeGreaterThan(dockerfile.lastIndexOf('\nFROM '));
  });

  it('drops every capability, allows no new ones and limits the memory', () => {
    for (const [name, { cap_drop, security_opt, mem_limit, cap_add = [] }] of Object.entries(services)) {
      expect({ cap_drop, security_opt }, name).toEqual({ cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
      expect(mem_limit, name).toMatch(/^\d+[mg]$/);
      expect(cap_add.length > 0, name).toBe(name.endsWith('postgres'));
    }
  });

  it('uses the same version for the three Temporal images, and the same number of shards', () => {
    const version = (name: string): string => services[name].image.split(':')[1];
    expect(new Set(['temporal', 'temporal-schema', 'temporal-namespace'].map(version)).size).toBe(1);
    expect(services['temporal'].environment!['NUM_HISTORY_SHARDS']).toBe('128');
  });
});

/** `docker compose` where Docker has it, else Debian's `docker-compose`; undefined when neither is here. */
function composeCommand(): readonly string[] | undefined {
  return [['docker', 'compose'], ['docker-compose']].find(([command, ...args]) => {
    try {
      execFileSync(command, [...args, 'version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

const compose = composeCommand();
// Debian's docker-compose takes seconds to start
describe.skipIf(compose === undefined)('docker compose config (skipped where there is no docker compose)', { timeout: 60_000 }, () => {
  const config = (...args: string[]): string => {
    const [command, ...first] = compose!;
    return execFileSync(command, [...first, ...args, 'config'], { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  };

  it('accepts both files with the passwords of ops/dev.env', () => {
    const text = config('--env-file', 'ops/dev.env', '-f', FILES[0], '-f', FILES[1]);
    expect(Object.keys((parse(text) as { services: object }).services)).toEqual(expect.arrayContaining(['worker', 'temporal', 'grafana']));
  });

  it('refuses to start without passwords and says which one is missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'predictlab-compose-'));
    const empty = join(folder, 'empty.env');
    writeFileSync(empty, '');
    onTestFinished(() => rmSync(folder, { recursive: true }));
    expect(() => config('--env-file', empty, '-f', FILES[0])).toThrow(/set (PREDICTLAB|TEMPORAL)_DB_PASSWORD in \.env/);
  });
});
