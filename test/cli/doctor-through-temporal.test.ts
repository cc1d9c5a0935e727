import { expect, it } from 'vitest';
import { checkThroughTemporal } from '../../src/cli/doctor/checks.ts';
import type { PredictLab } from '../../src/client.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';

/** Connects to a server whose calls fail with these errors, or find nothing. */
function connected({ polling, schedules }: { polling?: Error; schedules?: Error }): () => Promise<PredictLab> {
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
  return async () => lab as unknown as PredictLab;
}
const refused = (error: Error) => async (): Promise<PredictLab> => {
  throw error;
};
const names = async (connect: () => Promise<PredictLab>, env: NodeJS.ProcessEnv = {}) =>
  (await checkThroughTemporal(env, connect)).map(({ name, status }) => `${status} ${name}`);

it('a check that fails has a line of its own, and the other checks are still reported', async () => {
  const found = await checkThroughTemporal({}, connected({ schedules: new Error('permission denied') }));
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

it('every check that fails has its line', async () => {
  const connect = connected({ polling: new Error('no rights'), schedules: new Error('permission denied') });
  expect(await names(connect)).toEqual(['fail worker', 'fail schedule']);
});

it('a connection that fails for another reason than an unreachable server is reported in one line', async () => {
  expect(await checkThroughTemporal({}, refused(new Error('the certificate has expired')))).toEqual([
    expect.objectContaining({ name: 'connection', status: 'fail', detail: 'the certificate has expired' }),
  ]);
});

it('an unreachable server and wrong settings are reported by their own checks only', async () => {
  const connect = refused(new PredictLabError('SourceUnavailable', 'nothing listens'));
  expect(await names(connect)).toEqual([]);
  expect(await names(connect, { PREDICTLAB_DEPLOYMENT: 'a.b' })).toEqual(['fail deployment']);
});
