import type { Command } from 'commander';
import { hasDatabase } from '../../storage/embedded/resolve-database.ts';
import { retryOf } from '../../storage/runs/runs.ts';
import { noRun, note, printAnswer, usageError } from '../terminal/print.ts';
import { nothingStored, queryIfStored, withPredictLab } from '../terminal/session.ts';
import { startAndFollow } from './run.ts';

/** Registers `predictlab retry`. */
export default function register(command: Command): void {
  command
    .description(
      'In an open run, starts the failed and skipped tasks again. A closed run is started as a new run with another id, as of the same instant, which reuses everything that succeeded.',
    )
    .option('--detach', 'start and return at once')
    .option('--strict', 'exit with code 1 also when the run is degraded')
    .option('--json', 'print the result and the ids of the reused tasks as JSON')
    .action(async (run: string, { detach, strict, json }: { detach?: boolean; strict?: boolean; json?: boolean }) => {
      await withPredictLab(async (lab) => {
        const known = await lab.describe(run);
        if (known?.open) {
          const retried = await lab.retryFailed(run);
          printAnswer(
            json,
            { runId: known.runId, retried },
            retried.length === 0
              ? `${run} has no failed task to retry`
              : `${run}: ${retried.length} tasks start again: ${retried.join(', ')}`,
          );
          return;
        }
        const found = await queryIfStored((database) => retryOf(database, known?.executionId ?? run));
        if (found === undefined && !hasDatabase(process.env)) throw usageError(nothingStored(process.env));
        if (found === undefined)
          throw known === undefined
            ? noRun(run)
            : usageError(
                `run ${run} ended before any task started, so there is nothing to retry; fix its input and start it with \`predictlab run\``,
              );
        const { runId, executionId, reused, complete } = found;
        if (complete) {
          printAnswer(json, { runId, retried: [], reused }, `${runId} has no failed task to retry: all ${reused.length} succeeded`);
          return;
        }
        const input = await lab.givenInput(found);
        if (!json) note(`${reused.length} tasks of ${runId} are reused`);
        await startAndFollow(lab, input, { detach, strict, json, start: { retryOf: executionId }, extra: { reused } });
      });
    });
}
