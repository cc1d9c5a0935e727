import type { Command } from 'commander';
import type { PredictLab } from '../../client.ts';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { PipelineStatus } from '../../contracts/pipeline-status.ts';
import { runOf } from '../../storage/runs/runs.ts';
import { ExitError, usageError } from '../terminal/exit.ts';
import { note, printJson, printLine } from '../terminal/print.ts';
import { useDatabase, withPredictLab } from '../terminal/session.ts';
import { renderLiveTable } from '../terminal/terminal.ts';

export function registerStatus(program: Command): void {
  program
    .command('status <run>')
    .summary('where every task of a run stands')
    .description('Where every task of a run stands: live while it runs, its last state after it ended.')
    .option('--json', 'print the whole status as JSON')
    .action(async (run: string, { json }: { json?: boolean }) => {
      await withPredictLab(async (lab) => {
        const status = await statusOfRun(lab, run);
        if (json) return printJson(status);
        const attempts = status.finishedAt === null ? await lab.attempts(run) : new Map();
        const view = {
          width: process.stdout.columns || 120,
          now: Date.now(),
          colour: process.stdout.isTTY && process.env.NO_COLOR === undefined,
        };
        // A run whose input was refused has no tasks to show, but a reason.
        if (status.totalTasks === 0 && status.finishedAt !== null) await lab.result(run).catch((error: unknown) => note(messageOf(error)));
        printLine(renderLiveTable(status, { tasks: Object.fromEntries(attempts) }, view).join('\n'));
      });
    });
}

/** From the workflow itself; when no worker is up to answer for a run that has ended, from what it recorded. */
async function statusOfRun(lab: PredictLab, run: string): Promise<PipelineStatus> {
  const known = await lab.describe(run);
  try {
    return await lab.status(run);
  } catch (error) {
    const stored = known?.open ? undefined : (await useDatabase((database) => runOf(database, run)))?.status;
    if (stored) return stored;
    if (known === undefined) throw usageError(`there is no run ${run}; \`predictlab runs\` lists them`);
    if (error instanceof PredictLabError) throw error;
    throw new ExitError(3, `${run} does not answer; is a worker running (\`predictlab worker\`)? (${messageOf(error)})`, { cause: error });
  }
}
