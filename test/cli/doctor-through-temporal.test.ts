import { afterEach, expect, it, vi } from 'vitest';
import { checkThroughTemporal } from '../../src/cli/doctor/checks.ts';
import { PredictLab } from '../../src/client.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';

afterEach(() => void vi.restoreAllMocks());

/** A client whose calls fail with these errors, or find nothing. */
function connected({ polling, schedules }: { polling?: Error; schedules?: Error }): void {
  const failing = (error: Error | undefined, found: unknown) => async () => {
    if (error !== undefined) throw error;
    return found;
  };
  const lab = {
    polling: failing(polling, { taskQueue: 'q', pollers: [] }),
    deployments: { view: async () => ({ versions: [] }) },
    schedules: { upcoming: failing(schedules, []), unreadable: failing(schedules, []) },
    close: async () => undefined,
  };
  vi.spyOn(PredictLab, 'connect').mockResolvedValue(lab as unknown as PredictLab);
}
const names = async (env: NodeJS.ProcessEnv = {}) => (await checkThroughTemporal(env)).map(({ name, status }) => `${status} ${name}`);

it('a check that fails has a line of its own, and the other checks stand', async () => {
  connected({ schedules: new Error('permission denied') });
  const found = await checkThroughTemporal({});
  expect(found).toEqual([
    expect.objectContaining({ name: 'worker', status: 'warn' }),
    expect.objectContaining({
      name: 'schedule',
      status: 'fail',
      detail: 'permission denied',
      action: expect.stringContaining('permissions'),
    }),
  ]);
});

it('all checks that fail have their lines', async () => {
  connected({ polling: new Error('no rights'), schedules: new Error('permission denied') });
  expect(await names()).toEqual(['fail worker', 'fail schedule']);
});

it('a connection that fails with another error than an unreachable server is one line', async () => {
  vi.spyOn(PredictLab, 'connect').mockRejectedValue(new Error('the certificate has expired'));
  expect(await checkThroughTemporal({})).toEqual([
    expect.objectContaining({ name: 'connection', status: 'fail', detail: 'the certificate has expired' }),
  ]);
});

it('an unreachable server and wrong settings are left to their own checks', async () => {
  vi.spyOn(PredictLab, 'connect').mockRejectedValue(new PredictLabError('SourceUnavailable', 'nothing listens'));
  expect(await names()).toEqual([]);
  expect(await names({ PREDICTLAB_DEPLOYMENT: 'a.b' })).toEqual(['fail deployment']);
});
