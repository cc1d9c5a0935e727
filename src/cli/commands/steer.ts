import type { Command } from 'commander';
import type { PredictLab } from '../../client.ts';
import { numberOption } from '../options/number-option.ts';
import { printJson, printLine } from '../terminal/print.ts';
import { withPredictLab } from '../terminal/session.ts';

/** Adds `cancel`, `pause`, `resume` and `slots`, which each send one request to an open run. */
export function registerSteer(program: Command): void {
  steer(program, 'cancel <run>', (lab, run) => lab.cancel(run), 'is being cancelled; it closes as Canceled');
  steer(program, 'pause <run>', (lab, run) => lab.pause(run), 'is paused');
  steer(program, 'resume <run>', (lab, run) => lab.resume(run), 'continues');
  program
    .command('slots <run> <count>')
    .option('--json', 'print { runId, maxConcurrent } as JSON')
    .action(async (run: string, count: string, { json }: { json?: boolean }) => {
      const value = numberOption('slots', count, { least: 1, most: 10_000, integer: true }) as number;
      await withPredictLab((lab) => lab.setMaxConcurrent(run, value));
      if (json) printJson({ runId: run, maxConcurrent: value });
      else printLine(`${run} now has ${value} slots`);
    });
}

function steer(program: Command, usage: string, request: (lab: PredictLab, run: string) => Promise<void>, said: string): void {
  program
    .command(usage)
    .option('--json', 'print { runId } as JSON')
    .action(async (run: string, { json }: { json?: boolean }) => {
      await withPredictLab((lab) => request(lab, run));
      if (json) printJson({ runId: run });
      else printLine(`${run} ${said}`);
    });
}
