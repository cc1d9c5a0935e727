import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { Alert } from '../../src/activities/run/alert.ts';
import { createPreparePipeline } from '../../src/activities/run/prepare-pipeline.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import { removeSymbol } from '../../src/storage/markets/catalogue.ts';
import { testDatabase } from '../postgres.ts';
import { createRig } from '../rig.ts';
import { silent } from '../silent.ts';
import { scriptedStages } from '../stages.ts';
import { importTestSymbols } from '../symbols.ts';

/** A webhook that keeps what is posted to it, after refusing some. */
async function webhook({ refusals = 0 } = {}) {
  const posted: Alert[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      // a webhook that stumbles is asked again
      if (refusals-- > 0) return response.writeHead(503).end();
      posted.push(JSON.parse(body) as Alert);
      return response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { posted, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, close: () => server.close() };
}

it('ALERT_WEBHOOK_URL hears of trouble once, not of the same trouble again, and once that it is over', async () => {
  const hook = await webhook({ refusals: 1 });
  let broken = true;
  const rig = await createRig({
    env: { ALERT_WEBHOOK_URL: hook.url },
    stages: scriptedStages(({ taskId }) => {
      if (broken && taskId === 'AAA/clean') throw new PredictLabError('BadInput', 'the file is empty');
    }),
  });
  await importTestSymbols(rig.database);
  const input = { symbols: ['AAA'], untilStage: 'store' } as const;
  const run = () => rig.run({ ...input, symbols: [...input.symbols] });

  const first = await run();
  await run();
  broken = false;
  const mended = await run();
  await run();

  expect(hook.posted).toMatchObject([
    { kind: 'trouble', runId: first.runId, result: 'failed', previousResult: null, text: expect.stringContaining('the file is empty') },
    { kind: 'recovered', runId: mended.runId, result: 'success', previousResult: 'failed' },
  ]);
  await rig.close();
  hook.close();
});

it('ALERT_WEBHOOK_URL hears of a run that is refused: once, and once that the same input runs again', async () => {
  const hook = await webhook();
  const rig = await createRig({ env: { ALERT_WEBHOOK_URL: hook.url }, stages: scriptedStages() });
  await importTestSymbols(rig.database);
  const scheduleId = `alerts-${randomUUID().slice(0, 8)}`;
  await rig.lab.schedules.create({ scheduleId, input: { symbols: ['AAA'], untilStage: 'collect' } });
  // As a schedule does it: nobody waits for the error.
  const fire = async (): Promise<string> => {
    const runsOf = async () => (await rig.lab.schedules.show(scheduleId)).lastRuns;
    const before = (await runsOf()).length;
    await rig.lab.schedules.trigger(scheduleId);
    for (;;) {
      const runs = await runsOf();
      const [latest] = runs;
      if (runs.length > before && latest.result !== 'running') {
        rig.started(latest.runId);
        return latest.runId;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  await fire();
  await removeSymbol(rig.database, 'AAA');
  const refused = await fire();
  await fire();
  await importTestSymbols(rig.database);
  const mended = await fire();
  await rig.lab.schedules.delete(scheduleId);

  expect(hook.posted).toMatchObject([
    { kind: 'trouble', runId: refused, result: 'failed', previousResult: 'success', text: expect.stringContaining('unknown symbol "AAA"') },
    { kind: 'recovered', runId: mended, result: 'success', previousResult: 'failed' },
  ]);
  await rig.close();
  hook.close();
});

it('a check that is repeated, because its worker died before it could report, does not tell it again', async () => {
  const hook = await webhook();
  const storage = await testDatabase();
  const dependencies = {
    env: {},
    database: storage.database,
    strategies: [],
    activities: new Map(),
    alertWebhookUrl: hook.url,
    log: silent,
  };
  const check = createPreparePipeline({ ...dependencies, code: { code: 'test', plugins: {} } });
  const run = { input: { symbols: ['NO_SUCH'] }, runId: 'refused', executionId: randomUUID(), startedAt: 1_000, defaultAsOf: 1_000 };
  for (const _ of [1, 2]) await expect(check(run)).rejects.toMatchObject({ type: 'InvalidPipeline' });
  expect(hook.posted).toMatchObject([{ runId: 'refused', reasons: [expect.stringContaining('InvalidPipeline'), expect.any(String)] }]);
  await storage.close();
  hook.close();
});
