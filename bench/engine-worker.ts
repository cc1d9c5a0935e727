import type { StageFunction } from '../src/activities/stages/stage-work.ts';
import { STAGES } from '../src/contracts/words.ts';
import { createLog } from '../src/telemetry/log.ts';
import { startWorker } from '../src/worker/start-worker.ts';

/**
 * A worker whose stages do nothing but record that they did: what is left is the engine. They say that they found nothing, or,
 * with BENCH_FOUND, so much that each stage becomes an activity. Ends when its parent does.
 */
const found = Number(process.env.BENCH_FOUND ?? 0);
const nothing: StageFunction = (_, work) => work.record({ output: { ticks: found, candles: found } });
const worker = await startWorker({
  env: process.env,
  log: createLog({ LOG_LEVEL: 'error' }),
  stages: Object.fromEntries(STAGES.map((stage) => [stage, nothing])),
  serve: false,
});
process.once('disconnect', () => void worker.shutdown());
process.send?.('ready');
await worker.finished;
