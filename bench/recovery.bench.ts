import path from 'node:path';
import { PredictLab } from '../src/client.ts';
import type { ServingProcess } from '../src/set-up/processes/kept-process.ts';
import { startWorkerProcess } from '../src/set-up/stack.ts';
import { createLog } from '../src/telemetry/log.ts';
import { withBenchStack } from './bench-stack.ts';
import type { BenchResult } from './result.ts';

const log = createLog({ LOG_LEVEL: 'error' });
const KILLS = 12;
const TASKS = 40;
const SLEEP = '1s';

/** Two and four worker processes under load, one of them killed with -9: how long until what it had under way has ended on another one. */
export async function run(): Promise<readonly BenchResult[]> {
  return await withBenchStack(log, async ({ home, env: stack, closers }) => {
    const env = { ...stack, LOG_FORMAT: 'json', LOG_LEVEL: 'info', METRICS_ADDRESS: '127.0.0.1:0', HEALTH_ADDRESS: '127.0.0.1:0' };
    const lab = closers.add('the client', await PredictLab.connect({ env }));
    const results: BenchResult[] = [];
    for (const workers of [2, 4]) {
      const seconds = await recoveries(lab, env, { home, workers });
      results.push({
        name: `p95 from kill -9 of one of ${workers} workers to the end of its tasks elsewhere`,
        ours: seconds[Math.ceil(0.95 * seconds.length) - 1],
        unit: 's',
        better: 'lower',
        note: `${seconds.length} kills under ${TASKS / 2} slots of ${SLEEP} tasks, their own second included; median ${seconds[Math.floor(seconds.length / 2)].toFixed(1)} s; every task succeeded`,
      });
    }
    return results;
  });
}

/** Recovery times in seconds, ascending, of the kills that hit a running task. */
async function recoveries(
  lab: PredictLab,
  env: NodeJS.ProcessEnv,
  { home, workers }: { home: string; workers: number },
): Promise<readonly number[]> {
  const start = (n: number): Promise<ServingProcess> => startWorkerProcess({ env, logFile: path.join(home, 'logs', `worker-${n}.log`) });
  const up = await Promise.all(Array.from({ length: workers }, (_, n) => start(n)));
  const seconds: number[] = [];
  try {
    for (let turn = 0; turn < KILLS; turn++) {
      const tasks = Array.from({ length: TASKS }, (_, n) => ({
        taskId: `t${n}`,
        activity: 'sleep',
        args: [{ duration: SLEEP }],
        maxRetries: 0,
      }));
      const { runId } = await lab.start({ symbols: [], maxConcurrent: TASKS / 2, tasks });
      while ((await lab.status(runId)).statusBreakdown.running < TASKS / 2) await new Promise((resolve) => setTimeout(resolve, 20));
      const killedAt = Date.now();
      process.kill(up[turn % workers].pid, 'SIGKILL');
      await up[turn % workers].exited;
      const { result, taskResults } = await lab.result(runId);
      if (result !== 'success') throw new Error(`${runId} ended as ${result} after a worker was killed`);
      const lost = Object.values(taskResults).filter(({ attempts }) => (attempts ?? 0) > 1);
      const ends = lost.map(({ startedAt, durationSeconds }) => Date.parse(startedAt ?? '') + 1_000 * (durationSeconds ?? 0));
      if (ends.length > 0) seconds.push((Math.max(...ends) - killedAt) / 1_000);
      up[turn % workers] = await start(workers + turn);
    }
  } finally {
    for (const worker of up) await worker.close();
  }
  return seconds.sort((a, b) => a - b);
}
