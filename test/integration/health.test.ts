import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { serveHealth } from '../../src/telemetry/health.ts';

const get = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, body: (await response.json()) as object };
};

it('the health endpoint states whether the process lives, and whether it is ready', async () => {
  let reason: string | undefined;
  const ready = async (): Promise<void> => {
    if (reason !== undefined) throw new Error(reason);
  };
  const { address, close } = await serveHealth({ address: '127.0.0.1:0', ready, log: { warn: () => undefined } });
  expect(await get(`http://${address}/healthz`)).toEqual({ status: 200, body: { status: 'ok' } });
  expect(await get(`http://${address}/readyz`)).toEqual({ status: 200, body: { status: 'ready' } });
  reason = 'no database';
  expect(await get(`http://${address}/readyz`)).toEqual({ status: 503, body: { status: 'not ready', reason } });
  expect((await get(`http://${address}/`)).status).toBe(404);
  await close();
});

it('the health endpoint answers while the event loop of the worker is busy', async () => {
  const { address, close } = await serveHealth({ address: '127.0.0.1:0', ready: async () => undefined, log: { warn: () => undefined } });
  // spawnSync holds up this process's event loop until the child has its answer
  const asked = `fetch('http://${address}/healthz').then((response) => response.text()).then((text) => console.log(text))`;
  const { stdout } = spawnSync(process.execPath, ['-e', asked], { timeout: 20_000, encoding: 'utf8' });
  expect(stdout.trim()).toBe('{"status":"ok"}');
  await close();
});

it('the health endpoint takes a free port when its own is in use, and reports that', async () => {
  const warnings: string[] = [];
  const log = { warn: (message: string) => void warnings.push(message) };
  const first = await serveHealth({ address: '127.0.0.1:0', ready: async () => undefined, log });
  const second = await serveHealth({ address: first.address, ready: async () => undefined, log });
  expect(second.address).not.toBe(first.address);
  expect(warnings).toEqual([expect.stringContaining(`${first.address} is in use`)]);
  await Promise.all([first.close(), second.close()]);
  await expect(serveHealth({ address: 'nowhere.invalid:1', ready: async () => undefined, log })).rejects.toThrow(
    'HEALTH_ADDRESS=nowhere.invalid:1',
  );
});
