import type { Command } from 'commander';
import { SIGNAL_EXIT_CODES } from '../../set-up/processes/stop-signal.ts';
import { createLog } from '../../telemetry/log.ts';
import { takesCount } from '../options/parsers.ts';

/** Milliseconds that a starting worker has to stop after a signal; then the process exits, since a start that hangs ignores signals. */
const START_ENDS_WITHIN_MS = 5_000;

/** Registers `predictlab worker`. */
export default function register(command: Command): void {
  command
    .description(
      'Polls the task queue and runs workflows and tasks. On SIGINT or SIGTERM it takes no new work, gives running tasks a moment to finish, and stops. It logs "worker ready" when it polls.',
    )
    .option('--task-queue <name>', 'the queue (default: predictlab)')
    // The option's maximum is 10,000: one process has no memory for more tasks.
    .addOption(takesCount('--max-activities <n>', 'maximum number of tasks at once on this worker').default(100))
    .action(async ({ taskQueue, maxActivities }: { taskQueue?: string; maxActivities: number }) => {
      // Loaded here: only this command needs the native bridge.
      const { startWorker } = await import('../../worker/start-worker.ts');
      const log = createLog(process.env);
      const starting = startWorker({ env: process.env, log, taskQueue, maxActivities });
      let stopping = false;
      const stop = (signal: 'SIGINT' | 'SIGTERM') => {
        if (stopping) return;
        stopping = true;
        log.info('stopping: taking no new work, letting running tasks finish', { signal });
        const late = setTimeout(() => {
          log.error('the start did not end in time after the stop signal; the process ends now', { signal });
          process.exit(SIGNAL_EXIT_CODES[signal]);
        }, START_ENDS_WITHIN_MS);
        starting
          .finally(() => clearTimeout(late))
          .then((worker) => worker.shutdown())
          .catch(() => undefined /* `starting` and `finished` below report it */);
      };
      // Installed before the worker logs that it is ready: supervisors may stop it from then on.
      process.on('SIGINT', stop).on('SIGTERM', stop);
      try {
        await (await starting).finished;
      } finally {
        process.off('SIGINT', stop).off('SIGTERM', stop);
      }
      log.info('worker stopped');
    });
}
