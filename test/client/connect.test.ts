import { describe, expect, it } from 'vitest';
import { temporalSettings } from '../../src/client/connection/temporal-connection.ts';
import { PredictLab } from '../../src/client.ts';

/** Connects with options that no compiler has checked, to a port without a listener. */
const connect = (options: unknown) => PredictLab.connect(options as Parameters<typeof PredictLab.connect>[0]);
const env = { TEMPORAL_ADDRESS: '127.0.0.1:1' };

it.each([
  [{ TEMPORAL_TLS_CLIENT_CERT_PATH: '/none/at/all.pem' }, 'there is no file /none/at/all.pem'],
  [{ TEMPORAL_PROFILE: 'absent' }, 'absent'],
])('the settings %j of Temporal are refused with their reason', (more, reason) => {
  expect(() => temporalSettings({ ...env, ...more })).toThrow(reason);
});

describe('the options of a connection', () => {
  it.each([
    [{ env, address: '127.0.0.1:7233' }, "has no field 'address'; it takes env, taskQueue; TEMPORAL_ADDRESS in env names the server"],
    [{ env, taskQeue: 'mine' }, "has no field 'taskQeue'; it takes env, taskQueue; did you mean taskQueue?"],
    ['127.0.0.1:7233', 'write an object { env, taskQueue }'],
  ])('that are unknown are refused before any server is contacted: %j', async (options, sentence) => {
    await expect(connect(options)).rejects.toMatchObject({ type: 'BadInput', message: expect.stringContaining(sentence) });
  });
});
