import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Closers } from '../../src/closers.ts';
import type { ProcessRecord } from '../../src/processes/process-record.ts';
import { startStack, startWorkerProcess } from '../../src/set-up/stack.ts';
import { freePort } from '../../src/set-up/temporal/free-port.ts';
import { findTemporalCli } from '../../src/set-up/temporal/temporal-cli.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { silent } from '../support/silent.ts';

let rig: Rig;
let home: string;
let closers: Closers;
beforeAll(async () => {
  rig = await createRig({ worker: false });
});
afterAll(() => rig.close());
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-stack-'));
  closers = new Closers(silent);
});
afterEach(async () => {
  await closers.close();
  await rm(home, { recursive: true, force: true });
});

const recorded = async (): Promise<ProcessRecord[]> => {
  const folder = path.join(home, 'processes');
  return await Promise.all(
    (await readdir(folder)).map(async (file) => JSON.parse(await readFile(path.join(folder, file), 'utf8')) as ProcessRecord),
  );
};

it('a stack that is not kept up gives its parts one environment, and reports the part that ends', { timeout: 60_000 }, async () => {
  const prepared: NodeJS.ProcessEnv[] = [];
  const { PATH, TEMPORAL_CLI } = process.env;
  const theirs = { TEMPORAL_API_KEY: 'theirs', PREDICTLAB_DEPLOYMENT: 'desk', PREDICTLAB_BUILD_ID: 'b1', LOG_LEVEL: 'error' };
  const metrics = await freePort();
  const stack = await startStack({
    kind: 'demo',
    env: { PATH, TEMPORAL_CLI, ...theirs, METRICS_ADDRESS: `127.0.0.1:${metrics}` },
    cli: await findTemporalCli({ env: process.env, home: path.resolve('.predictlab'), log: silent }),
    home,
    port: await freePort(),
    uiPort: await freePort(),
    headless: true,
    databaseUrl: rig.env['DATABASE_URL'] ?? '',
    venue: async () => ({ VENUE_URL: 'http://venue' }),
    prepare: async (env) => void prepared.push(env),
    closers,
    log: silent,
  });
  const { env, server, worker } = stack;
  expect(env).toEqual({
    PATH,
    ...(TEMPORAL_CLI !== undefined && { TEMPORAL_CLI }),
    LOG_LEVEL: 'error',
    METRICS_ADDRESS: `127.0.0.1:${metrics}`,
    VENUE_URL: 'http://venue',
    PREDICTLAB_HOME: home,
    DATABASE_URL: rig.env['DATABASE_URL'],
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: server.namespace,
  });
  expect(prepared).toEqual([env]);
  expect((await recorded()).map(({ kind, address, children }) => ({ kind, address, children: children.map(({ pid }) => pid) }))).toEqual([
    { kind: 'demo', address: server.address, children: [worker.pid, server.pid] },
  ]);
  expect((await fetch(`http://127.0.0.1:${metrics}/metrics`)).status).toBe(200);
  expect(await readFile(worker.logFile, 'utf8')).toContain('"worker ready"');
  process.kill(worker.pid, 'SIGKILL');
  expect(await stack.broken).toBe(`the worker ended by SIGKILL; its log: ${worker.logFile}`);
  await closers.close();
  expect(await recorded()).toEqual([]);
  expect(() => process.kill(server.pid, 0)).toThrow(/ESRCH/);
});

it('a worker that cannot start is reported with its own message and its log', async () => {
  const logFile = path.join(home, 'logs', 'worker.log');
  const env = { PATH: process.env['PATH'], PREDICTLAB_HOME: home, TEMPORAL_ADDRESS: 'nowhere:port' };
  const started = startWorkerProcess({ env, logFile });
  await expect(started).rejects.toMatchObject({
    type: 'SourceUnavailable',
    message: expect.stringMatching(/^the worker did not start \(ended with exit code 2\): .*TEMPORAL_ADDRESS.*\n\(.*worker\.log\)$/s),
  });
  const logged = await readFile(logFile, 'utf8');
  await expect(startWorkerProcess({ env, logFile, again: true })).rejects.toThrow('the worker did not start');
  expect(await readFile(logFile, 'utf8')).toBe(logged + logged);
});
