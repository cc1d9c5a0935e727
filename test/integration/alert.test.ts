import { createHmac, randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createPreparePipeline } from '../../src/activities/run/prepare-pipeline.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { Alert } from '../../src/contracts/incident.ts';
import { listIncidents } from '../../src/incidents/rows/incidents.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { removeSymbol } from '../../src/storage/markets/catalogue.ts';
import { testDatabase } from '../support/postgres.ts';
import { createRig } from '../support/rig.ts';
import { scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';

/** A webhook that refuses the first posts and keeps the rest. */
async function webhook({ refusals = 0 } = {}) {
  const posted: { readonly alert: Alert; readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  let arrived = (): void => undefined;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      // a failed post is repeated
      if (refusals-- > 0) return response.writeHead(503).end();
      posted.push({ alert: JSON.parse(body) as Alert, headers: request.headers, body });
      response.end();
      arrived();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const after = async (count: number): Promise<readonly Alert[]> => {
    while (posted.length < count) await new Promise<void>((resolve) => (arrived = resolve));
    return posted.map(({ alert }) => alert);
  };
  return { posted, after, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, close: () => server.close() };
}

it('a trouble is reported once, however long it lasts and whatever numbers are in its message, and so is its end', async () => {
  const hook = await webhook({ refusals: 1 });
  let broken = true;
  let lines = 0;
  const rig = await createRig({
    env: { ALERT_WEBHOOK_URL: hook.url, ALERT_WEBHOOK_SECRET: 'a secret' },
    stages: scriptedStages(({ taskId, stage }) => {
      if (broken && stage === 'clean') throw new PredictLabError('BadInput', `${taskId}: line ${++lines} of the file is empty`);
    }),
  });
  await importTestSymbols(rig.database);
  const run = (...symbols: string[]) => rig.run({ symbols, untilStage: 'store' });

  const first = await run('AAA');
  const second = await run('AAA', 'BBB');
  broken = false;
  await run('AAA');
  // BBB was not collected again, so its incident stays open
  expect(await listIncidents(rig.database, { open: true, limit: 10 })).toHaveLength(1);
  await run('BBB');
  await run('AAA');

  const alerts = await hook.after(3);
  expect(alerts).toMatchObject([
    {
      event: 'opened',
      text: expect.stringContaining('of the file is empty'),
      incident: { closedAt: null, runs: [first.runId], symbols: ['AAA'] },
    },
    { event: 'updated', incident: { runs: [first.runId, second.runId], symbols: ['AAA', 'BBB'] } },
    { event: 'closed', incident: { closedAt: expect.any(String), symbols: ['AAA', 'BBB'] } },
  ]);
  expect(new Set(hook.posted.map(({ headers }) => headers['idempotency-key'])).size).toBe(3);
  for (const { headers, body } of hook.posted) {
    const signed = `${headers['webhook-id'] as string}.${headers['webhook-timestamp'] as string}.${body}`;
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', 'a secret').update(signed).digest('base64')}`);
  }
  expect(await listIncidents(rig.database, { open: false, limit: 10 })).toHaveLength(1);
  await rig.close();
  hook.close();
});

const checkOf = (database: Database, onNews: () => void = () => undefined) =>
  createPreparePipeline({
    searchable: async () => false,
    recordEnds: async () => undefined,
    env: {},
    database,
    strategies: [],
    activities: new Map(),
    onNews,
    code: { code: 'test', plugins: {} },
  });

it('a refused input is reported to its caller only; a refused input of a schedule is an incident until it is accepted again', async () => {
  const hook = await webhook();
  const rig = await createRig({ env: { ALERT_WEBHOOK_URL: hook.url }, stages: scriptedStages() });
  await importTestSymbols(rig.database);
  const run = (asOf: string) => rig.run({ symbols: ['AAA'], untilStage: 'collect', asOf });

  await run('2026-01-01T00:00Z');
  await removeSymbol(rig.database, 'AAA');
  await expect(run('2026-01-01T04:00Z')).rejects.toThrow('unknown symbol');
  expect(await listIncidents(rig.database, { open: false, limit: 10 })).toEqual([]);

  const check = checkOf(rig.database);
  for (const runId of ['desk-1', 'desk-2']) {
    const input = { symbols: ['AAA'], untilStage: 'collect', asOf: '2026-01-01T08:00Z' };
    const scheduled = { input, runId, executionId: randomUUID(), startedAt: 1_000, defaultAsOf: 1_000, scheduleId: 'desk' };
    await expect(check(scheduled)).rejects.toMatchObject({ type: 'InvalidPipeline' });
  }
  await importTestSymbols(rig.database);
  await run('2026-01-01T12:00Z');

  expect(await hook.after(2)).toMatchObject([
    { event: 'opened', text: expect.stringContaining('unknown symbol "AAA"') },
    { event: 'closed', incident: { runs: ['desk-1', 'desk-2'] } },
  ]);
  await rig.close();
  hook.close();
});

it('a check that is repeated because its worker died before reporting writes one alert', async () => {
  const storage = await testDatabase();
  let news = 0;
  const check = checkOf(storage.database, () => news++);
  const run = {
    input: { symbols: ['NO_SUCH'] },
    runId: 'refused',
    executionId: randomUUID(),
    startedAt: 1_000,
    defaultAsOf: 1_000,
    scheduleId: 'desk',
  };
  for (const _ of [1, 2]) await expect(check(run)).rejects.toMatchObject({ type: 'InvalidPipeline' });
  expect(news).toBe(1);
  expect(await listIncidents(storage.database, { open: true, limit: 10 })).toMatchObject([{ runs: ['refused'] }]);
  await storage.close();
});
