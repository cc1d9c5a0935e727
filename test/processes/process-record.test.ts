import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processIdentity } from '../../src/processes/process-identity.ts';
import { livingRecords, recordProcesses } from '../../src/processes/process-record.ts';
import { stopProcess } from '../../src/set-up/processes/child-process.ts';

const log = { info: () => undefined };
const addresses = { address: '127.0.0.1:7233', uiUrl: '' };
const started: ChildProcess[] = [];
let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-records-'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((child) => stopProcess(child)));
  await rm(home, { recursive: true, force: true });
});

/** A process that stays, known by a word in its command line. */
async function resident(word: string): Promise<{ pid: number; gone: Promise<void> }> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)', word], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  started.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return { pid: child.pid!, gone: new Promise((resolve) => child.once('exit', () => resolve())) };
}
const owner = (pid: number) => ({ pid, owner: processIdentity(pid) });
const deadOwner = () => owner(spawnSync(process.execPath, ['-e', '']).pid);

test('the processes that a killed `predictlab dev` left running are ended by the next one', async () => {
  const server = await resident('start-dev');
  await recordProcesses(home, { kind: 'dev', ...deadOwner(), children: [{ pid: server.pid, marker: 'start-dev' }], ...addresses });
  expect(await livingRecords(home, log)).toEqual([]);
  await server.gone;
  expect(await readdir(path.join(home, 'processes'))).toEqual([]);
});

test('a process that only has the same pid as a recorded one is not ended, and a recorded one may have ended already', async () => {
  const stranger = await resident('something-else');
  const children = [stranger.pid, 999_999_999].map((pid) => ({ pid, marker: 'start-dev' }));
  await recordProcesses(home, { kind: 'dev', ...deadOwner(), children, ...addresses });
  await livingRecords(home, log);
  expect(started[0]?.exitCode).toBeNull();
  expect(started[0]?.signalCode).toBeNull();
});

test('a running `predictlab dev` is found with its address, and its processes keep running', async () => {
  const dev = await resident('predictlab');
  const server = await resident('start-dev');
  const record = { kind: 'dev' as const, ...owner(dev.pid), children: [{ pid: server.pid, marker: 'start-dev' }], ...addresses };
  const kept = await recordProcesses(home, record);
  expect(await livingRecords(home, log)).toEqual([record]);
  expect(started[1]?.exitCode).toBeNull();
  await kept.close();
  expect(await livingRecords(home, log)).toEqual([]);
});
