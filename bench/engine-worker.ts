import pg from 'pg';
import type { StageFunction } from '../src/activities/stages/stage-work.ts';
import { STAGES } from '../src/contracts/words.ts';
import { createLog } from '../src/telemetry/log.ts';
import { installRuntime } from '../src/worker/native-worker.ts';
import { startWorker } from '../src/worker/start-worker.ts';
import { answer, countStatements } from './contestant.ts';

/**
 * A worker whose stages only record that they ran, so that what remains is the cost of the engine. They report no rows or, in runs whose id
 * contains `much`, so many that each stage becomes an activity. Ends with its parent.
 */
countStatements(pg);
const always = Number(process.env.BENCH_FOUND ?? 0);
const nothing: StageFunction = ({ runId }, work) => {
  const found = runId.startsWith('much') ? 1_000_000 : always;
  return work.record({ output: { ticks: found, candles: found } });
};
const log = createLog({ LOG_LEVEL: 'error' });
const worker = await startWorker({
  env: process.env,
  log,
  stages: Object.fromEntries(STAGES.map((stage) => [stage, nothing])),
  serve: false,
});
process.once('disconnect', () => void worker.shutdown());
// the runtime is installed once; the second call returns its address
answer({ sdkMetrics: await installRuntime(log) });
process.send?.('ready');
await worker.finished;
