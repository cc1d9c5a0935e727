import type { Command } from 'commander';
import type { PredictLab } from '../../client.ts';
import { messageOf } from '../../contracts/errors.ts';
import type { PipelineStatus } from '../../contracts/run/pipeline-status.ts';
import type { RunResult } from '../../contracts/words.ts';
import { queryRun } from '../records/find-run.ts';
import { filledIn, resultOfEnded } from '../run/ended-run.ts';
import { hasColours, renderLiveTable } from '../terminal/live-table.ts';
import { note, printJson, printPainted } from '../terminal/print.ts';
import { withPredictLab } from '../terminal/session.ts';

/** Registers `predictlab status`. */
export default function register(command: Command): void {
  command
    .description('Shows the state of every task of a run: live while it runs, final after its end.')
    .option('--json', 'print the whole status as JSON')
    .action(async (run: string, { json }: { json?: boolean }) => {
      await withPredictLab(async (lab) => {
        const status = await queryRun<PipelineStatus>(lab, run, { live: () => lab.status(run), recorded: (ended) => ended });
        if (json) return printJson(await filledIn(status));
        const attempts = status.finishedAt === null ? await lab.attempts(run) : new Map();
        // A run whose input was refused has a reason instead of tasks.
        if (status.totalTasks === 0 && status.finishedAt !== null) await lab.result(run).catch((error: unknown) => note(messageOf(error)));
        const result = await endedVerdict(lab, run, status);
        const view = { result, width: process.stdout.columns || 120, now: Date.now(), colour: hasColours(process.stdout) };
        printPainted(renderLiveTable(status, attempts, view));
      });
    });
}

/** The result of an ended run; undefined while it is open. */
async function endedVerdict(lab: PredictLab, run: string, status: PipelineStatus): Promise<RunResult | undefined> {
  if (status.finishedAt === null) return undefined;
  // A status from the database contains the result.
  if ('result' in status) return status.result as RunResult;
  return await resultOfEnded(lab, run).then(
    ({ result }) => result,
    () => 'failed' as const,
  );
}
