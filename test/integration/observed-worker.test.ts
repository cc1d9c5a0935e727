import { expect, it } from 'vitest';
import { freePort } from '../../src/set-up/temporal/free-port.ts';
import { createRig } from '../support/rig.ts';
import { scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';

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
