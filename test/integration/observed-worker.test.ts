import { expect, inject, it } from 'vitest';
import type { Log } from '../../src/contracts/log.ts';
import { freePort } from '../../src/set-up/temporal/free-port.ts';
import { createRig } from '../support/rig.ts';
import { silent } from '../support/silent.ts';
import { scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';
import { until } from '../support/until.ts';

/** Lines of the metrics, exactly as the contract names them. */
const NAMES = [
  'predictlab_stage_duration_seconds_bucket{le="0.01",stage="collect"}',
  'predictlab_tasks_total{stage="collect",status="success"} 1',
  'predictlab_retries_total{stage="clean",error="Other"} 1',
  'predictlab_queue_length{state="ready"} 0',
  'predictlab_queue_length{state="running"} 0',
  'predictlab_rows_total{stage="collect",outcome="collected"}',
  '# TYPE predictlab_freshness_seconds gauge',
  'predictlab_db_pool{state="idle"}',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'temporal_worker_task_slots_available',
];

it('a worker serves its own metrics and those of the SDK, and reports that it is alive and ready', async () => {
  const [metrics, health] = [await freePort(), await freePort()];
  const rig = await createRig({
    serve: true,
    env: { METRICS_ADDRESS: `127.0.0.1:${metrics}`, HEALTH_ADDRESS: `127.0.0.1:${health}` },
    stages: scriptedStages(({ stage, attempt }) => {
      if (stage === 'clean' && attempt === 1) throw new TypeError('once');
    }),
  });
  await importTestSymbols(rig.database);
  await rig.run({ symbols: ['AAA'], untilStage: 'clean', retry: { retryDelay: '1ms' } });

  const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  expect(NAMES.filter((name) => !text.includes(name))).toEqual([]);
  expect((await fetch(`http://127.0.0.1:${health}/healthz`)).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${health}/readyz`)).status).toBe(200);
  await rig.close();
  await expect(fetch(`http://127.0.0.1:${health}/readyz`)).rejects.toThrow('fetch failed');
});

/** A log that keeps its entries; `fieldsOf` finds those whose `<level> <message>` matches. */
function recordedLog() {
  const entries: { readonly line: string; readonly fields: object }[] = [];
  const at =
    (level: string) =>
    (message: string, fields: object = {}): void =>
      void entries.push({ line: `${level} ${message}`, fields });
  const log: Log = { ...silent, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { log, fieldsOf: (line: RegExp) => entries.filter((entry) => line.test(entry.line)).map(({ fields }) => fields) };
}

it('a worker reports what it runs, and without a problem nothing else', async () => {
  const { log, fieldsOf } = recordedLog();
  const rig = await createRig({ log, maxActivities: 7 });
  expect(fieldsOf(/^info worker ready/)).toEqual([
    { taskQueue: rig.taskQueue, temporal: inject('temporalAddress'), namespace: 'default', activities: 7 },
  ]);
  await rig.close();
  expect(fieldsOf(/^(?:warn|error)/)).toEqual([]);
});

it('a worker of a deployment reports that new runs wait while no build is current', async () => {
  const { log, fieldsOf } = recordedLog();
  const build = { deployment: `lonely-${process.pid}`, buildId: 'b1' };
  const rig = await createRig({ log, env: { PREDICTLAB_DEPLOYMENT: build.deployment, PREDICTLAB_BUILD_ID: build.buildId } });
  expect(fieldsOf(/^info worker ready/)).toMatchObject([build]);
  expect(await until(() => fieldsOf(/^warn no build is current yet/)[0])).toEqual(build);
  await rig.close();
});

it('a worker whose namespace does not exist does not start, and the error says what to set', async () => {
  await expect(createRig({ env: { TEMPORAL_NAMESPACE: 'no-such-namespace' } })).rejects.toMatchObject({
    type: 'BadInput',
    message: expect.stringMatching(/no-such-namespace.*TEMPORAL_NAMESPACE/) as string,
  });
});
