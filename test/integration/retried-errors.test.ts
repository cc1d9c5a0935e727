import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { PredictLabError } from '../../src/contracts/errors.ts';
import { runReportPath } from '../../src/report/elements/report-path.ts';
import { createRig } from '../support/rig.ts';
import { scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';

it('a stage whose input was lost in a failover of the database fails and states how to collect it again', async () => {
  const rig = await createRig({ stages: scriptedStages(() => undefined) });
  await importTestSymbols(rig.database);
  // loses the acknowledged commit of collect, as after a switch to a replica that lagged behind
  await rig.database.query(`create function lose() returns trigger language plpgsql as $$
    begin delete from ledger where execution_id = new.execution_id and task_id = 'AAA/collect'; return null; end $$`);
  await rig.database.query(
    "create trigger lose after insert or update on ledger for each row when (new.task_id = 'AAA/collect' and new.finished_at is not null) execute function lose()",
  );
  const options = { symbols: ['AAA', 'BBB'], untilStage: 'store' as const, retry: { maxRetries: 0 } };
  const { result, taskResults } = await rig.run(options);
  expect([result, taskResults['AAA/store'].status, taskResults['BBB/store'].status]).toEqual(['degraded', 'skipped', 'success']);
  expect(taskResults['AAA/clean']).toMatchObject({
    status: 'failed',
    error: {
      type: 'BadInput',
      message: expect.stringMatching(/no longer has what AAA\/collect stored.*failover.*predictlab retry/),
    },
  });
  await rig.close();
});

it('the errors of failed attempts, also of those retried with success, stay on the page of the run', async () => {
  let answers = 0;
  const server = createServer((_, response) => response.writeHead(answers++ === 0 ? 503 : 200).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/desk`;
  const rig = await createRig({
    longestWaitInSlotMs: 100,
    stages: scriptedStages(({ taskId, attempt }) => {
      if (taskId === 'AAA/clean' && attempt === 1) throw new PredictLabError('SourceUnavailable', 'the first try');
      if (taskId === 'AAA/clean' && attempt === 2) throw new PredictLabError('StorageUnavailable', `Postgres is away ${'-'.repeat(500)}`);
      // So long a wait gives the slot back: the next attempt is another activity of another workflow.
      if (taskId === 'BBB/collect' && attempt === 1) throw new PredictLabError('RateLimited', 'asked to wait', { retryAfterMs: 200 });
    }),
  });
  await importTestSymbols(rig.database);

  const { runId, result } = await rig.run({
    symbols: ['AAA', 'BBB'],
    untilStage: 'store',
    retry: { maxRetries: 3, retryDelay: '1ms', backoff: 1 },
    tasks: [{ taskId: 'ask', activity: 'httpGet', args: [{ url }] }],
  });
  expect(result).toBe('success');
  const page = await readFile(runReportPath(rig.home, runId), 'utf8');
  expect([...page.matchAll(/[\w/]+ succeeded after [^<]+/g)].map(([line]) => line).sort()).toEqual([
    expect.stringMatching(
      /^AAA\/clean succeeded after 2 retries, the last one because of StorageUnavailable: Postgres is away -{200,300}$/,
    ),
    'BBB/collect succeeded after 1 retry, the last one because of RateLimited: asked to wait',
    expect.stringMatching(/^ask succeeded after 1 retry, the last one because of SourceUnavailable: .*503/),
  ]);
  // each attempt stands in the time chart
  expect([...page.matchAll(/<title>([\w/]+: (?:attempt|waiting for attempt)[^<]*)<\/title>/g)].map(([, title]) => title).sort()).toEqual([
    'AAA/clean: attempt 1 failed, SourceUnavailable',
    'AAA/clean: attempt 2 failed, StorageUnavailable',
    'AAA/clean: attempt 3, success',
    'AAA/clean: waiting for attempt 2',
    'AAA/clean: waiting for attempt 3',
    'BBB/collect: attempt 1 failed, RateLimited',
    'BBB/collect: attempt 2, success',
    'BBB/collect: waiting for attempt 2',
    'ask: attempt 1 failed, SourceUnavailable',
    'ask: attempt 2, success',
    'ask: waiting for attempt 2',
  ]);
  await rig.close();
  server.close();
});
