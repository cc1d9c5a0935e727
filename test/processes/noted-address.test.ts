import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporalSettings } from '../../src/client/connection/temporal-connection.ts';
import { processIdentity } from '../../src/processes/process-identity.ts';
import { ownRecord, recordProcesses } from '../../src/processes/process-record.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-noted-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const noted = (address: string, owner: { pid: number; owner: string } = ownRecord()) =>
  recordProcesses(home, { kind: 'dev', ...owner, address, uiUrl: '', children: [] });
const addressOf = (env: NodeJS.ProcessEnv = {}): string =>
  temporalSettings({ TEMPORAL_CONFIG_FILE: path.join(home, 'none.toml'), PREDICTLAB_HOME: home, ...env }).address;

it('the default Temporal server is the one that `predictlab dev` runs for this home', async () => {
  expect(addressOf()).toBe('127.0.0.1:7233');
  const record = await noted('127.0.0.1:7399');
  expect(addressOf()).toBe('127.0.0.1:7399');
  expect(addressOf({ TEMPORAL_ADDRESS: '10.0.0.1:7233' })).toBe('10.0.0.1:7233');
  expect(addressOf({ PREDICTLAB_HOME: path.join(home, 'another') })).toBe('127.0.0.1:7233');
  await record.close();
  expect(addressOf()).toBe('127.0.0.1:7233');
});

it('the record of a killed `predictlab dev` and invalid record files are ignored', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  await noted('127.0.0.1:7398', { pid, owner: processIdentity(pid) });
  await mkdir(path.join(home, 'processes'), { recursive: true });
  for (const [i, text] of ['', '{', 'null', '[]', '{"owner": 1}'].entries())
    await writeFile(path.join(home, 'processes', `dev-${i}.json`), text);
  expect(addressOf()).toBe('127.0.0.1:7233');
});
