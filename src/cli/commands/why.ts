import type { Command } from 'commander';
import { usageError } from '../terminal/exit.ts';
import { printJson, printLine } from '../terminal/print.ts';
import { withPredictLab } from '../terminal/session.ts';

export function registerWhy(program: Command): void {
  program
    .command('why <run> <task>')
    .summary('why a task is not running, or how it ended')
    .description('One line: what a task waits for, or why it was skipped or failed. A task is SYMBOL/stage, or the id of a custom task.')
    .option('--json', 'print { taskId, why } as JSON')
    .action(async (run: string, taskId: string, { json }: { json?: boolean }) => {
      await withPredictLab(async (lab) => {
        const graph = await lab.graph(run);
        if (graph.length > 0 && !graph.some((task) => task.taskId === taskId)) {
          throw usageError(`${run} has no task ${taskId}; \`predictlab status ${run}\` lists them`);
        }
        const why = await lab.why(run, taskId);
        if (json) printJson({ taskId, why });
        else printLine(why);
      });
    });
}
