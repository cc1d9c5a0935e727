import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isListenedOnBy } from '../../src/processes/process-identity.ts';
import { checkTemporalServer } from '../../src/set-up/checks/temporal.ts';
import { type DevServer, startDevServer } from '../../src/set-up/temporal/dev-server.ts';
import { findAttributes } from '../../src/set-up/temporal/search-attributes.ts';
import { findTemporalCli } from '../../src/set-up/temporal/temporal-cli.ts';
import { silent } from '../support/silent.ts';
import { until } from '../support/until.ts';

let home: string;
const servers: DevServer[] = [];
const cli = await findTemporalCli({ env: process.env, home: path.resolve('.predictlab'), log: silent });

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-server-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await rm(home, { recursive: true, force: true });
});

async function start(options: { cli?: string; port?: number; databaseFile?: string; headless?: boolean } = {}): Promise<DevServer> {
  const server = await startDevServer({ cli, home, headless: true, log: silent, ...options });
  servers.push(server);
  return server;
}

async function withClient<T>({ address }: DevServer, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

test('the development server takes another port when the requested one is in use, and serves there once it reports it', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  try {
    const server = await start({ port });
    expect(server.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(server.address).not.toBe(`127.0.0.1:${port}`);
    const description = await withClient(server, (client) => client.workflowService.describeNamespace({ namespace: server.namespace }));
    expect(description.namespaceInfo?.name).toBe('default');
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});

test('a database file keeps workflows over a restart, and gets the missing search attributes', async () => {
  const databaseFile = path.join(home, 'temporal', 'dev.sqlite');
  const first = await start({ databaseFile });
  await withClient(first, (client) => client.workflow.start('anything', { taskQueue: 'nobody', workflowId: 'kept' }));
  await withClient(first, ({ connection }) =>
    connection.operatorService.removeSearchAttributes({ namespace: 'default', searchAttributes: ['PredictLabSymbol'] }),
  );
  const checked = async (namespace: string) =>
    (await checkTemporalServer({ TEMPORAL_ADDRESS: first.address, TEMPORAL_NAMESPACE: namespace })).map(({ status, detail, action }) => [
      status,
      `${detail} ${action}`,
    ]);
  expect(await checked('default')).toEqual([
    ['ok', expect.stringContaining(`${first.address}, namespace default, version 1.`)],
    ['warn', expect.stringContaining('PredictLabSymbol: not in namespace default, so runs are not found by them temporal operator')],
  ]);
  expect(await checked('other')).toEqual([['fail', expect.stringContaining('namespace other does not')]]);
  await first.close();
  const second = await start({ databaseFile });
  const { status } = await withClient(second, (client) => client.workflow.getHandle('kept').describe());
  expect(status.name).toBe('RUNNING');
  const found = await withClient(second, ({ connection }) => findAttributes(connection.operatorService, 'default'));
  expect(found).toEqual({ missing: [], otherType: [] });
  expect((await checkTemporalServer({ TEMPORAL_ADDRESS: second.address }))[1]).toMatchObject({ status: 'ok' });
});

// elsewhere the system does not say who listens
test.skipIf(process.platform !== 'linux')(
  'the development server of another user that started on the same port at the same instant is not taken for our own',
  async () => {
    // its first start answers through a foreign server in another session, such as another user's
    const script = path.join(home, 'temporal');
    const theirs = path.join(home, 'theirs');
    await writeFile(
      script,
      `#!/bin/sh\nif [ -e '${theirs}' ]; then exec '${cli}' "$@"; fi\nsetsid '${cli}' "$@" &\necho $! $6 > '${theirs}'\nexec sleep 60\n`,
    );
    await chmod(script, 0o755);
    try {
      const server = await start({ cli: script });
      const [, port] = (await readFile(theirs, 'utf8')).split(' ');
      expect(server.address).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(server.address).not.toBe(`127.0.0.1:${port.trim()}`);
      expect(isListenedOnBy(Number(server.address.split(':')[1]), server.pid)).toBe(true);
    } finally {
      process.kill(Number((await readFile(theirs, 'utf8')).split(' ')[0]), 'SIGTERM');
    }
  },
);

test('the development server stops with its process: nothing answers after close', async () => {
  const server = await start();
  await server.close();
  await server.exited;
  expect(() => process.kill(server.pid, 0)).toThrow(/ESRCH/);
});

test('the Web UI is served to its own pages, not to a rebound host name or a page of another site', async () => {
  const server = await start({ headless: false });
  const { port } = new URL(server.uiUrl);
  const ask = (headers: Record<string, string>, { path: where = '/api/v1/namespaces', method = 'GET', host = '127.0.0.1' } = {}) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const asked = request({ host, port, path: where, method, headers }, (answer) => {
        let body = '';
        answer.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        answer.on('end', () => resolve({ status: answer.statusCode, body }));
      });
      asked.once('error', reject);
      asked.end();
    });
  expect(await ask({}, { path: '/' })).toMatchObject({ status: 200, body: expect.stringMatching(/<html/i) });
  // The Web UI connects to the server a moment after both listen.
  await until(async () => (await ask({ host: `localhost:${port}` })).status === 200);
  for (const host of [`evil.example:${port}`, 'evil.example', '127.0.0.1', `127.0.0.1.evil.example:${port}`])
    expect(await ask({ host }), host).toMatchObject({ status: 403, body: expect.stringMatching(/answers only as 127\.0\.0\.1/) });
  const post = { path: '/api/v1/namespaces/default/workflows/planted', method: 'POST' };
  for (const origin of ['https://evil.example', 'null', `http://127.0.0.1.evil.example:${port}`, `https://127.0.0.1:${port}`])
    expect(await ask({ origin, 'content-type': 'text/plain' }, post), origin).toMatchObject({ status: 403 });
  // The Web UI itself listens where a page cannot guess it.
  if (process.platform === 'linux') expect(isListenedOnBy(Number(port), server.pid)).toBe(false);
  process.kill(server.pid, 'SIGKILL');
  await server.exited;
  const next = await startDevServer({ cli, home, inPlaceOf: server, log: silent });
  servers.push(next);
  expect(next.uiUrl).toBe(server.uiUrl);
  await until(async () => (await ask({})).status === 200);
  await next.close();
  await expect(ask({})).rejects.toThrow(/ECONNREFUSED/);
});

test.skipIf(process.platform !== 'linux')(
  'the development server refuses every request over HTTP, which any web page could send (Linux only: finds ports in /proc)',
  async () => {
    const server = await start();
    const listening = (await readFile('/proc/net/tcp', 'utf8')).split('\n').flatMap((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/);
      return state === '0A' ? [Number.parseInt(local.split(':')[1], 16)] : [];
    });
    const ports = listening.filter((port) => isListenedOnBy(port, server.pid) === true);
    const body = JSON.stringify({ workflowType: { name: 'anything' }, taskQueue: { name: 'nobody' } });
    const answers = await Promise.all(
      ports.map(
        async (port) =>
          await fetch(`http://127.0.0.1:${port}/api/v1/namespaces/default/workflows/planted`, {
            method: 'POST',
            headers: { 'content-type': 'text/plain' },
            body,
            signal: AbortSignal.timeout(5_000),
          }).then(
            ({ status }) => status,
            () => 'no HTTP',
          ),
      ),
    );
    // the HTTP API is one of the ports, and refuses
    expect(answers).toContain(403);
    expect(answers.filter((answer) => answer === 200)).toEqual([]);
    await expect(withClient(server, (client) => client.workflow.getHandle('planted').describe())).rejects.toThrow('not found');
  },
);
