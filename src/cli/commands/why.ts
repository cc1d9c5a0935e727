import type { Command } from 'commander';
import { nearestTask, storedWhy } from '../../client/stored-why.ts';
import { appendClause } from '../../contracts/text/nearest-name.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { noTaskInRun } from '../../contracts/words.ts';
import { queryRun } from '../records/find-run.ts';
import { type ExitError, printAnswer, usageError } from '../terminal/print.ts';
import { withPredictLab } from '../terminal/session.ts';

/** Registers `predictlab why`. */
export default function register(command: Command): void {
  command
    .description(
      'Prints in one line what a task waits for, or why it was skipped or failed. A task is SYMBOL/stage, a SYMBOL alone for its first unfinished stage, or the id of a custom task.',
    )
    .option('--json', 'print { taskId, why } as JSON')
    .action(async (run: string, taskId: string, { json }: { json?: boolean }) => {
      await withPredictLab(async (lab) => {
        const why = await queryRun(lab, run, {
          live: async () => {
            const answer = await lab.why(run, taskId);
            const unknown = noTaskInRun(taskId);
            if (answer.startsWith(unknown)) throw noTask(run, taskId, answer.slice(unknown.length));
            return answer;
          },
          recorded: (ended) => {
            const answer = storedWhy(ended, taskId);
            if (answer === undefined) throw noTask(run, taskId, nearestTask(ended, taskId));
            return answer;
          },
        });
        printAnswer(json, { taskId, why }, oneLine(why));
      });
    });
}

const noTask = (run: string, taskId: string, nearest = ''): ExitError =>
  usageError(appendClause(`${run} has no task ${taskId}${nearest}`, `\`predictlab status ${run}\` lists them`));
