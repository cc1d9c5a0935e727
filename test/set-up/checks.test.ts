import { chmod, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkHome, checkNode } from '../../src/set-up/checks/home.ts';
import { versionCheck } from '../../src/set-up/checks/postgres.ts';
import { checkTemporalCli, checkTemporalServer } from '../../src/set-up/checks/temporal.ts';
import { checkVenues } from '../../src/set-up/checks/venues.ts';

let folder: string;
let server: Server;
let url: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'predictlab-checks-'));
  server = createServer((request, response) => {
    const isPage = request.url?.startsWith('/blocked') === true;
    const status = request.url?.startsWith('/broken') ? 503 : request.url?.startsWith('/refusing') ? 401 : 200;
    response.writeHead(status, { 'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json' });
    response.end(isPage ? '<html></html>' : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

test('a Node.js that is too old is reported with the version to install', async () => {
  expect(await checkNode('20.19.0')).toMatchObject([{ status: 'ok' }]);
  expect(await checkNode('20.18.3')).toMatchObject([{ status: 'fail', action: expect.stringContaining('Node.js 20.19 or newer') }]);
  expect(await checkNode('24.0.0')).toMatchObject([{ status: 'ok' }]);
});

test('a home that cannot be a folder is reported with its path', async () => {
  expect(await checkHome(path.join(folder, 'home'))).toMatchObject([{ status: 'ok' }, { name: 'disk' }]);
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  expect(await checkHome(file)).toMatchObject([{ status: 'fail', detail: expect.stringContaining(file) }]);
});

test('a home that other users can read is a warning with the command that closes it, and the free space is that of its disk', async () => {
  await chmod(folder, 0o755);
  const [home, disk] = await checkHome(folder);
  expect(home).toMatchObject({ status: 'warn', action: expect.stringMatching(/^close it: chmod \d+ .*predictlab-checks-/) });
  const { bavail, bsize } = await statfs(folder);
  expect(Math.abs(Number.parseFloat(disk.detail) * 1024 ** 3 - bavail * bsize)).toBeLessThan(1024 ** 3);
});

test('a Temporal server that does not answer is a failure of a service, and a wrong configuration is not', async () => {
  const [silent] = await checkTemporalServer({ TEMPORAL_ADDRESS: '127.0.0.1:9' });
  expect(silent).toMatchObject({ status: 'fail', service: true, detail: expect.stringContaining('127.0.0.1:9 does not answer') });
  const [wrong] = await checkTemporalServer({ TEMPORAL_ADDRESS: 'nowhere:port' });
  expect(wrong).toMatchObject({ status: 'fail', action: expect.stringContaining('TEMPORAL_ADDRESS') });
  expect(wrong?.service).toBeUndefined();
});

test('a missing Temporal CLI is a warning and a wrong TEMPORAL_CLI a failure, and neither is a failure of a service', async () => {
  expect(await checkTemporalCli({ PATH: '' }, folder)).toMatchObject([{ status: 'warn' }]);
  const [wrong] = await checkTemporalCli({ PATH: '', TEMPORAL_CLI: '/nowhere' }, folder);
  expect(wrong).toMatchObject({ status: 'fail', detail: expect.stringContaining('/nowhere') });
  expect(wrong?.service).toBeUndefined();
});

test('a venue that answers is ok, a web page means a block, and a 503 or silence is a failure of a service', async () => {
  const checks = await checkVenues({
    POLYMARKET_GAMMA_URL: `${url}/refusing`,
    POLYMARKET_CLOB_URL: `${url}/blocked`,
    POLYMARKET_DATA_URL: `${url}/broken`,
    PREDICT_API_URL: 'http://127.0.0.1:9',
    PREDICT_API_KEY: 'key',
    KALSHI_API_URL: `${url}/refusing`,
  });
  expect(checks.map(({ status, service = false }) => [status, service])).toEqual([
    ['ok', false],
    ['fail', true],
    ['fail', true],
    ['fail', true],
    ['ok', false],
    ['ok', false],
  ]);
  expect(checks[1]?.detail).toContain('blocks this address or region');
  expect(checks[3]?.action).toContain('PREDICT_API_URL');
});

test('a missing Predict.fun key is only a warning, because runs skip that venue', async () => {
  const checks = await checkVenues({
    POLYMARKET_GAMMA_URL: url,
    POLYMARKET_CLOB_URL: url,
    POLYMARKET_DATA_URL: url,
    PREDICT_API_URL: 'http://127.0.0.1:9',
    KALSHI_API_URL: url,
  });
  expect(checks.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'warn', 'ok', 'warn']);
  expect(checks[5]?.detail).toContain('PREDICT_API_KEY');
});

test('an invalid address of a venue is reported with its variable, and no request is sent to it', async () => {
  expect(await checkVenues({ POLYMARKET_GAMMA_URL: 'gamma' })).toMatchObject([
    { status: 'fail', detail: expect.stringContaining('POLYMARKET_GAMMA_URL') },
  ]);
});

test('a Postgres older than the documented one is a warning that names the version to use', () => {
  expect(versionCheck('db:5432', '15.4 (Debian)')).toMatchObject({
    status: 'warn',
    action: expect.stringContaining('Postgres 16 or newer'),
  });
  expect(versionCheck('db:5432', '16.0')).toEqual({ name: 'Postgres', status: 'ok', detail: 'db:5432, version 16.0' });
});
