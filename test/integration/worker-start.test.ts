import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { temporalSettings } from '../../src/client/connection/temporal-connection.ts';
import { messageOf } from '../../src/contracts/errors.ts';
import { startWorker } from '../../src/worker/start-worker.ts';
import { silent } from '../support/silent.ts';
import { until } from '../support/until.ts';
import { beginWorker } from '../support/worker-process.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'predictlab-start-'));
});
afterAll(() => rm(folder, { recursive: true }));

const file = async (name: string, text: string): Promise<string> => {
  await writeFile(path.join(folder, name), text);
  return path.join(folder, name);
};

describe('a worker that cannot start prints the reason in one sentence and ends', () => {
  it.each<readonly [what: string, env: () => Promise<NodeJS.ProcessEnv>, said: RegExp]>([
    ['an unknown profile', async () => ({ TEMPORAL_PROFILE: 'nope' }), /^predictlab: Temporal's settings .*Profile 'nope' not found/],
    [
      'a missing TLS file',
      async () => ({ TEMPORAL_TLS_CLIENT_CERT_PATH: '/none/at/all.pem' }),
      /^predictlab: .*there is no file \/none\/at\/all\.pem/,
    ],
    [
      'a broken configuration file',
      async () => ({ TEMPORAL_CONFIG_FILE: await file('broken.toml', '[profile.x') }),
      /^predictlab: Temporal's settings \(.*broken\.toml/,
    ],
    [
      'a plugin that keeps the process busy',
      async () => ({ PREDICTLAB_PLUGINS: await file('busy.mjs', 'setInterval(() => {}, 10); export default [];') }),
      /^predictlab: PREDICTLAB_PLUGINS: .*busy\.mjs has a list as its default export/,
    ],
  ])('%s', async (_, env, said) => {
    const { TEMPORAL_ADDRESS: _address, ...inherited } = process.env;
    const worker = beginWorker({ ...inherited, HOME: folder, ...(await env()) });
    expect(await worker.ended).toBe(2);
    expect(worker.said()).toMatch(said);
    expect(worker.said().trim().split('\n')).toHaveLength(1);
  });
});

describe('the settings of a worker are checked before anything is opened', () => {
  const refusal = async (env: NodeJS.ProcessEnv): Promise<string> =>
    messageOf(await startWorker({ env: { PREDICTLAB_HOME: folder, ...env }, log: silent }).catch((error: unknown) => error));

  it.each(['', ' ', '-0.01', '1.01', 'one'])('the quarantine limit "%s" is refused', async (limit) => {
    expect(await refusal({ PREDICTLAB_QUARANTINE_LIMIT: limit, HEALTH_ADDRESS: 'none' })).toBe(
      `PREDICTLAB_QUARANTINE_LIMIT="${limit}": write a share from 0 to 1, for example 0.01`,
    );
  });

  it.each([undefined, '0', '0.01', '1'])('the quarantine limit %s is accepted', async (limit) => {
    expect(await refusal({ PREDICTLAB_QUARANTINE_LIMIT: limit, HEALTH_ADDRESS: 'none' })).toContain('HEALTH_ADDRESS');
  });

  it('an address to listen on is checked, that of the metrics first', async () => {
    expect(await refusal({ HEALTH_ADDRESS: 'none' })).toMatch(/^HEALTH_ADDRESS="none"/);
    expect(await refusal({ METRICS_ADDRESS: 'none', HEALTH_ADDRESS: 'none' })).toMatch(/^METRICS_ADDRESS="none"/);
  });
});

it('a start that hangs ends after SIGTERM with a message', async () => {
  // A port that accepts connections and never answers.
  const silentServer = createServer();
  await new Promise<void>((resolve) => silentServer.listen(0, '127.0.0.1', resolve));
  const { port } = silentServer.address() as AddressInfo;
  const worker = beginWorker({
    ...process.env,
    DATABASE_URL: `postgresql://nobody@127.0.0.1:${port}/none`,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
  });
  await until(() => silentConnections(silentServer));
  worker.process.kill('SIGTERM');
  expect(await worker.ended).toBe(143);
  expect(worker.said()).toMatch(/the start did not end in time after the stop signal/);
  silentServer.close();
}, 60_000);

/** Whether a client is connected to the server. */
const silentConnections = (server: Server): Promise<boolean> =>
  new Promise((resolve) => server.getConnections((_, count) => resolve(count > 0)));

describe("Temporal's own configuration file", () => {
  it.each(['', '# nothing yet\n', 'other = 1\n'])('may run without a profile: %j', async (text) => {
    const env = { TEMPORAL_CONFIG_FILE: await file('bare.toml', text) };
    expect(temporalSettings(env)).toMatchObject({ address: '127.0.0.1:7233', namespace: 'default' });
    expect(() => temporalSettings({ ...env, TEMPORAL_PROFILE: 'mine' })).toThrow(/bare\.toml.*Profile 'mine' not found/);
  });

  it.each([
    '[profile.default]\naddress = "host:1"',
    'profile.default.address = "host:1"',
    'profile = { default = { address = "host:1" } }',
    '[ profile . default ]\naddress = "host:1"',
  ])('is read in any notation of TOML: %j', async (text) => {
    expect(temporalSettings({ TEMPORAL_CONFIG_FILE: await file('full.toml', text) }).address).toBe('host:1');
  });
});
