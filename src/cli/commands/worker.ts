import type { Command } from 'commander';
import { createLog } from '../../telemetry/log.ts';
import { numberOption } from '../options/number-option.ts';

/** The upper bound of `--max-activities`; one process has no memory for more. */
const MOST_ACTIVITIES = 10_000;

/** Adds `predictlab worker`. */
export function registerWorker(program: Command): void {
  program
    .command('worker')
    .description(
      'Polls the task queue and runs workflows and tasks. On SIGINT or SIGTERM it takes no new work, gives running tasks a moment to finish, and stops. It logs "worker ready" when it polls.',
    )
    .option('--task-queue <name>', 'the queue (default: predictlab)')
    .option('--max-activities <n>', 'maximum number of tasks at once on this worker', '100')
    .action(async ({ taskQueue, maxActivities }: { taskQueue?: string; maxActivities: string }) => {
      const most = numberOption('--max-activities', maxActivities, { least: 1, most: MOST_ACTIVITIES, integer: true });
      // loaded here: only this command needs the native bridge
      const { startWorker } = await import('../../worker/start-worker.ts');
      const log = createLog(process.env);
      const worker = await startWorker({ env: process.env, log, taskQueue, maxActivities: most });
      let stopping = false;
      const stop = (signal: NodeJS.Signals) => {
        if (stopping) return;
        stopping = true;
        log.info('stopping: taking no new work, letting running tasks finish', { signal });
        worker.shutdown().catch(() => undefined /* `finished` below reports it */);
      };
      process.on('SIGINT', stop).on('SIGTERM', stop);
      await worker.finished;
      log.info('worker stopped');
    });
}
